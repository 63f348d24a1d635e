package org.hearth.server.outbound;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hearth.server.Homeserver;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.FreePort;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.ServerName;

/// A whole server `localhost:PORT` that other such servers of the same authority reach by TLS, and
/// clients without.
public final class LinkedHearth implements AutoCloseable {
  private final ServerName name;
  private final Homeserver homeserver;
  private final TestClient client;

  /// @param settings further lines of the configuration
  public LinkedHearth(Path folder, TestAuthority authority, String settings)
      throws IOException, StartFailedException {
    int port = FreePort.find();
    int clientPort = FreePort.find();
    name = ServerName.parse("localhost:" + port);
    DataFolder data = new DataFolder(folder.resolve("data"));
    WholeServer.prepare(data);
    homeserver =
        new Homeserver(
            data,
            configuration(
                folder,
                authority,
                port,
                "  - { bind: 127.0.0.1, port: %d }\n%s".formatted(clientPort, settings)));
    homeserver.start();
    client = TestClient.of(URI.create("http://127.0.0.1:" + clientPort));
  }

  /// How a server `localhost:PORT` is configured that others of the authority reach.
  ///
  /// @param folder gets the certificates
  /// @param further listeners, and lines of the configuration
  public static Configuration configuration(
      Path folder, TestAuthority authority, int port, String further) throws IOException {
    Files.createDirectories(folder);
    authority.writeTo(folder.resolve("authority.pem"));
    authority.certify(folder.resolve("certificate.pem"), folder.resolve("key.pem"), "localhost");
    return ConfigurationReader.parse(
        folder.resolve("hearth.yaml"),
        """
        server-name: "localhost:%d"
        registration: { mode: open, guests: true }
        rate-limits: { enabled: false }
        federation: { mode: open }
        outbound: { allowed-hosts: [ localhost ], trusted-certificates: [ "%s" ] }
        listeners:
          - { bind: 127.0.0.1, port: %d, tls: { certificate: "%s", private-key: "%s" } }
        %s
        """
            .formatted(
                port,
                folder.resolve("authority.pem"),
                port,
                folder.resolve("certificate.pem"),
                folder.resolve("key.pem"),
                further));
  }

  public ServerName name() {
    return name;
  }

  public String user(String local) {
    return "@" + local + ":" + name;
  }

  /// A new user's client.
  public TestClient register(String local) {
    return client.as(
        client
            .post(
                "/_matrix/client/v3/register",
                "{'username': '%s', 'password': '%s', 'auth': {'type': 'm.login.dummy'}}"
                    .formatted(local, WholeServer.PASSWORD))
            .expect(200)
            .text("access_token"));
  }

  /// A new guest's client.
  public TestClient guest() {
    return client.as(
        client
            .post("/_matrix/client/v3/register?kind=guest", "{}")
            .expect(200)
            .text("access_token"));
  }

  @Override
  public void close() {
    homeserver.close();
  }
}
