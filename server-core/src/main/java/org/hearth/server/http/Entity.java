package org.hearth.server.http;

import io.helidon.common.buffers.DataReader;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.RequestException;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.connection.Connection;
import org.hearth.server.http.connection.Deadlines;
import org.hearth.server.http.content.StreamedBody;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.jspecify.annotations.Nullable;

/// The body of a request: read within limits, or not wanted.
///
/// **thread**: the request's own.
final class Entity {
  private static final byte[] NONE = {};

  /// What is read to spare a connection, or to let a client that still sends hear why it was
  /// refused.
  private static final int DISCARDED_BYTES = 64 * 1024;

  static final int LINGERING_BYTES = 4 * 1024 * 1024;

  /// What is taken into memory at a time.
  private static final int PIECE_BYTES = 16 * 1024;

  /// What a handler gets at a time of a body that it reads itself.
  private static final int STREAMED_PIECE_BYTES = 64 * 1024;

  /// Those of clients have some ten or hundred kilobytes.
  private static final int LARGEST_STREAMED_CHUNK = 4 * 1024 * 1024;

  private static final Duration LINGERING_TIME = Duration.ofSeconds(2);

  private final ServerRequest request;
  private final Deadlines deadlines;
  private final Duration time;
  private final boolean isThere;
  private final long announcedBytes;
  private @Nullable InputStream in;
  private boolean consumed;
  private boolean broken;

  Entity(ServerRequest request, Deadlines deadlines, Duration time) {
    this.request = request;
    this.deadlines = deadlines;
    this.time = time;
    ServerRequestHeaders headers = request.headers();
    this.announcedBytes = headers.contentLength().orElse(0);
    this.isThere = announcedBytes > 0 || headers.contains(HeaderNames.TRANSFER_ENCODING);
    this.consumed = !isThere;
  }

  /// The body.
  ///
  /// @param memory counts the bytes that have arrived
  /// @throws MatrixException `M_TOO_LARGE` if it has more bytes; `M_LIMIT_EXCEEDED` if there is no
  ///   memory for them; 408 if it does not arrive in time; 400 if it is malformed
  byte[] read(int mostBytes, BodyMemory.Taken memory) {
    if (!isThere) {
      return NONE;
    }
    if (announcedBytes > mostBytes) {
      throw tooLarge(mostBytes);
    }
    byte[] bytes = inTime(time, mostBytes, memory, () -> collect(mostBytes, memory));
    consumed = true;
    return bytes;
  }

  private byte[] collect(int mostBytes, BodyMemory.Taken memory) throws IOException {
    List<byte[]> pieces = new ArrayList<>();
    int length = 0;
    int first = stream().read();
    while (first >= 0) {
      long left = (announcedBytes > 0 ? announcedBytes : mostBytes) - length;
      if (left == 0) {
        throw tooLarge(mostBytes);
      }
      int expected = (int) Math.min(PIECE_BYTES, left);
      memory.arriving(expected);
      byte[] piece = new byte[expected];
      piece[0] = (byte) first;
      length += 1 + stream().readNBytes(piece, 1, expected - 1);
      pieces.add(piece);
      first = stream().read();
    }
    return joined(pieces, length);
  }

  private static byte[] joined(List<byte[]> pieces, int length) {
    byte[] whole = new byte[length];
    int at = 0;
    for (byte[] piece : pieces) {
      int count = Math.min(piece.length, length - at);
      System.arraycopy(piece, 0, whole, at, count);
      at += count;
    }
    return whole;
  }

  /// The body for a handler that reads it as it comes.
  ///
  /// @param memory counts the piece that is here
  StreamedBody streamed(BodyMemory.Taken memory) {
    return new StreamedBody() {
      @Override
      public long announcedBytes() {
        return announcedBytes;
      }

      @Override
      public void transferTo(Sink sink) throws IOException {
        if (isThere && !consumed) {
          transfer(sink, memory);
          consumed = true;
        }
      }
    };
  }

  /// A sender has the same time as who takes an answer: as much as the least rate gives it, and
  /// some patience in all.
  private void transfer(StreamedBody.Sink sink, BodyMemory.Taken memory) throws IOException {
    StreamedAnswer.AnswerTime pace = new StreamedAnswer.AnswerTime(deadlines, time);
    memory.arriving(STREAMED_PIECE_BYTES);
    byte[] piece = new byte[STREAMED_PIECE_BYTES];
    int read;
    do {
      long began = System.nanoTime();
      read =
          inTime(
              pace.forNext(piece.length),
              LARGEST_STREAMED_CHUNK,
              memory,
              () -> {
                int count = stream().read(piece);
                memory.replaced(Math.max(0, count));
                return count;
              });
      if (read > 0) {
        pace.took(read, Duration.ofNanos(System.nanoTime() - began));
        sink.take(piece, read);
      }
    } while (read >= 0);
  }

  /// Before an answer is sent: reads and forgets a small body that nobody has asked for.
  ///
  /// @return whether the connection can be used again
  boolean leavesConnectionUsable() {
    if (request.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
      return false;
    }
    if (!consumed && !broken && announcedBytes <= DISCARDED_BYTES && !isAwaited()) {
      consumed = discard(DISCARDED_BYTES, time);
    }
    return consumed;
  }

  /// After an answer was sent and before the connection is closed: reads on for a moment. To close
  /// with unread bytes resets the connection, and the client may never see the answer.
  void linger() {
    if (!consumed && !broken && !isAwaited()) {
      discard(LINGERING_BYTES, LINGERING_TIME);
    }
  }

  /// True if the client waits for `100 Continue` before it sends the body.
  private boolean isAwaited() {
    return request.headers().containsToken(HeaderValues.EXPECT_100) && !request.continueSent();
  }

  /// Reads and forgets, a piece at a time.
  ///
  /// @return whether the body ended within so many bytes and in time
  private boolean discard(int mostBytes, Duration within) {
    try {
      return inTime(within, mostBytes, null, () -> skip(mostBytes));
    } catch (MatrixException | CloseConnectionException e) {
      return false; // The client hears what was wrong first.
    }
  }

  private boolean skip(int mostBytes) throws IOException {
    byte[] piece = new byte[PIECE_BYTES];
    int length = 0;
    int read = stream().read(piece);
    while (read >= 0 && length <= mostBytes) {
      length += read;
      read = stream().read(piece);
    }
    return length <= mostBytes;
  }

  /// Reads from the client.
  ///
  /// @param mostBytes of a chunk
  /// @param memory where it gives way to others; null if it has none
  private <T> T inTime(
      Duration within, int mostBytes, BodyMemory.@Nullable Taken memory, Reading<T> reading) {
    Connection.current().expectChunks(mostBytes);
    Deadlines.Deadline deadline = deadlines.within(within);
    if (memory != null) {
      memory.begins(deadline::expire);
    }
    try {
      T read = reading.read();
      if (!deadline.met()) {
        throw tooSlow();
      }
      return read;
    } catch (IOException | RuntimeException e) {
      broken |= !(e instanceof MatrixException);
      if (!deadline.met()) {
        throw tooSlow();
      }
      throw switch (e) {
        case MatrixException refusal -> refusal;
        case RequestException refused -> malformed(refused.status().code());
        case CloseConnectionException gone -> gone;
        case IOException _,
            UncheckedIOException _,
            DataReader.InsufficientDataAvailableException _ ->
            new CloseConnectionException("The client went away while it sent its request", e);
        default -> malformed(400);
      };
    } finally {
      if (memory != null) {
        memory.rests();
      }
      deadline.close();
    }
  }

  @FunctionalInterface
  private interface Reading<T> {
    T read() throws IOException;
  }

  /// Not to be closed: closing would read on to the end.
  private InputStream stream() {
    if (in == null) {
      in = request.content().inputStream();
    }
    return in;
  }

  private MatrixException tooSlow() {
    broken = true;
    return new MatrixException(408, Errcode.UNKNOWN, "The request did not arrive in time");
  }

  private static MatrixException tooLarge(int mostBytes) {
    return MatrixException.tooLarge("The request is larger than " + mostBytes + " bytes");
  }

  private static MatrixException malformed(int status) {
    return status == 413
        ? MatrixException.tooLarge("The request is too large")
        : new MatrixException(status, Errcode.UNKNOWN, "The request is malformed");
  }
}
