package org.hearth.server.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// A connection on which a test sends what no proper client would.
public final class RawClient implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  public RawClient(int port) {
    try {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(60_000);
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream());
      out = socket.getOutputStream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Sends text, byte by character.
  public RawClient send(String text) {
    try {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /// A whole request without a body.
  public RawClient request(String method, String target, String... headers) {
    return send(
        "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
            .formatted(
                method,
                target,
                String.join("", Arrays.stream(headers).map(each -> each + "\r\n").toList())));
  }

  /// The next answer.
  ///
  /// @return with status 0 if the connection was closed instead
  public RawAnswer answer() {
    try {
      String statusLine = line();
      if (statusLine.isEmpty()) {
        return new RawAnswer(0, List.of(), "");
      }
      List<String> headers = new java.util.ArrayList<>();
      int length = 0;
      for (String header = line(); !header.isEmpty(); header = line()) {
        headers.add(header);
        if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
          length = Integer.parseInt(header.substring(15).strip());
        }
      }
      int status = Integer.parseInt(statusLine.substring(9, 12));
      String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
      return new RawAnswer(status, headers, body);
    } catch (IOException e) {
      return new RawAnswer(0, List.of(), String.valueOf(e.getMessage()));
    }
  }

  /// The next head, of an answer that has no body though it may tell a length.
  public List<String> head() {
    try {
      List<String> lines = new java.util.ArrayList<>();
      for (String line = line(); !line.isEmpty(); line = line()) {
        lines.add(line);
      }
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// True if the other side has closed the connection; waits for it.
  boolean isClosed() {
    try {
      return in.read() < 0;
    } catch (IOException e) {
      return !(e instanceof java.net.SocketTimeoutException);
    }
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int each = in.read(); each >= 0 && each != '\n'; each = in.read()) {
      if (each != '\r') {
        line.write(each);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What came back.
  public record RawAnswer(int status, List<String> headers, String body) {
    public String header(String name) {
      String prefix = name.toLowerCase(Locale.ROOT) + ":";
      return headers.stream()
          .filter(each -> each.toLowerCase(Locale.ROOT).startsWith(prefix))
          .map(each -> each.substring(prefix.length()).strip())
          .findFirst()
          .orElse("");
    }
  }
}
