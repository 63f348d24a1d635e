package org.hearth.server.services.media.thumbnail;

import java.io.EOFException;
import java.io.IOException;

/// How a camera was held, which is the one thing of a picture's metadata that is looked at.
///
/// **source**: Exif 2.32 §4.6.4 (tag 0x0112), TIFF 6.0 §2
final class ExifOrientation {
  private static final int UPRIGHT = 1;
  private static final int TAG = 0x0112;
  private static final int SHORT = 3;
  private static final int MOST_ENTRIES = 100;

  private ExifOrientation() {}

  /// Reads it.
  ///
  /// @param start where the TIFF header is, from which its offsets are counted
  /// @return 1 to 8; 1 if it says nothing, or nonsense
  static int read(SourceFile file, long start) throws IOException {
    try {
      boolean little = file.says(start, "II");
      if (!little && !file.says(start, "MM")) {
        return UPRIGHT;
      }
      long directory = start + (little ? file.little32(start + 4) : file.big32(start + 4));
      int entries = Math.min(MOST_ENTRIES, number(file, directory, little));
      for (int i = 0; i < entries; i++) {
        long entry = directory + 2 + 12L * i;
        if (number(file, entry, little) == TAG && number(file, entry + 2, little) == SHORT) {
          int found = number(file, entry + 8, little);
          return found >= 1 && found <= 8 ? found : UPRIGHT;
        }
      }
    } catch (EOFException _) {
      // Damaged metadata say nothing about the picture.
    }
    return UPRIGHT;
  }

  private static int number(SourceFile file, long position, boolean little) throws IOException {
    return little ? file.little16(position) : file.big16(position);
  }
}
