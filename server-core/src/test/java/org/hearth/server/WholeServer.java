package org.hearth.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.stream.Stream;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ServerKeys;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.StoreExtension;

/// A whole server for tests, on a free port, where anybody may register.
///
/// **thread**: any; starting and stopping, one.
public final class WholeServer implements AutoCloseable {
  public static final String PASSWORD = "long enough to be one";

  private static final String CONFIGURATION =
      """
      server-name: hearth.test
      listeners: [ { port: 0 } ]
      registration: { mode: open, guests: true, shared-secret: a secret of the tests }
      rate-limits: { enabled: false }
      """;

  private final Homeserver server;

  public WholeServer(Path folder) {
    this(folder, InstantSource.system());
  }

  public WholeServer(Path folder, InstantSource clock) {
    this(folder, "", clock);
  }

  /// @param settings further lines of the configuration
  public WholeServer(Path folder, String settings) {
    this(folder, settings, InstantSource.system());
  }

  private WholeServer(Path folder, String settings, InstantSource clock) {
    DataFolder data = new DataFolder(folder);
    prepare(data);
    server =
        new Homeserver(
            data,
            ConfigurationReader.parse(folder.resolve("hearth.yaml"), CONFIGURATION + settings),
            clock);
  }

  /// Leaves an empty folder as a first start does that ended when it had made the database: making
  /// one takes longer than most tests.
  private static void prepare(DataFolder data) {
    Path folder = data.root();
    try {
      Files.createDirectories(folder);
      try (Stream<Path> entries = Files.list(folder)) {
        if (entries.findAny().isPresent()) {
          return;
        }
      }
      var _ = ServerKeys.open(data, new SecureRandom());
      StoreExtension.layTables(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void start() throws StartFailedException {
    server.start();
  }

  public void stop() {
    server.stop(Duration.ofSeconds(5));
  }

  @Override
  public void close() {
    server.close();
  }

  public Homeserver homeserver() {
    return server;
  }

  /// Where it is reached.
  public URI base() {
    return switch (server.state()) {
      case ServerState.Running running -> URI.create(running.addresses().getFirst());
      default -> throw new IllegalStateException("the server does not run: " + server.state());
    };
  }

  /// A client without a token.
  public TestClient client() {
    return TestClient.of(base());
  }

  /// A new user's client.
  public TestClient register(String name) {
    return client().as(newAccount(name).text("access_token"));
  }

  /// Makes an account.
  public TestClient.Answer newAccount(String name) {
    return client()
        .post(
            "/_matrix/client/v3/register",
            "{'username': '%s', 'password': '%s', 'auth': {'type': 'm.login.dummy'}}"
                .formatted(name, PASSWORD))
        .expect(200);
  }
}
