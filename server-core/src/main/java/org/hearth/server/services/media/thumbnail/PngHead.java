package org.hearth.server.services.media.thumbnail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The chunks of a PNG. A decoder gets to see those without which there is no picture; texts and
/// profiles, which may be compressed a thousand times, are left out.
///
/// **source**: PNG (third edition) §5, §11
final class PngHead {
  static final long MOST_PIXELS = 40_000_000;

  /// What the lines take when they are decompressed.
  static final long MOST_RAW_BYTES = 192L << 20;

  private static final int MOST_CHUNKS = 1 << 17;
  private static final int MOST_PIECES = 1 << 16;
  private static final int SIGNATURE = 8;
  private static final int AROUND = 12;

  private final SourceFile file;
  private final List<Piece> shown = new ArrayList<>();

  /// The chunks that stand side by side and are not in `shown` yet.
  private long keptFrom;

  private long keptTo = SIGNATURE;
  private int orientation = 1;
  private boolean hasExif;
  private boolean animated;

  private PngHead(SourceFile file) {
    this.file = file;
  }

  static Picture read(SourceFile file) throws IOException {
    return new PngHead(file).read();
  }

  private Picture read() throws IOException {
    if (file.big32(SIGNATURE) != 13 || !file.says(SIGNATURE + 4, "IHDR")) {
      throw Refused.unreadable("expected an IHDR chunk");
    }
    long width = file.big32(SIGNATURE + 8);
    long height = file.big32(SIGNATURE + 12);
    Heads.checkSize(width, height, MOST_PIXELS);
    int bits = file.at(SIGNATURE + 16);
    int channels =
        switch (file.at(SIGNATURE + 17)) {
          case 0, 3 -> 1;
          case 2 -> 3;
          case 4 -> 2;
          case 6 -> 4;
          default -> throw Refused.unreadable("expected a colour type");
        };
    if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16) {
      throw Refused.unreadable("expected a bit depth");
    }
    if (height * (1 + (width * channels * bits + 7) / 8) > MOST_RAW_BYTES) {
      throw Refused.tooLarge("the picture has too many bytes");
    }
    chunks();
    return new Picture(
        Picture.Kind.PNG,
        (int) width,
        (int) height,
        orientation,
        Math.ceilDiv(channels * bits, 8) + Picture.BYTES_OF_COLOUR,
        animated,
        shown,
        List.of());
  }

  private void chunks() throws IOException {
    long position = SIGNATURE;
    for (int i = 0; i < MOST_CHUNKS; i++) {
      long length = file.big32(position);
      long next = position + AROUND + length;
      if (length > Integer.MAX_VALUE || next > file.length()) {
        throw Refused.unreadable("a chunk is longer than the file");
      }
      boolean end = file.says(position + 4, "IEND");
      if (end
          || file.says(position + 4, "IDAT")
          || file.says(position + 4, "PLTE")
          || file.says(position + 4, "tRNS")
          || file.says(position + 4, "IHDR")) {
        keep(position, next);
      } else if (file.says(position + 4, "acTL")) {
        animated = true;
      } else if (!hasExif && file.says(position + 4, "eXIf")) {
        hasExif = true;
        orientation = ExifOrientation.read(file, position + 8);
      }
      if (end) {
        shown.add(new Piece.Part(keptFrom, keptTo - keptFrom));
        return;
      }
      position = next;
    }
    throw Refused.tooLarge("there are too many chunks");
  }

  private void keep(long from, long to) throws Refused {
    if (from != keptTo) {
      if (shown.size() == MOST_PIECES) {
        throw Refused.tooLarge("there are too many chunks");
      }
      shown.add(new Piece.Part(keptFrom, keptTo - keptFrom));
      keptFrom = from;
    }
    keptTo = to;
  }
}
