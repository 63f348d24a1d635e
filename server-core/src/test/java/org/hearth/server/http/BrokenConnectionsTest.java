package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/// What a client alone can do writes nothing into the log.
@Timeout(60)
class BrokenConnectionsTest {
  private static final String HEAD = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  private static final String CHUNKED = HEAD + "Transfer-Encoding: chunked\r\n\r\n";

  /// What is logged as a warning or worse until it is closed.
  static final class Lines extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger log = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final List<String> all = new CopyOnWriteArrayList<>();

    Lines() {
      start();
      log.addAppender(this);
    }

    List<String> all() {
      return all;
    }

    @Override
    public void close() {
      log.detachAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
        all.add(event.toString());
      }
    }
  }

  private static TestServer server() {
    return new TestServer(routes ->
        routes
            .add(
                HttpMethod.POST,
                "/echo",
                Access.NONE,
                RateClass.NONE,
                request -> Response.field("bytes", "" + request.body().length))
            .add(
                HttpMethod.GET,
                "/large",
                Access.NONE,
                RateClass.NONE,
                _ -> Response.field("text", "x".repeat(32 << 20))));
  }

  private static Socket sent(TestServer server, String text) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  static void awaitNone(TestServer server) {
    while (server.server().figures().connections().open() > 0) {
      Thread.onSpinWait();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "G",
        "GET /x HTTP/1.1\r",
        "GET /x HTTP/1.1\r\n",
        "GET /x HTTP/1.1\r\nHost",
        "GET /x HTTP/1.1\r\nHost: a\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\n\r",
        "GET /x HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\n",
        HEAD + "Content-Length: 10\r\n\r\n",
        HEAD + "Content-Length: 10\r\n\r\nabc",
        CHUNKED,
        CHUNKED + "5",
        CHUNKED + "5\r\nab",
        CHUNKED + "5\r\nabcde",
        CHUNKED + "5\r\nabcde\r\n",
        CHUNKED + "5\r\nabcde\r\n0\r\n",
        "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
        "GET /x HTTP/1.1\r\nHost: a\r\n : b\r\n\r\n",
        "\r\n\r\n\r\n",
        "GET /x HTTP/9.9\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
      })
  void thatEndOrAreResetAnywhereAreNotLogged(String sent) throws IOException {
    try (Lines lines = new Lines();
        TestServer server = server()) {
      for (int i = 0; i < 5; i++) {
        sent(server, sent).close();
        Socket reset = sent(server, sent);
        reset.setSoLinger(true, 0);
        reset.close();
        Socket ended = sent(server, sent);
        ended.shutdownOutput();
        var _ = ended.getInputStream().skip(1);
        ended.setSoLinger(true, 0);
        ended.close();
      }
      awaitNone(server);
      assertThat(lines.all()).isEmpty();
    }
  }
}
