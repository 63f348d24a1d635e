package org.hearth.bench.federation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.hearth.bench.load.Options;

/// What a part is measured on: a server without data, and as many others as it wants.
///
/// **thread**: one.
final class Stage implements AutoCloseable {
  private final Options options;
  private final SSLContext tls;
  private final MeasuredServer server;
  private final List<Peer> peers = new ArrayList<>();

  private Stage(Options options, SSLContext tls, MeasuredServer server) {
    this.options = options;
    this.tls = tls;
    this.server = server;
  }

  /// Starts the server.
  ///
  /// @param folder for its data; new or empty
  static Stage open(Path folder, Options options) throws IOException, InterruptedException {
    Authority authority = new Authority();
    return new Stage(
        options,
        authority.certify(),
        MeasuredServer.start(folder, authority, options.text("heap", "512m")));
  }

  MeasuredServer server() {
    return server;
  }

  /// An option that is a number.
  int number(String option, int usual) {
    return options.number(option, usual);
  }

  /// Starts other servers.
  List<Peer> peers(int number) throws IOException {
    List<Peer> started = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      Peer peer = Peer.start(tls, Authority.address(peers.size()));
      started.add(peer);
      peers.add(peer);
    }
    return started;
  }

  /// A user of the server.
  LocalUser user(String name) throws IOException {
    return LocalUser.register(server.address(), name);
  }

  @Override
  public void close() throws IOException {
    try {
      server.close();
    } finally {
      for (Peer each : peers) {
        each.close();
      }
    }
  }
}
