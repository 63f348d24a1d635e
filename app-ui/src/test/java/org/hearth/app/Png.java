package org.hearth.app;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javafx.scene.image.Image;
import javafx.scene.image.PixelReader;

/// Writes an image as PNG: JavaFX alone cannot, and AWT is not wanted in these tests.
///
/// **source**: [PNG, third edition](https://www.w3.org/TR/png-3/)
final class Png {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10};
  private static final int RGBA = 6;

  private Png() {}

  static byte[] encode(Image image) throws IOException {
    int width = (int) image.getWidth();
    int height = (int) image.getHeight();
    ByteArrayOutputStream pixels = new ByteArrayOutputStream(width * height);
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(pixels)) {
      PixelReader reader = image.getPixelReader();
      byte[] row = new byte[1 + width * 4];
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int argb = reader.getArgb(x, y);
          int at = 1 + x * 4;
          row[at] = (byte) (argb >> 16);
          row[at + 1] = (byte) (argb >> 8);
          row[at + 2] = (byte) argb;
          row[at + 3] = (byte) (argb >>> 24);
        }
        deflated.write(row);
      }
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream(pixels.size() + 100);
    png.write(SIGNATURE);
    byte[] header =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) 8)
            .put((byte) RGBA)
            .put(new byte[3])
            .array();
    chunk(png, "IHDR", header);
    chunk(png, "IDAT", pixels.toByteArray());
    chunk(png, "IEND", new byte[0]);
    return png.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream png, String type, byte[] data)
      throws IOException {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 sum = new CRC32();
    sum.update(name);
    sum.update(data);
    png.write(ByteBuffer.allocate(4).putInt(data.length).array());
    png.write(name);
    png.write(data);
    png.write(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
  }
}
