package org.hearth.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.net.ssl.SSLSocketFactory;

/// One kept-alive HTTP/1.1 connection to the server under load. It is this small because on the
/// same machine every instruction of the client is one that the server does not get.
///
/// **thread**: one.
public final class Connection implements AutoCloseable {
  /// Reads and writes JSON.
  public static final ObjectMapper JSON = new ObjectMapper();

  private static final String API = "/_matrix/client/v3";

  private final URI server;
  private Socket socket;
  private InputStream in;

  /// Connects.
  ///
  /// @param server its address
  public Connection(URI server) throws IOException {
    this.server = server;
    this.socket = open(server);
    this.in = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
  }

  /// An answer.
  ///
  /// @param status the HTTP status
  /// @param body as it came
  public record Answer(int status, Body body) {
    /// The body as JSON.
    public JsonNode json() throws IOException {
      return JSON.readTree(body.bytes());
    }
  }

  /// The bytes of an answer; nobody changes them.
  public static final class Body {
    private final byte[] bytes;

    Body(byte[] bytes) {
      this.bytes = bytes;
    }

    byte[] bytes() {
      return bytes;
    }
  }

  /// Asks, and tries once more on a new connection if the server has closed this one meanwhile.
  ///
  /// @param token an access token, empty for none
  /// @param body JSON, empty for none
  public Answer ask(String method, String target, String token, String body) throws IOException {
    try {
      return exchange(method, target, token, body);
    } catch (EOFException _) {
      close();
      socket = open(server);
      in = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
      return exchange(method, target, token, body);
    }
  }

  /// Asks for what must be granted.
  ///
  /// @return the body
  /// @throws IOException if it is refused
  public JsonNode granted(String method, String target, String token, String body)
      throws IOException {
    Answer answer = ask(method, target, token, body);
    if (answer.status() != 200) {
      throw new IOException(
          "%s %s was answered %d %s"
              .formatted(
                  method,
                  target,
                  answer.status(),
                  new String(answer.body().bytes(), StandardCharsets.UTF_8)));
    }
    return answer.json();
  }

  /// Makes an account; the server needs open registration.
  ///
  /// @return its `user_id` and `access_token`
  public JsonNode register(String name) throws IOException {
    String body =
        "{\"username\":\"%s\",\"password\":\"a long password\",\"auth\":{\"type\":\"m.login.dummy\"}}"
            .formatted(name);
    return granted("POST", API + "/register", "", body);
  }

  /// Makes a public room.
  ///
  /// @return its id
  public String makeRoom(String token, String name) throws IOException {
    String body = "{\"preset\":\"public_chat\",\"name\":\"%s\"}".formatted(name);
    return granted("POST", API + "/createRoom", token, body).path("room_id").asText();
  }

  private Answer exchange(String method, String target, String token, String body)
      throws IOException {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    StringBuilder head = new StringBuilder(256);
    head.append(method).append(' ').append(target).append(" HTTP/1.1\r\nHost: ");
    head.append(server.getRawAuthority()).append("\r\n");
    if (!token.isEmpty()) {
      head.append("Authorization: Bearer ").append(token).append("\r\n");
    }
    if (!method.equals("GET")) {
      head.append("Content-Type: application/json\r\nContent-Length: ");
      head.append(content.length).append("\r\n");
    }
    head.append("\r\n");
    byte[] first = head.toString().getBytes(StandardCharsets.ISO_8859_1);
    byte[] request = new byte[first.length + content.length];
    System.arraycopy(first, 0, request, 0, first.length);
    System.arraycopy(content, 0, request, first.length, content.length);
    return send(request);
  }

  /// Sends a request that was made before, as it is.
  ///
  /// @param request its head and its body
  public Answer send(byte[] request) throws IOException {
    socket.getOutputStream().write(request);
    return read();
  }

  private Answer read() throws IOException {
    String statusLine = line();
    if (statusLine.length() < 12) {
      throw new IOException("not an HTTP answer: " + statusLine);
    }
    int status = Integer.parseInt(statusLine.substring(9, 12));
    int length = 0;
    boolean chunked = false;
    for (String header = line(); !header.isEmpty(); header = line()) {
      String lower = header.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Integer.parseInt(lower.substring(15).strip());
      } else if (lower.startsWith("transfer-encoding:")) {
        chunked = lower.contains("chunked");
      }
    }
    return new Answer(status, new Body(chunked ? chunks() : exactly(length)));
  }

  private byte[] chunks() throws IOException {
    java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
    while (true) {
      String size = line();
      int semicolon = size.indexOf(';');
      int length =
          Integer.parseInt((semicolon < 0 ? size : size.substring(0, semicolon)).strip(), 16);
      all.write(exactly(length));
      line();
      if (length == 0) {
        return all.toByteArray();
      }
    }
  }

  private byte[] exactly(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new IOException("the answer ended early");
    }
    return bytes;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder(64);
    while (true) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("the server closed the connection");
      }
      if (next == '\n') {
        return line.toString();
      }
      if (next != '\r') {
        line.append((char) next);
      }
    }
  }

  private static Socket open(URI server) throws IOException {
    boolean tls = "https".equals(server.getScheme());
    int port = server.getPort() > 0 ? server.getPort() : tls ? 443 : 80;
    Socket socket =
        tls
            ? SSLSocketFactory.getDefault().createSocket(server.getHost(), port)
            : new Socket(server.getHost(), port);
    socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return socket;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
