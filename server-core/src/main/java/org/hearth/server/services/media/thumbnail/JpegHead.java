package org.hearth.server.services.media.thumbnail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The head of a JPEG: the segments before its first scan.
///
/// A decoder keeps all coefficients of a picture of several scans in memory, and goes through all
/// of them for each scan, which can be a few bytes long. So both are bounded beforehand.
///
/// **source**: ITU-T T.81 annex B; JFIF 1.02; Exif 2.32 §4.5
final class JpegHead {
  /// What a picture in one scan may have: it is decoded line by line.
  static final long MOST_PIXELS = 64_000_000;

  /// What the coefficients of a picture in several scans may take.
  static final long MOST_COEFFICIENT_BYTES = 96L << 20;

  /// The most scans, each of which goes through the whole picture.
  static final long MOST_SCANNED_PIXELS = 300_000_000;

  private static final int MOST_SEGMENTS = 1_000;
  private static final int MOST_SCANS = 100;
  private static final int JFIF_WITHOUT_THUMBNAIL = 16;

  private final SourceFile file;
  private final List<Piece> shown = new ArrayList<>();
  private int width;
  private int height;
  private int components;
  private long coefficientBytes;
  private boolean progressive;
  private int orientation = 1;

  private JpegHead(SourceFile file) {
    this.file = file;
  }

  static Picture read(SourceFile file) throws IOException {
    return new JpegHead(file).read();
  }

  private Picture read() throws IOException {
    shown.add(new Piece.Part(0, 2));
    long position = 2;
    for (int i = 0; i < MOST_SEGMENTS; i++) {
      if (file.at(position) != 0xff) {
        throw Refused.unreadable("expected a marker at " + position);
      }
      int marker = file.at(position + 1);
      if (marker == 0xff) {
        // "Any marker may optionally be preceded by any number of fill bytes."
        position++;
        continue;
      }
      int length = file.big16(position + 2);
      if (length < 2) {
        throw Refused.unreadable("expected the length of a segment at " + (position + 2));
      }
      if (marker == 0xda) {
        return picture(position);
      }
      segment(marker, position, length);
      position += 2 + length;
    }
    throw Refused.unreadable("there are too many segments");
  }

  private void segment(int marker, long position, int length) throws IOException {
    switch (marker) {
      case 0xc0, 0xc1, 0xc2 -> frame(marker, position);
      case 0xdb, 0xc4, 0xdd -> keep(position, length);
      // The markers of JFIF and of Adobe say what the colours are.
      case 0xe0 -> {
        if (length == JFIF_WITHOUT_THUMBNAIL) {
          keep(position, length);
        }
      }
      case 0xee -> {
        if (length < 64) {
          keep(position, length);
        }
      }
      case 0xe1 -> {
        if (file.says(position + 4, "Exif\0\0")) {
          orientation = ExifOrientation.read(file, position + 10);
        }
      }
      case 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xef, 0xfe -> {
        // Metadata, profiles and comments are not shown to the decoder.
      }
      default -> throw Refused.unreadable("marker %02x is not for pictures here".formatted(marker));
    }
  }

  /// | offset | length | field |
  /// |---|---|---|
  /// | 4 | 1 | bits a sample |
  /// | 5 | 2 | lines |
  /// | 7 | 2 | samples a line |
  /// | 9 | 1 | components; for each an identifier, the sampling factors, a table |
  private void frame(int marker, long position) throws IOException {
    if (components > 0) {
      throw Refused.unreadable("there are two frames");
    }
    progressive = marker == 0xc2;
    height = file.big16(position + 5);
    width = file.big16(position + 7);
    Heads.checkSize(width, height, MOST_PIXELS);
    components = file.at(position + 9);
    if (file.at(position + 4) != 8 || (components != 1 && components != 3)) {
      throw Refused.unreadable("expected 8 bits, and grey or three colours");
    }
    int widest = 1;
    int tallest = 1;
    long blocks = 0;
    for (int i = 0; i < components; i++) {
      int factors = file.at(position + 11 + 3L * i);
      int across = factors >> 4;
      int down = factors & 0xf;
      if (factors < 0 || across < 1 || across > 4 || down < 1 || down > 4) {
        throw Refused.unreadable("expected sampling factors of 1 to 4");
      }
      widest = Math.max(widest, across);
      tallest = Math.max(tallest, down);
      blocks += (long) across * down;
    }
    long unitsAcross = Math.ceilDiv(width, 8 * widest);
    long unitsDown = Math.ceilDiv(height, 8 * tallest);
    coefficientBytes = unitsAcross * unitsDown * blocks * 64 * 2;
    keep(position, file.big16(position + 2));
  }

  private Picture picture(long firstScan) throws IOException {
    if (components == 0) {
      throw Refused.unreadable("there is no frame before the scan");
    }
    shown.add(new Piece.Part(firstScan, file.length() - firstScan));
    if (progressive || file.at(firstScan + 4) < components) {
      checkScans(firstScan);
    }
    int bytes = components == 1 ? 1 + Picture.BYTES_OF_COLOUR : components;
    return new Picture(
        Picture.Kind.JPEG, width, height, orientation, bytes, false, shown, List.of());
  }

  /// Within a scan "FF" is followed by "00" or a marker, so each FF DA begins a scan.
  private void checkScans(long firstScan) throws IOException {
    if (coefficientBytes > MOST_COEFFICIENT_BYTES) {
      throw Refused.tooLarge("the coefficients take %d bytes".formatted(coefficientBytes));
    }
    byte[] bytes = new byte[64 << 10];
    long scans = 0;
    boolean marker = false;
    for (long at = firstScan; at < file.length(); ) {
      int count = file.read(at, bytes, 0, bytes.length);
      for (int i = 0; i < count; i++) {
        scans += marker && bytes[i] == (byte) 0xda ? 1 : 0;
        marker = bytes[i] == (byte) 0xff;
      }
      at += count;
      if (scans > MOST_SCANS || scans * width * height > MOST_SCANNED_PIXELS) {
        throw Refused.tooLarge("the picture has more than %d scans".formatted(scans - 1));
      }
    }
  }

  private void keep(long position, int length) {
    shown.add(new Piece.Part(position, 2L + length));
  }
}
