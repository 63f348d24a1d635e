package org.hearth.server.services.media.thumbnail;

import java.io.EOFException;
import java.io.IOException;

/// Reads the head of a picture, by its first bytes.
final class Heads {
  private Heads() {}

  /// @throws Refused if it is none that is read here, or claims too much
  static Picture read(SourceFile file) throws IOException {
    try {
      if (file.at(0) == 0xff && file.at(1) == 0xd8 && file.at(2) == 0xff) {
        return JpegHead.read(file);
      }
      if (file.at(0) == 0x89 && file.says(1, "PNG\r\n\u001a\n")) {
        return PngHead.read(file);
      }
      if (file.says(0, "GIF87a") || file.says(0, "GIF89a")) {
        return GifHead.read(file);
      }
      if (file.says(0, "RIFF") && file.says(8, "WEBP")) {
        return WebpHead.read(file);
      }
    } catch (EOFException e) {
      throw Refused.unreadable(String.valueOf(e.getMessage()));
    }
    throw Refused.unreadable("the first bytes are of no picture");
  }

  /// @param most pixels
  static void checkSize(long width, long height, long most) throws Refused {
    if (width < 1 || height < 1) {
      throw Refused.unreadable("the picture is empty");
    }
    if (width > 0xffff || height > 0xffff || width * height > most) {
      throw Refused.tooLarge("the picture has %d × %d pixels".formatted(width, height));
    }
  }
}
