package org.hearth.server.admin;

import com.google.zxing.BarcodeFormat;
import com.google.zxing.EncodeHintType;
import com.google.zxing.WriterException;
import com.google.zxing.common.BitMatrix;
import com.google.zxing.qrcode.QRCodeWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A QR code, with the margin that cameras need to find it.
///
/// **thread**: any.
public final class QrCode {
  /// ISO/IEC 18004 §6.3.8: the quiet zone of four modules.
  private static final int QUIET = 4;

  private final BitMatrix modules;

  private QrCode(BitMatrix modules) {
    this.modules = modules;
  }

  /// The code of a text.
  ///
  /// @throws IllegalArgumentException if it is longer than a code can be
  public static QrCode of(String text) {
    try {
      return new QrCode(
          new QRCodeWriter()
              .encode(
                  text,
                  BarcodeFormat.QR_CODE,
                  0,
                  0,
                  Map.of(
                      EncodeHintType.MARGIN,
                      QUIET,
                      EncodeHintType.CHARACTER_SET,
                      StandardCharsets.UTF_8.name())));
    } catch (WriterException e) {
      throw new IllegalArgumentException("no QR code has so long a text", e);
    }
  }

  /// How many modules are in a row, and how many rows there are, with the margin.
  public int size() {
    return modules.getWidth();
  }

  /// Whether a module is dark; beyond the edge none is.
  public boolean isDark(int column, int row) {
    return column < size() && row < size() && modules.get(column, row);
  }

  /// The code for a terminal, whose characters are twice as high as they are wide: two rows in a
  /// line, the light modules drawn, as most terminals are dark.
  public List<String> lines() {
    return IntStream.iterate(0, row -> row < size(), row -> row + 2)
        .mapToObj(row ->
            IntStream.range(0, size())
                .mapToObj(column -> half(isDark(column, row), isDark(column, row + 1)))
                .collect(Collectors.joining()))
        .toList();
  }

  private static String half(boolean upperDark, boolean lowerDark) {
    if (upperDark) {
      return lowerDark ? " " : "▄";
    }
    return lowerDark ? "▀" : "█";
  }
}
