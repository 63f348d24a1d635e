package org.hearth.server.services.media;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;
import org.hearth.server.matrix.error.MatrixException;
import org.jspecify.annotations.Nullable;

/// A file that is being received: written to the disk as it comes, and hashed. Unless somebody
/// keeps it, nothing of it is left when it is closed.
///
/// **thread**: one at a time.
public final class Incoming extends OutputStream {
  private static final System.Logger LOG = System.getLogger(Incoming.class.getName());

  /// What is promised at a time when nobody knows how much there will be.
  private static final long PROMISED_AT_ONCE = 4L << 20;

  private final MediaFolder folder;
  private final Path path;
  private final long mostBytes;
  private final MessageDigest digest = CheckedFiles.sha256();
  private @Nullable FileChannel channel;
  private long lengthBytes;
  private long promisedBytes;

  Incoming(MediaFolder folder, Path path, long mostBytes) {
    this.folder = folder;
    this.path = path;
    this.mostBytes = mostBytes;
  }

  void open(long announcedBytes) {
    if (announcedBytes > mostBytes) {
      throw tooLarge();
    }
    promise(announcedBytes);
    try {
      channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      folder.settle(promisedBytes);
      throw failure(e);
    }
  }

  private void promise(long bytes) {
    folder.promise(bytes);
    promisedBytes += bytes;
  }

  /// How many bytes have come.
  public long lengthBytes() {
    return lengthBytes;
  }

  @Override
  public void write(int each) {
    write(new byte[] {(byte) each}, 0, 1);
  }

  /// Takes the next bytes.
  ///
  /// @throws MatrixException `M_TOO_LARGE` if there are more than allowed; 507 if the disk is full
  @Override
  public void write(byte[] bytes, int offset, int length) {
    if (length > mostBytes - lengthBytes) {
      throw tooLarge();
    }
    if (length > promisedBytes) {
      promise(Math.max(length, PROMISED_AT_ONCE));
    }
    digest.update(bytes, offset, length);
    ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
    try {
      while (left.hasRemaining()) {
        Objects.requireNonNull(channel, "it is closed").write(left);
      }
    } catch (IOException e) {
      throw failure(e);
    }
    lengthBytes += length;
    promisedBytes -= length;
    folder.settle(length);
  }

  private MatrixException tooLarge() {
    return MatrixException.tooLarge(
        "Files of more than %,d bytes are not taken in".formatted(mostBytes));
  }

  /// A full disk is told as such; Java has no type for it, but the words of the systems.
  private static RuntimeException failure(IOException e) {
    String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    String words = String.valueOf(reason).toLowerCase(Locale.ROOT);
    boolean full =
        words.contains("no space left")
            || words.contains("not enough space")
            || words.contains("quota exceeded");
    if (full) {
      LOG.log(Level.WARNING, "a file cannot be taken in: {0}", e.getMessage());
      return MediaFolder.full();
    }
    return new UncheckedIOException("a file cannot be written", e);
  }

  /// All bytes have come: they are on the disk when this returns.
  ///
  /// @return their hash, in hexadecimal
  String finish() {
    try {
      FileChannel open = Objects.requireNonNull(channel, "it is closed");
      open.force(true);
      open.close();
    } catch (IOException e) {
      throw failure(e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /// Gives the file to the folder.
  ///
  /// @param sha256 what [#finish] has returned
  MediaFolder.Claim claim(String sha256) {
    try {
      return folder.claim(path, sha256, lengthBytes);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /// Removes what nobody has claimed.
  @Override
  public void close() {
    folder.settle(promisedBytes);
    promisedBytes = 0;
    try {
      if (channel != null) {
        channel.close();
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "What was received in " + path + " could not be removed", e);
    }
  }
}
