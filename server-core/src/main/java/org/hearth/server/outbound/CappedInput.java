package org.hearth.server.outbound;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// A body that may not be longer than so many bytes: one byte more fails.
///
/// **thread**: one.
final class CappedInput extends FilterInputStream {
  private long left;
  private boolean over;
  private boolean ended;

  CappedInput(InputStream in, long most) {
    super(in);
    this.left = most;
  }

  /// Whether there was more.
  boolean isOver() {
    return over;
  }

  /// Whether it was read to its end.
  boolean isAtEnd() {
    return ended;
  }

  @Override
  public int read() throws IOException {
    int next = in.read();
    ended |= next < 0;
    count(next < 0 ? 0 : 1);
    return next;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int count = in.read(into, offset, length);
    ended |= count < 0;
    count(Math.max(0, count));
    return count;
  }

  @Override
  public long skip(long count) throws IOException {
    long skipped = in.skip(count);
    count(skipped);
    return skipped;
  }

  /// Who reads never closes: that would read what is left, however long it is.
  @Override
  public void close() {}

  private void count(long bytes) throws IOException {
    left -= bytes;
    if (left < 0) {
      over = true;
      throw new IOException("the body is longer than is allowed");
    }
  }
}
