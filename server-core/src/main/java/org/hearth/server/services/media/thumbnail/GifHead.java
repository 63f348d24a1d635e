package org.hearth.server.services.media.thumbnail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The blocks of a GIF: how large its canvas is, and its frames.
///
/// **source**: GIF89a specification §§17 to 27
final class GifHead {
  static final long MOST_PIXELS = 8_000_000;

  /// The most frames that are drawn one after the other; of a GIF with more there is its first.
  static final int MOST_FRAMES = 150;

  private static final int MOST_BLOCKS = 1 << 21;

  /// One picture of those that follow each other on the canvas.
  ///
  /// @param delay before the next one, in hundredths of a second
  /// @param disposal what becomes of it then: 2 removes it, 3 brings back what was there before
  record Frame(int left, int top, int width, int height, int delay, int disposal) {}

  private final SourceFile file;
  private final List<Frame> frames = new ArrayList<>();
  private int blocks;
  private int count;
  private int delay;
  private int disposal;

  private GifHead(SourceFile file) {
    this.file = file;
  }

  static Picture read(SourceFile file) throws IOException {
    return new GifHead(file).read();
  }

  private Picture read() throws IOException {
    int width = file.little16(6);
    int height = file.little16(8);
    Heads.checkSize(width, height, MOST_PIXELS);
    long end = blocks(13 + tableBytes(file.at(10)), width, height);
    if (frames.isEmpty()) {
      throw Refused.unreadable("there is no frame");
    }
    return new Picture(
        Picture.Kind.GIF,
        width,
        height,
        1,
        4,
        count > 1,
        List.of(new Piece.Part(0, end)),
        count > MOST_FRAMES ? frames.subList(0, 1) : frames);
  }

  /// @return where they end
  private long blocks(long first, int width, int height) throws IOException {
    long position = first;
    while (position < file.length()) {
      int kind = file.at(position);
      if (kind == 0x3b) {
        return position + 1;
      }
      if (kind == 0x21) {
        if (file.at(position + 1) == 0xf9 && file.at(position + 2) == 4) {
          disposal = file.at(position + 3) >> 2 & 7;
          delay = file.little16(position + 4);
        }
        position = behind(position + 2);
      } else if (kind == 0x2c) {
        frame(position, width, height);
        if (count > MOST_FRAMES) {
          // Nobody looks at those that follow.
          return file.length();
        }
        position = behind(position + 10 + tableBytes(file.at(position + 9)) + 1);
      } else {
        throw Refused.unreadable("expected a block at " + position);
      }
    }
    // What was cut off behind a whole frame is shown without its end.
    return file.length();
  }

  private void frame(long position, int width, int height) throws IOException {
    Frame frame =
        new Frame(
            file.little16(position + 1),
            file.little16(position + 3),
            file.little16(position + 5),
            file.little16(position + 7),
            delay,
            disposal);
    Heads.checkSize(frame.width, frame.height, MOST_PIXELS);
    if (frame.left + frame.width > width || frame.top + frame.height > height) {
      throw Refused.unreadable("a frame is larger than its canvas");
    }
    count++;
    delay = 0;
    disposal = 0;
    if (count <= MOST_FRAMES) {
      frames.add(frame);
    }
  }

  private static int tableBytes(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  /// Where what follows the sub-blocks from there on is.
  private long behind(long first) throws IOException {
    long position = first;
    int length = file.at(position);
    while (length > 0) {
      if (blocks++ == MOST_BLOCKS) {
        throw Refused.tooLarge("there are too many blocks");
      }
      position += 1 + length;
      length = file.at(position);
    }
    return position + 1;
  }
}
