package org.hearth.bench.federation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SignedRequest;
import org.hearth.server.matrix.sign.SigningKey;

/// Another homeserver, `127.0.0.N:PORT` over HTTPS: it publishes its key, lets users into its rooms
/// and takes what it is sent.
///
/// **thread**: any; [#listen] and [#silence] one.
final class Peer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Peer.class.getName());
  private static final KeyId KEY = KeyId.parse("ed25519:bench");
  private static final Duration KEY_VALIDITY = Duration.ofDays(2);
  private static final int WAITING_CONNECTIONS = 200;
  private static final byte[] END_OF_HEAD = "\r\n\r\n".getBytes(ISO_8859_1);

  private final SSLContext tls;
  private final ServerName name;
  private final SigningKey key;
  private final InetAddress address;
  private final int port;
  private final Map<RoomId, PeerRoom> rooms = new ConcurrentHashMap<>();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile Sink sink = _ -> {};
  private volatile ServerSocket listener;

  /// Told of the events of each transaction, before it is answered.
  @FunctionalInterface
  interface Sink {
    void take(JsonNode pdus);
  }

  /// What it is asked.
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Asked(String method, String target, byte[] body) {
    /// The parts of the path, decoded; the first is `_matrix`.
    List<String> path() {
      String path = target.split("\\?", -1)[0];
      return List.of(path.substring(1).split("/", -1)).stream()
          .map(each -> URLDecoder.decode(each.replace("+", "%2B"), UTF_8))
          .toList();
    }
  }

  /// What it says, in parts.
  private record Said(int status, List<byte[]> body) {
    static Said json(int status, JsonNode json) {
      return new Said(status, List.of(MatrixJson.write(json)));
    }
  }

  private Peer(SSLContext tls, InetAddress address, ServerSocket listener) {
    this.tls = tls;
    this.address = address;
    this.listener = listener;
    port = listener.getLocalPort();
    name = ServerName.parse(address.getHostAddress() + ":" + port);
    byte[] seed = new byte[SigningKey.SEED_BYTES];
    new SecureRandom().nextBytes(seed);
    key = new SigningKey(KEY, seed);
  }

  /// Begins to serve.
  ///
  /// @param address of the loopback; servers of one address share the bounds of a site
  static Peer start(SSLContext tls, InetAddress address) throws IOException {
    Peer peer = new Peer(tls, address, bind(tls, address, 0));
    peer.accept();
    return peer;
  }

  private static ServerSocket bind(SSLContext tls, InetAddress address, int port)
      throws IOException {
    ServerSocket socket = tls.getServerSocketFactory().createServerSocket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(address, port), WAITING_CONNECTIONS);
    return socket;
  }

  ServerName name() {
    return name;
  }

  SigningKey key() {
    return key;
  }

  void opens(PeerRoom room) {
    rooms.put(room.id(), room);
  }

  /// From now on this is told of events.
  void into(Sink other) {
    sink = other;
  }

  /// Serves again, after it was silent.
  void listen() throws IOException {
    listener = bind(tls, address, port);
    accept();
  }

  /// Serves no more: who connects is refused.
  void silence() throws IOException {
    listener.close();
    for (Socket each : sockets) {
      each.close();
    }
  }

  @Override
  public void close() throws IOException {
    silence();
  }

  // --- what it asks

  /// A whole request of its, signed.
  ///
  /// @param content the body; empty for none
  byte[] request(
      ServerName destination, String method, String target, Optional<ObjectNode> content) {
    SignedRequest signed =
        new SignedRequest(name, destination, method, target, content.map(JsonNode.class::cast));
    byte[] body = content.map(MatrixJson::write).orElse(new byte[0]);
    byte[] head =
        """
        %s %s HTTP/1.1
        Host: %s
        Authorization: X-Matrix origin="%s",destination="%s",key="%s",sig="%s"
        Content-Type: application/json
        Content-Length: %d

        """
            .formatted(
                method,
                target,
                destination,
                name,
                destination,
                key.id().value(),
                UnpaddedBase64.encode(key.sign(signed.bytes())),
                body.length)
            .replace("\n", "\r\n")
            .getBytes(ISO_8859_1);
    byte[] whole = new byte[head.length + body.length];
    System.arraycopy(head, 0, whole, 0, head.length);
    System.arraycopy(body, 0, whole, head.length, body.length);
    return whole;
  }

  // --- what it is asked

  private void accept() {
    ServerSocket now = listener;
    var _ =
        Thread.ofVirtual()
            .start(() -> {
              try {
                while (true) {
                  Socket socket = now.accept();
                  sockets.add(socket);
                  var _ = Thread.ofVirtual().start(() -> serve(socket));
                }
              } catch (IOException _) {
                // It is silent, or the measurement is over.
              }
            });
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream(), 16 << 10);
      OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 64 << 10);
      for (Optional<Asked> asked = read(in); asked.isPresent(); asked = read(in)) {
        write(answer(asked.get()), out);
      }
    } catch (IOException _) {
      // The server has closed the connection, or this peer is silent.
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a request to " + name + " cannot be answered", e);
    } finally {
      sockets.remove(socket);
    }
  }

  private static Optional<Asked> read(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder(512);
    int matched = 0;
    while (matched < END_OF_HEAD.length) {
      int next = in.read();
      if (next < 0) {
        return Optional.empty();
      }
      head.append((char) next);
      matched = next == END_OF_HEAD[matched] ? matched + 1 : next == '\r' ? 1 : 0;
    }
    String[] line = head.substring(0, head.indexOf("\r")).split(" ", -1);
    int length =
        head.toString()
            .lines()
            .map(each -> each.toLowerCase(Locale.ROOT))
            .filter(each -> each.startsWith("content-length:"))
            .mapToInt(each -> Integer.parseInt(each.substring(15).strip()))
            .findFirst()
            .orElse(0);
    return Optional.of(new Asked(line[0], line[1], in.readNBytes(length)));
  }

  private static void write(Said said, OutputStream out) throws IOException {
    long length = said.body().stream().mapToLong(each -> each.length).sum();
    out.write(
        "HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(said.status(), length)
            .getBytes(ISO_8859_1));
    for (byte[] each : said.body()) {
      out.write(each);
    }
    out.flush();
  }

  private Said answer(Asked asked) {
    List<String> path = asked.path();
    String action = path.size() > 3 ? path.get(3) : "";
    return switch (action) {
      case "server" -> Said.json(200, keys());
      case "make_join" ->
          room(path.get(4))
              .map(each -> Said.json(200, each.template(path.get(5))))
              .orElse(nothing());
      case "send_join" ->
          room(path.get(4))
              .map(each -> new Said(200, each.join(MatrixJson.parseObject(asked.body()))))
              .orElse(nothing());
      case "send" -> {
        sink.take(MatrixJson.parseObject(asked.body()).path("pdus"));
        ObjectNode taken = JsonNodeFactory.instance.objectNode();
        var _ = taken.putObject("pdus");
        yield Said.json(200, taken);
      }
      default -> nothing();
    };
  }

  private Optional<PeerRoom> room(String id) {
    return Optional.ofNullable(rooms.get(RoomId.parse(id)));
  }

  private static Said nothing() {
    return Said.json(404, JsonNodeFactory.instance.objectNode().put("errcode", "M_NOT_FOUND"));
  }

  private ObjectNode keys() {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.put("server_name", name.value());
    keys.put("valid_until_ts", Instant.now().plus(KEY_VALIDITY).toEpochMilli());
    keys.putObject("verify_keys").putObject(key.id().value()).put("key", key.publicKeyBase64());
    return Signatures.sign(keys, name.value(), key);
  }
}
