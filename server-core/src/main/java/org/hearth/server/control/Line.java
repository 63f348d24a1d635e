package org.hearth.server.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Reads the one line that comes over a connection.
///
/// @param mostBytes of the line
/// @param patience how long the whole line may take, in however many pieces it comes
/// @param nanoTime as [System#nanoTime] has it
record Line(int mostBytes, Duration patience, LongSupplier nanoTime) {
  private static final int MOST_BYTES_AT_ONCE = 8 << 10;

  /// @return null if the other side sends no whole line of so many bytes
  /// @throws SocketTimeoutException if it does not within the time
  @Nullable String read(Socket connection) throws IOException {
    long end = nanoTime.getAsLong() + patience.toNanos();
    InputStream in = connection.getInputStream();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    byte[] piece = new byte[MOST_BYTES_AT_ONCE];
    while (line.size() <= mostBytes) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - nanoTime.getAsLong());
      if (left <= 0) {
        throw new SocketTimeoutException("no whole line came within " + patience);
      }
      connection.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
      int count = in.read(piece);
      for (int i = 0; i < count; i++) {
        if (piece[i] == '\n') {
          line.write(piece, 0, i);
          return line.size() > mostBytes ? null : line.toString(StandardCharsets.UTF_8);
        }
      }
      if (count < 0) {
        return null;
      }
      line.write(piece, 0, count);
    }
    return null;
  }
}
