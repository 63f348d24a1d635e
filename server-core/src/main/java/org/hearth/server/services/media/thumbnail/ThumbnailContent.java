package org.hearth.server.services.media.thumbnail;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.hearth.server.http.content.StoredContent;

/// A thumbnail on its way to who asked for it.
///
/// **thread**: one at a time.
final class ThumbnailContent implements StoredContent {
  private final FileChannel channel;
  private final long lengthBytes;
  private final String name;
  private final Closeable place;

  private ThumbnailContent(FileChannel channel, long lengthBytes, String name, Closeable place) {
    this.channel = channel;
    this.lengthBytes = lengthBytes;
    this.name = name;
    this.place = place;
  }

  /// @param place given back when it is closed
  /// @throws IOException if it is not there, or has another length
  static ThumbnailContent open(Path path, long lengthBytes, Closeable place) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      if (channel.size() != lengthBytes) {
        throw new IOException(path + " has another length than was written");
      }
      return new ThumbnailContent(channel, lengthBytes, String.valueOf(path.getFileName()), place);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public long lengthBytes() {
    return lengthBytes;
  }

  /// Its name has the hash of the original and the size.
  @Override
  public String entityTag() {
    return name;
  }

  @Override
  public void seek(long position) throws IOException {
    channel.position(position);
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    return channel.read(ByteBuffer.wrap(bytes, offset, length));
  }

  @Override
  public void close() throws IOException {
    try (place;
        channel) {
      // Both are closed, whatever becomes of the other.
    }
  }
}
