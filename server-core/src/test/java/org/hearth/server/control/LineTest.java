package org.hearth.server.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// The one line of a connection, and how long it may take.
class LineTest {
  private final AtomicLong clock = new AtomicLong(-5);

  private Line line(int mostBytes) {
    return new Line(mostBytes, Duration.ofSeconds(5), clock::get);
  }

  /// A connection over which a byte comes every two seconds.
  private final class Drip extends Socket {
    private final InputStream bytes;
    private final List<Integer> timeouts = new ArrayList<>();

    Drip(String text) {
      bytes = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void setSoTimeout(int millis) {
      timeouts.add(millis);
    }

    @Override
    public InputStream getInputStream() {
      return new InputStream() {
        @Override
        public int read() throws IOException {
          return bytes.read();
        }

        @Override
        public int read(byte[] piece, int offset, int length) throws IOException {
          clock.addAndGet(Duration.ofSeconds(2).toNanos());
          return bytes.read(piece, offset, 1);
        }
      };
    }
  }

  @Test
  void theTimeIsThatOfTheWholeLineAndNotOfEachPiece() throws Exception {
    try (Drip slow = new Drip("abcdefghij\n")) {
      assertThatThrownBy(() -> line(100).read(slow)).isInstanceOf(SocketTimeoutException.class);

      assertThat(slow.timeouts).containsExactly(5_000, 3_000, 1_000);
    }
  }

  @Test
  void itEndsAtItsEndWhateverComesBehind() throws Exception {
    try (Drip quick = new Drip("é\nmore")) {
      assertThat(line(100).read(quick)).isEqualTo("é");
    }
  }

  @Test
  void oneThatIsTooLongIsNone() throws Exception {
    try (Drip atMost = new Drip("a\n");
        Drip longer = new Drip("aa\n")) {
      assertThat(line(1).read(atMost)).isEqualTo("a");
      assertThat(line(1).read(longer)).isNull();
    }
  }

  @Test
  void oneThatDoesNotEndIsNone() throws Exception {
    try (Drip broken = new Drip("a")) {
      assertThat(line(100).read(broken)).isNull();
    }
  }
}
