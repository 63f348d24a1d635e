package org.hearth.server.outbound;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;

/// A homeserver `localhost:PORT` that tells its keys and its version.
public final class LocalPeer implements AutoCloseable {
  private final ScriptedPeer peer;

  private LocalPeer(ScriptedPeer peer) {
    this.peer = peer;
  }

  /// Begins to serve on a free port of loopback.
  ///
  /// @param folder gets the file `authority.pem` of who certified it
  public static LocalPeer start(Path folder) throws IOException {
    TestAuthority authority = new TestAuthority();
    var _ = authority.writeTo(folder.resolve("authority.pem"));
    java.net.ServerSocket socket =
        authority
            .certify("localhost")
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    byte[] seed = new byte[SigningKey.SEED_BYTES];
    seed[0] = 3;
    SigningKey key = new SigningKey(KeyId.parse("ed25519:peer"), seed);
    String name = "localhost:" + socket.getLocalPort();
    return new LocalPeer(
        new ScriptedPeer(
            socket,
            (head, out) -> {
              String body = head.contains("/key/v2/server ") ? keys(name, key) : version();
              out.write(
                  "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %d\r\n\r\n%s"
                      .formatted(
                          DateTimeFormatter.RFC_1123_DATE_TIME.format(
                              Instant.now().atOffset(ZoneOffset.UTC)),
                          body.length(),
                          body)
                      .getBytes(ISO_8859_1));
            }));
  }

  private static String keys(String name, SigningKey key) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.put("server_name", name);
    keys.put("valid_until_ts", Instant.now().plus(Duration.ofDays(1)).toEpochMilli());
    keys.putObject("verify_keys").putObject(key.id().value()).put("key", key.publicKeyBase64());
    return new String(MatrixJson.write(Signatures.sign(keys, name, key)), UTF_8);
  }

  private static String version() {
    return "{\"server\":{\"name\":\"A peer\",\"version\":\"1.0\\nof tests\"}}";
  }

  public int port() {
    return peer.port();
  }

  @Override
  public void close() throws IOException {
    peer.close();
  }
}
