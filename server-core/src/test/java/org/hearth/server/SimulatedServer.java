package org.hearth.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogFigures;
import org.hearth.server.box.Box;
import org.hearth.server.box.Time;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.readers.federationdelivery.DestinationState;
import org.hearth.server.readers.federationdelivery.FederationDelivery;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.staging.Staging;
import org.jspecify.annotations.Nullable;

/// A whole server whose time the test makes, and whose name leads to where the test says. It may be
/// stopped and started again.
///
/// **thread**: one that starts and stops; the rest any.
public final class SimulatedServer implements AutoCloseable {
  private static final int MOST_REFUSED = 20;

  private final ServerName name;
  private final DataFolder folder;
  private final Configuration configuration;
  private final Time time;
  private volatile @Nullable Composition composition;

  /// @param name `localhost` and the port where others reach it; it does not listen there itself
  /// @param authority a file with the certificate of who certifies all servers
  public SimulatedServer(Path folder, ServerName name, Path authority, Time time) {
    this.name = name;
    this.folder = new DataFolder(folder);
    this.time = time;
    WholeServer.prepare(this.folder);
    configuration =
        ConfigurationReader.parse(
            folder.resolve("hearth.yaml"),
            """
            server-name: "%s"
            listeners: [ { bind: 127.0.0.1, port: 0 } ]
            registration: { mode: open }
            rate-limits: { enabled: false }
            backups: { daily: false }
            federation: { mode: open }
            outbound: { allowed-hosts: [ localhost ], trusted-certificates: [ "%s" ] }
            """
                .formatted(name, authority));
  }

  public ServerName name() {
    return name;
  }

  public void start() {
    try {
      Composition opened =
          Composition.open(
              folder, configuration, time, new SecureRandom(), () -> {}, _ -> {}, _ -> {});
      composition = opened;
      opened.listen(folder, Optional.empty());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Ends in order; what is under way is given up.
  public void stop() {
    Composition running = composition;
    composition = null;
    if (running != null) {
      RuntimeException failures = new IllegalStateException(name + " could not be closed");
      running.close(Duration.ofMillis(200), failures);
      if (failures.getSuppressed().length > 0) {
        throw failures;
      }
    }
  }

  @Override
  public void close() {
    stop();
  }

  private Composition running() {
    Composition running = composition;
    if (running == null) {
      throw new IllegalStateException(name + " does not run");
    }
    return running;
  }

  private <B extends Box> B box(Class<B> type) {
    return running().boxes().all().stream()
        .filter(type::isInstance)
        .map(type::cast)
        .findAny()
        .orElseThrow();
  }

  /// Where it listens itself; another place after each start.
  public URI base() {
    return URI.create(running().ways().getFirst().url());
  }

  public TestClient client() {
    return TestClient.of(base());
  }

  /// The access token of a new user.
  public String register(String local) {
    return client()
        .post(
            "/_matrix/client/v3/register",
            "{'username': '%s', 'password': '%s', 'auth': {'type': 'm.login.dummy'}}"
                .formatted(local, WholeServer.PASSWORD))
        .expect(200)
        .text("access_token");
  }

  public RoomQueries rooms() {
    return box(RoomServer.class).queries();
  }

  public PeerQueries peers() {
    return box(RoomServer.class).peerQueries();
  }

  /// What has begun and is not done; empty if nothing will happen until somebody asks for it.
  public List<String> waiting() {
    List<String> waiting = new ArrayList<>();
    int staged = box(Staging.class).all().size();
    if (staged > 0) {
      waiting.add("%s: %d events staged".formatted(name, staged));
    }
    for (DestinationState each : box(FederationDelivery.class).destinations()) {
      if (each.state() != DestinationState.State.IDLE) {
        waiting.add("%s: %s".formatted(name, each));
      }
    }
    for (LogFigures each : running().boxes().logs().figures()) {
      if (each.inRing() > 0 || each.unanswered() > 0) {
        waiting.add("%s: entries of %s".formatted(name, each.log()));
      }
    }
    return waiting;
  }

  /// Whose events did not count here, and why; for the message of a failure.
  public String refused() {
    return box(Staging.class).rejections().newest(MOST_REFUSED).stream()
        .map(each -> name + ": " + each)
        .collect(Collectors.joining("\n"));
  }
}
