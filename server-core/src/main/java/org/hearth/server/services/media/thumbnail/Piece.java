package org.hearth.server.services.media.thumbnail;

/// A part of what a decoder is shown of a file.
sealed interface Piece {
  long length();

  /// Bytes of the file.
  record Part(long from, long length) implements Piece {}

  /// Bytes that stand in the place of others.
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Given(byte[] bytes) implements Piece {
    @Override
    public long length() {
      return bytes.length;
    }
  }
}
