package org.hearth.server.http.content;

import java.io.IOException;
import java.lang.System.Logger.Level;

/// Something that is stored, a piece at a time, from where it stands.
///
/// **thread**: the request's own.
public final class StoredPieces implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(StoredPieces.class.getName());
  private static final int PIECE_BYTES = 64 * 1024;

  private final StoredContent content;
  private final byte[] piece;
  private long leftBytes;
  private int length;

  /// @param lengthBytes how much of it
  public StoredPieces(StoredContent content, long lengthBytes) {
    this.content = content;
    this.leftBytes = lengthBytes;
    this.piece = new byte[(int) Math.min(PIECE_BYTES, lengthBytes)];
  }

  /// Goes to the next piece, and at first to the first one. What is short has one.
  ///
  /// @throws IOException if it cannot be read
  public void next() throws IOException {
    length = 0;
    int wanted = (int) Math.min(piece.length, leftBytes);
    while (length < wanted) {
      int read = content.read(piece, length, wanted - length);
      if (read < 0) {
        throw new IOException("%,d bytes are missing at the end".formatted(leftBytes - length));
      }
      length += read;
    }
    leftBytes -= length;
  }

  /// The piece; other bytes are in it after the next call of [#next].
  public byte[] bytes() {
    return piece;
  }

  /// How many bytes of it count.
  public int length() {
    return length;
  }

  /// Whether it is the last one.
  public boolean isLast() {
    return leftBytes == 0;
  }

  @Override
  public void close() {
    try {
      content.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "what was sent could not be closed", e);
    }
  }
}
