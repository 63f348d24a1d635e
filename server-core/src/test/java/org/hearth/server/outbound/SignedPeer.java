package org.hearth.server.outbound;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.TestKeys;

/// A homeserver `localhost:PORT` over real HTTPS, with the key that [TestKeys] gives it, that says
/// what a test wants, and 404 to all else.
public final class SignedPeer implements AutoCloseable {
  /// What it was asked.
  ///
  /// @param target path and query as they were sent
  public record Asked(String method, String target, String body) {}

  /// An answer.
  ///
  /// @param json or whatever the content type says
  public record Said(int status, String json, String contentType) {
    public Said(int status, String json) {
      this(status, json, "application/json");
    }

    public static final Said NOTHING =
        new Said(404, "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"nothing there\"}");

    /// Status 200, with JSON that may have `'` for quotes.
    public static Said ok(String json) {
      return new Said(200, json.replace('\'', '"'));
    }
  }

  /// What it says to a request.
  @FunctionalInterface
  public interface Script {
    Said answer(Asked asked) throws Exception;
  }

  private final ServerSocket server;
  private final ServerName name;
  private final Path authorityFile;
  private final Map<String, Script> scripts = new ConcurrentSkipListMap<>();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private volatile boolean tellsKeys = true;
  private volatile boolean failing;

  private SignedPeer(ServerSocket server, Path authorityFile) {
    this.server = server;
    this.name = ServerName.parse("localhost:" + server.getLocalPort());
    this.authorityFile = authorityFile;
    Thread.ofVirtual().start(this::accept);
  }

  /// Begins to serve.
  ///
  /// @param authorityFile has the certificate of who certifies it
  public static SignedPeer start(TestAuthority authority, Path authorityFile) throws IOException {
    return new SignedPeer(
        authority
            .certify("localhost")
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1")),
        authorityFile);
  }

  /// Begins to serve.
  ///
  /// @param folder gets the file of who certifies it
  public static SignedPeer start(Path folder) throws IOException {
    TestAuthority authority = new TestAuthority();
    return start(authority, authority.writeTo(folder.resolve("authority.pem")));
  }

  public ServerName name() {
    return name;
  }

  /// One of its users.
  public String user(String localpart) {
    return "@" + localpart + ":" + name;
  }

  /// The lines of the configuration of a server that is to reach it.
  public String settings() {
    return settings("");
  }

  /// The same.
  ///
  /// @param further keys of `federation`, each after a comma
  public String settings(String further) {
    return """
    federation: { mode: open%s }
    outbound: { allowed-hosts: [ localhost ], trusted-certificates: [ "%s" ] }
    """
        .formatted(further, authorityFile);
  }

  /// What it says to requests whose target begins so.
  public void on(String prefix, Script script) {
    scripts.put(prefix, script);
  }

  /// Status 200 to those.
  ///
  /// @param json may have `'` for quotes
  public void says(String prefix, String json) {
    on(prefix, _ -> Said.ok(json));
  }

  /// Whether it tells its keys, as it does at first.
  public void tellKeys(boolean tells) {
    tellsKeys = tells;
  }

  /// Whether it answers all requests with status 500, but those for its keys.
  public void fail(boolean fails) {
    failing = fails;
  }

  /// The requests whose target begins so.
  public List<Asked> asked(String prefix) {
    return asked.stream().filter(each -> each.target().startsWith(prefix)).toList();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        sockets.add(socket);
        if (server.isClosed()) {
          // It has come while this was being closed.
          socket.close();
        }
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException _) {
      // The test is over.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        String[] line = head.substring(0, head.indexOf('\r')).split(" ", -1);
        int length =
            head.lines()
                .map(each -> each.toLowerCase(Locale.ROOT))
                .filter(each -> each.startsWith("content-length: "))
                .mapToInt(each -> Integer.parseInt(each.substring(16).strip()))
                .findFirst()
                .orElse(0);
        Asked request = new Asked(line[0], line[1], new String(in.readNBytes(length), UTF_8));
        asked.add(request);
        write(answer(request), socket.getOutputStream());
      }
    } catch (Exception _) {
      // The client went away.
    }
  }

  private Said answer(Asked request) throws Exception {
    if (tellsKeys && request.target().equals("/_matrix/key/v2/server")) {
      return new Said(200, keys());
    }
    if (failing) {
      return new Said(500, "{}");
    }
    for (Map.Entry<String, Script> each : scripts.entrySet()) {
      if (request.target().startsWith(each.getKey())) {
        return each.getValue().answer(request);
      }
    }
    return Said.NOTHING;
  }

  private String keys() {
    SigningKey key = TestKeys.of(name);
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.put("server_name", name.value());
    keys.put("valid_until_ts", Instant.now().plus(Duration.ofDays(1)).toEpochMilli());
    keys.putObject("verify_keys").putObject(key.id().value()).put("key", key.publicKeyBase64());
    return new String(MatrixJson.write(Signatures.sign(keys, name.value(), key)), UTF_8);
  }

  private static void write(Said said, OutputStream out) throws IOException {
    byte[] bytes = said.json().getBytes(UTF_8);
    out.write(
        "HTTP/1.1 %d -\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
            .formatted(said.status(), said.contentType(), bytes.length)
            .getBytes(ISO_8859_1));
    out.write(bytes);
    out.flush();
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    for (int next = in.read(); next >= 0; next = in.read()) {
      head.write(next);
      if (next == '\n' && head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
        return head.toString(ISO_8859_1);
      }
    }
    return "";
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket each : sockets) {
      each.close();
    }
  }
}
