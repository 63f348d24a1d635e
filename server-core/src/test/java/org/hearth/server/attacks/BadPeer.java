package org.hearth.server.attacks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.TestAuthority;

/// A homeserver `localhost:PORT` that does harm to who asks it something.
final class BadPeer implements AutoCloseable {
  /// What it does.
  enum Kind {
    /// Takes the request and never says anything.
    SILENT,
    /// Says one byte a second.
    DRIPPING,
    /// Says a body without end.
    ENDLESS,
    /// Says headers without end.
    ENDLESS_HEAD,
    /// Closes the connection at once.
    CLOSING,
    /// Has a certificate for another name.
    OF_ANOTHER_NAME,
    /// Sends whoever asks in a circle.
    REDIRECTING,
    /// Fails for ever.
    FAILING,
    /// Wants to be left alone for a year.
    PUTTING_OFF,
    /// Says that all is well, in what is no JSON.
    TALKING_NONSENSE,
    /// Says JSON that is nested beyond all.
    NESTING,
    /// Speaks HTTP/2 without having been asked to.
    SPEAKING_OTHERWISE;

    private void answer(OutputStream out, CountDownLatch over) throws Exception {
      switch (this) {
        case SILENT -> over.await();
        case DRIPPING -> {
          for (byte each : head("200 OK", "", 100_000).getBytes(ISO_8859_1)) {
            out.write(each);
            out.flush();
            if (over.await(1, TimeUnit.SECONDS)) {
              return;
            }
          }
        }
        case ENDLESS -> {
          say(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          String chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
          while (over.getCount() > 0) {
            say(out, chunk);
          }
        }
        case ENDLESS_HEAD -> {
          say(out, "HTTP/1.1 200 OK\r\n");
          while (over.getCount() > 0) {
            say(out, "X-More: " + "x".repeat(8_000) + "\r\n");
          }
        }
        case CLOSING, OF_ANOTHER_NAME -> {}
        case REDIRECTING -> say(out, head("302 Found", "Location: /\r\n", 0));
        case FAILING -> say(out, head("500 Failed", "", 2) + "{}");
        case PUTTING_OFF ->
            say(
                out,
                head("429 Later", "Retry-After: 31536000\r\n", 60)
                    + "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":31536000000}");
        case TALKING_NONSENSE -> say(out, head("200 OK", "", 12) + "{\"pdus\": \u0000\u00ff");
        case NESTING -> say(out, head("200 OK", "", 100_000) + "[".repeat(100_000));
        case SPEAKING_OTHERWISE ->
            say(out, "\u0000\u0000\u0012\u0004\u0000\u0000\u0000\u0000\u0000".repeat(100));
      }
    }

    /// Whether the connection is good for another request.
    private boolean goesOn() {
      return switch (this) {
        case REDIRECTING, FAILING, PUTTING_OFF, TALKING_NONSENSE, NESTING -> true;
        case SILENT,
            DRIPPING,
            ENDLESS,
            ENDLESS_HEAD,
            CLOSING,
            OF_ANOTHER_NAME,
            SPEAKING_OTHERWISE ->
            false;
      };
    }
  }

  private static String head(String status, String headers, int length) {
    return "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
        .formatted(status, headers, length);
  }

  private static void say(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(ISO_8859_1));
    out.flush();
  }

  private final Kind kind;
  private final ServerSocket server;
  private final CountDownLatch over = new CountDownLatch(1);
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicInteger asked = new AtomicInteger();

  BadPeer(Kind kind, TestAuthority authority) throws IOException {
    this.kind = kind;
    server =
        authority
            .certify(kind == Kind.OF_ANOTHER_NAME ? "other.example" : "localhost")
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    Thread.ofVirtual().name("bad peer").start(this::accept);
  }

  ServerName name() {
    return ServerName.parse("localhost:" + server.getLocalPort());
  }

  String user() {
    return "@mallory:" + name();
  }

  /// How many connections it was asked for.
  int asked() {
    return asked.get();
  }

  /// Connections that neither side has closed.
  long open() {
    return sockets.stream().filter(each -> !each.isClosed()).count();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        asked.incrementAndGet();
        sockets.add(socket);
        Thread.ofVirtual().name("bad peer").start(() -> serve(socket));
      }
    } catch (IOException _) {
      // The test is over.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      do {
        if (!readRequest(in)) {
          return;
        }
        kind.answer(socket.getOutputStream(), over);
      } while (kind.goesOn());
    } catch (Exception _) {
      // Whoever asked has gone.
    }
  }

  /// The head and the body, as far as it has a length.
  private static boolean readRequest(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    for (int next = in.read(); next >= 0; next = in.read()) {
      head.append((char) next);
      if (next == '\n' && head.toString().endsWith("\r\n\r\n")) {
        int at = head.toString().toLowerCase(java.util.Locale.ROOT).indexOf("content-length: ");
        if (at >= 0) {
          String length = head.substring(at + 16, head.indexOf("\r\n", at));
          var _ = in.readNBytes(Integer.parseInt(length.strip()));
        }
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() throws IOException {
    over.countDown();
    server.close();
    for (Socket each : sockets) {
      each.close();
    }
  }
}
