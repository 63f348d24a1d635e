package org.hearth.server.services.media.thumbnail;

import java.io.IOException;
import java.util.List;
import javax.imageio.stream.ImageInputStreamImpl;

/// What a decoder reads: pieces of a file, one behind the other, as if there were nothing else.
///
/// A decoder that reads the same bytes again and again is ended by the budget.
///
/// **thread**: one.
final class PiecesInput extends ImageInputStreamImpl {
  private static final int READS_BETWEEN_LOOKS = 4_096;

  private final SourceFile file;
  private final Piece[] pieces;

  /// Where each piece begins, and behind the last one where all end.
  private final long[] starts;

  private final byte[] one = new byte[1];
  private int current;
  private int reads;

  PiecesInput(SourceFile file, List<Piece> pieces) {
    this.file = file;
    this.pieces = pieces.toArray(Piece[]::new);
    this.starts = new long[this.pieces.length + 1];
    for (int i = 0; i < this.pieces.length; i++) {
      starts[i + 1] = starts[i] + this.pieces[i].length();
    }
  }

  @Override
  public int read() throws IOException {
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    checkClosed();
    bitOffset = 0;
    if (length == 0) {
      return 0;
    }
    if (reads++ % READS_BETWEEN_LOOKS == 0) {
      file.budget().check();
    }
    // Who reads four bytes at once expects four where there are as many.
    int count = 0;
    while (count < length && streamPos < length()) {
      int more = readInPiece(into, offset + count, length - count);
      if (more < 0) {
        break;
      }
      count += more;
      streamPos += more;
    }
    return count == 0 ? -1 : count;
  }

  private int readInPiece(byte[] into, int offset, int length) throws IOException {
    find();
    long inside = streamPos - starts[current];
    int wanted = (int) Math.min(length, pieces[current].length() - inside);
    return switch (pieces[current]) {
      case Piece.Part(long from, _) -> file.read(from + inside, into, offset, wanted);
      case Piece.Given(byte[] bytes) -> {
        System.arraycopy(bytes, (int) inside, into, offset, wanted);
        yield wanted;
      }
    };
  }

  private void find() {
    if (streamPos < starts[current]) {
      int found = java.util.Arrays.binarySearch(starts, streamPos);
      current = found >= 0 ? found : -found - 2;
    }
    while (streamPos >= starts[current + 1]) {
      current++;
    }
  }

  @Override
  public long length() {
    return starts[pieces.length];
  }
}
