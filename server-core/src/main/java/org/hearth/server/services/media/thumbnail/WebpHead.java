package org.hearth.server.services.media.thumbnail;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The chunks of a WebP. A decoder gets to see one picture without metadata: the only one, or the
/// first of those that follow each other.
///
/// **source**: RFC 9649 §2
final class WebpHead {
  /// The decoder has no way to leave out lines.
  static final long MOST_PIXELS = 8_000_000;

  /// What the decoder allocates for a pixel of a lossy picture: measured.
  static final int BYTES_OF_LOSSY_PIXEL = 86;

  private static final int MOST_CHUNKS = 10_000;
  private static final int READ_AHEAD = 64;
  private static final int ANIMATION = 0x02;
  private static final int ALPHA = 0x10;

  private final SourceFile file;
  private @Nullable Chunk alpha;
  private @Nullable Chunk image;
  private int orientation = 1;
  private boolean hasExif;
  private boolean animated;

  /// @param name of four characters
  /// @param start of its content
  private record Chunk(String name, long start, long length) {
    long next() {
      return start + length + (length & 1);
    }
  }

  private WebpHead(SourceFile file) {
    this.file = file;
  }

  static Picture read(SourceFile file) throws IOException {
    return new WebpHead(file).read();
  }

  private Picture read() throws IOException {
    chunks(12, Math.min(file.length(), 8 + file.little32(4)), false);
    Chunk found = image;
    if (found == null) {
      throw Refused.unreadable("there is no picture in it");
    }
    boolean lossless = found.name.equals("VP8L");
    if (!lossless && !(file.at(found.start + 3) == 0x9d && file.says(found.start + 4, "\u0001*"))) {
      throw Refused.unreadable("expected a key frame");
    }
    long bits = lossless ? file.little32(found.start + 1) : 0;
    int width = lossless ? (int) (bits & 0x3fff) + 1 : file.little16(found.start + 6) & 0x3fff;
    int height =
        lossless ? (int) (bits >> 14 & 0x3fff) + 1 : file.little16(found.start + 8) & 0x3fff;
    Heads.checkSize(width, height, MOST_PIXELS);
    return new Picture(
        Picture.Kind.WEBP,
        width,
        height,
        orientation,
        lossless ? Picture.BYTES_OF_COLOUR : BYTES_OF_LOSSY_PIXEL,
        animated,
        shown(found, width, height),
        List.of());
  }

  private void chunks(long first, long end, boolean inFrame) throws IOException {
    long position = first;
    for (int i = 0; i < MOST_CHUNKS && position + 8 <= end; i++) {
      Chunk chunk = new Chunk(name(position), position + 8, file.little32(position + 4));
      if (chunk.start + chunk.length > end) {
        throw Refused.unreadable("a chunk is longer than the file");
      }
      switch (chunk.name) {
        case "VP8X" -> animated = (file.at(chunk.start) & ANIMATION) != 0;
        case "ALPH" -> alpha = image == null ? chunk : alpha;
        case "VP8 ", "VP8L" -> image = image == null ? chunk : image;
        case "EXIF" -> {
          if (!hasExif) {
            hasExif = true;
            orientation = exif(chunk);
          }
        }
        case "ANMF" -> {
          if (!inFrame && image == null) {
            chunks(chunk.start + 16, chunk.start + chunk.length, true);
          }
        }
        default -> {
          // Neither profiles nor XMP are shown to the decoder.
        }
      }
      position = chunk.next();
    }
  }

  private int exif(Chunk chunk) throws IOException {
    return ExifOrientation.read(file, chunk.start + (file.says(chunk.start, "Exif\0\0") ? 6 : 0));
  }

  private String name(long position) throws IOException {
    byte[] name = new byte[4];
    for (int i = 0; i < name.length; i++) {
      name[i] = (byte) file.at(position + i);
    }
    return new String(name, US_ASCII);
  }

  private List<Piece> shown(Chunk picture, int width, int height) {
    List<Piece> chunks = new ArrayList<>();
    Chunk withAlpha = alpha;
    if (withAlpha != null && picture.name.equals("VP8 ")) {
      byte[] bytes = new byte[18];
      ByteBuffer extended = little(bytes).put("VP8X".getBytes(US_ASCII)).putInt(10).putInt(ALPHA);
      put24(extended, width - 1);
      put24(extended, height - 1);
      chunks.add(new Piece.Given(bytes));
      add(chunks, withAlpha);
    }
    add(chunks, picture);
    long length = 4 + chunks.stream().mapToLong(Piece::length).sum();
    byte[] head = new byte[12];
    var _ =
        little(head)
            .put("RIFF".getBytes(US_ASCII))
            .putInt((int) length)
            .put("WEBP".getBytes(US_ASCII));
    chunks.addFirst(new Piece.Given(head));
    // The decoder reads eight bytes at once, also where there are fewer left.
    chunks.add(new Piece.Given(new byte[READ_AHEAD]));
    return chunks;
  }

  /// With its name and length, and the byte that makes it even.
  private static void add(List<Piece> chunks, Chunk chunk) {
    chunks.add(new Piece.Part(chunk.start - 8, 8 + chunk.length));
    if ((chunk.length & 1) != 0) {
      chunks.add(new Piece.Given(new byte[1]));
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void put24(ByteBuffer into, int number) {
    into.put((byte) number).put((byte) (number >> 8)).put((byte) (number >> 16));
  }
}
