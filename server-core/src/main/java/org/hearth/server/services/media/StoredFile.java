package org.hearth.server.services.media;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The bytes of a piece of media, open for reading.
///
/// **thread**: one at a time.
public final class StoredFile implements Closeable {
  private final Path path;
  private final FileChannel channel;
  private final String sha256;
  private final long lengthBytes;
  private final CheckedFiles.Version version;

  private StoredFile(Path path, FileChannel channel, MediaFile file) throws IOException {
    this.path = path;
    this.channel = channel;
    this.sha256 = file.sha256();
    this.lengthBytes = file.lengthBytes();
    this.version = CheckedFiles.Version.of(path);
  }

  /// @throws IOException if it is not there, or has another length
  static StoredFile open(Path path, MediaFile file) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      if (channel.size() != file.lengthBytes()) {
        throw new IOException(
            "%s has %,d bytes and not %,d".formatted(path, channel.size(), file.lengthBytes()));
      }
      return new StoredFile(path, channel, file);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /// Where the bytes are, for another process that reads them. They are never changed, and may be
  /// removed at any time.
  public Path path() {
    return path;
  }

  /// What they are found by.
  public String sha256() {
    return sha256;
  }

  /// How many there are.
  public long lengthBytes() {
    return lengthBytes;
  }

  /// Which file it was when it was opened.
  CheckedFiles.Version version() {
    return version;
  }

  /// The bytes, from where the channel stands.
  public FileChannel channel() {
    return channel;
  }

  /// The bytes from the first one on, once. Closing it closes this.
  public InputStream stream() {
    return Channels.newInputStream(channel);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
