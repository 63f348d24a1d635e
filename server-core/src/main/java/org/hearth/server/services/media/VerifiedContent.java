package org.hearth.server.services.media;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.hearth.server.http.content.StoredContent;
import org.hearth.server.matrix.error.MatrixException;

/// The bytes of a piece of media on their way to a client. Who gets all of them gets what was
/// stored, or not the last of them: they are hashed as they are read, and the end is held back when
/// the hash is another. Of a range the hash is not known; of [CheckedFiles] it is known already.
///
/// **thread**: the request's own.
final class VerifiedContent implements StoredContent {
  private static final System.Logger LOG = System.getLogger(VerifiedContent.class.getName());

  private final StoredFile file;
  private final CheckedFiles checked;
  private final Closeable place;
  private final Consumer<String> onDamaged;
  private final MessageDigest digest = CheckedFiles.sha256();
  private long position;
  private boolean isHashed;

  /// @param place given back when it is closed
  /// @param onDamaged told the hash of a file that is not what was stored
  VerifiedContent(
      StoredFile file, CheckedFiles checked, Closeable place, Consumer<String> onDamaged) {
    this.file = file;
    this.checked = checked;
    this.place = place;
    this.onDamaged = onDamaged;
    this.isHashed = !checked.has(file.sha256(), file.version());
  }

  @Override
  public long lengthBytes() {
    return file.lengthBytes();
  }

  @Override
  public String entityTag() {
    return file.sha256();
  }

  @Override
  public void seek(long to) throws IOException {
    file.channel().position(to);
    position = to;
    isHashed &= to == 0;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int read = file.channel().read(ByteBuffer.wrap(bytes, offset, length));
    if (read > 0) {
      position += read;
      if (isHashed) {
        digest.update(bytes, offset, read);
        if (position == lengthBytes()) {
          checkHash();
        }
      }
    }
    return read;
  }

  private void checkHash() {
    if (!HexFormat.of().formatHex(digest.digest()).equals(file.sha256())) {
      LOG.log(
          Level.ERROR, "The file {0} is damaged: it has other bytes than were stored", file.path());
      onDamaged.accept(file.sha256());
      throw MatrixException.notFound("The file of this media is damaged");
    }
    checked.add(file.sha256(), file.version());
  }

  @Override
  public void close() throws IOException {
    try (place;
        file) {
      // Both are closed, whatever becomes of the other.
    }
  }
}
