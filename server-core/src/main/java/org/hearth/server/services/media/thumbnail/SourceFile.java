package org.hearth.server.services.media.thumbnail;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// A file that is read at any place, through one buffer, within a budget: never in memory as a
/// whole.
///
/// **thread**: one.
final class SourceFile implements AutoCloseable {
  private static final int BUFFER = 64 << 10;

  private final FileChannel channel;
  private final Budget budget;
  private final long length;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
  private long bufferAt;
  private @Nullable IOException failure;

  private SourceFile(FileChannel channel, Budget budget) throws IOException {
    this.channel = channel;
    this.budget = budget;
    this.length = channel.size();
  }

  static SourceFile open(Path path, Budget budget) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new SourceFile(channel, budget);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  long length() {
    return length;
  }

  Budget budget() {
    return budget;
  }

  /// The byte at a place; -1 behind the end.
  int at(long position) throws IOException {
    return fill(position) ? buffer.get((int) (position - bufferAt)) & 0xff : -1;
  }

  /// Bytes from a place on.
  ///
  /// @return how many, at least one; -1 behind the end
  int read(long position, byte[] into, int offset, int count) throws IOException {
    if (!fill(position)) {
      return -1;
    }
    int from = (int) (position - bufferAt);
    int length = Math.min(count, buffer.limit() - from);
    buffer.get(from, into, offset, length);
    return length;
  }

  /// A number of two bytes, the most significant first.
  int big16(long position) throws IOException {
    return there(position) << 8 | there(position + 1);
  }

  /// A number of four bytes, the most significant first.
  long big32(long position) throws IOException {
    return (long) big16(position) << 16 | big16(position + 2);
  }

  /// A number of two bytes, the least significant first.
  int little16(long position) throws IOException {
    return there(position) | there(position + 1) << 8;
  }

  /// A number of four bytes, the least significant first.
  long little32(long position) throws IOException {
    return little16(position) | (long) little16(position + 2) << 16;
  }

  /// Whether those characters stand there.
  boolean says(long position, String ascii) throws IOException {
    for (int i = 0; i < ascii.length(); i++) {
      if (at(position + i) != ascii.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private int there(long position) throws IOException {
    int found = at(position);
    if (found < 0) {
      throw new EOFException("the picture ends at " + length);
    }
    return found;
  }

  private boolean fill(long position) throws IOException {
    if (position < 0 || position >= length) {
      return false;
    }
    if (position >= bufferAt && position < bufferAt + buffer.limit()) {
      return true;
    }
    budget.check();
    buffer.clear();
    int count = read(position);
    buffer.flip();
    bufferAt = position;
    return count > 0;
  }

  private int read(long position) throws IOException {
    try {
      return channel.read(buffer, position);
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  /// Passes on that the file could not be read: that says nothing about the picture.
  void checkRead() throws IOException {
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
