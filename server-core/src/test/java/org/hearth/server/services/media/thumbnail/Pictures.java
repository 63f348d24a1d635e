package org.hearth.server.services.media.thumbnail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;

/// Pictures for tests, good ones and pieces of bad ones.
public final class Pictures {
  private Pictures() {}

  /// Red on the left, blue on the right.
  public static BufferedImage halves(int width, int height, boolean transparent) {
    BufferedImage picture =
        new BufferedImage(
            width, height, transparent ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    graphics.setColor(Color.RED);
    graphics.fillRect(0, 0, width / 2, height);
    graphics.setColor(transparent ? new Color(0, 0, 255, 128) : Color.BLUE);
    graphics.fillRect(width / 2, 0, width - width / 2, height);
    graphics.dispose();
    return picture;
  }

  public static byte[] jpeg(int width, int height) {
    return written(halves(width, height, false), "jpeg");
  }

  public static byte[] png(int width, int height) {
    return written(halves(width, height, false), "png");
  }

  public static byte[] transparentPng(int width, int height) {
    return written(halves(width, height, true), "png");
  }

  static byte[] written(BufferedImage picture, String format) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(picture, format, bytes)) {
        throw new IllegalStateException("no " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /// A JPEG with another segment behind its first marker.
  static byte[] withSegment(byte[] jpeg, int marker, byte[] content) {
    return joined(
        Arrays.copyOf(jpeg, 2),
        new byte[] {
          (byte) 0xff,
          (byte) marker,
          (byte) ((content.length + 2) >> 8),
          (byte) (content.length + 2)
        },
        content,
        Arrays.copyOfRange(jpeg, 2, jpeg.length));
  }

  /// What EXIF says of an orientation, and a secret.
  static byte[] exif(int orientation, String secret) {
    ByteBuffer exif = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    exif.put("Exif\0\0II".getBytes(US_ASCII)).putShort((short) 42).putInt(8);
    exif.putShort((short) 1).putShort((short) 0x0112).putShort((short) 3).putInt(1);
    exif.putInt(orientation);
    return joined(exif.array(), secret.getBytes(US_ASCII));
  }

  /// A PNG of one colour, whatever its size, made of chunks.
  static byte[] plainPng(int width, int height, int bits, int colourType, boolean interlaced) {
    int channels = new int[] {1, 0, 3, 1, 2, 0, 4}[colourType];
    byte[] line = new byte[1 + (int) (((long) width * channels * bits + 7) / 8)];
    byte[] data =
        deflated(out -> {
          // An interlaced picture has up to seven times as many lines, and fewer bytes in each.
          for (int i = 0; i < height * (interlaced ? 2 : 1); i++) {
            out.write(line);
          }
        });
    return joined(PNG, ihdr(width, height, bits, colourType, interlaced), chunk("IDAT", data), END);
  }

  /// A PNG that claims to be of that size, and has nothing.
  public static byte[] ihdrOnly(int width, int height) {
    return joined(PNG, ihdr(width, height, 8, 6, false), END);
  }

  static final byte[] PNG = "\u0089PNG\r\n\u001a\n".getBytes(ISO_8859_1);
  static final byte[] END = chunk("IEND", new byte[0]);

  static byte[] ihdr(int width, int height, int bits, int colourType, boolean interlaced) {
    return chunk(
        "IHDR",
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) bits)
            .put((byte) colourType)
            .put((byte) 0)
            .put((byte) 0)
            .put((byte) (interlaced ? 1 : 0))
            .array());
  }

  static byte[] chunk(String name, byte[] content) {
    byte[] named = joined(name.getBytes(US_ASCII), content);
    CRC32 crc = new CRC32();
    crc.update(named);
    return ByteBuffer.allocate(8 + named.length)
        .putInt(content.length)
        .put(named)
        .putInt((int) crc.getValue())
        .array();
  }

  /// Writes what is compressed.
  interface Content {
    void to(DeflaterOutputStream out) throws IOException;
  }

  static byte[] deflated(Content content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(1);
    try (DeflaterOutputStream out = new DeflaterOutputStream(bytes, deflater)) {
      content.to(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      deflater.end();
    }
    return bytes.toByteArray();
  }

  /// A GIF whose frames are of one colour each, by turns.
  public static byte[] gif(int width, int height, int frames) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(gifHead(width, height));
    for (int i = 0; i < frames; i++) {
      out.writeBytes(new byte[] {0x21, (byte) 0xf9, 4, 0, 10, 0, 0, 0});
      out.writeBytes(gifFrame(0, 0, width, height, i & 1));
    }
    out.write(0x3b);
    return out.toByteArray();
  }

  /// With a table of two colours.
  static byte[] gifHead(int width, int height) {
    return ByteBuffer.allocate(19)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("GIF89a".getBytes(US_ASCII))
        .putShort((short) width)
        .putShort((short) height)
        .put(new byte[] {(byte) 0x80, 0, 0, (byte) 255, 0, 0, 0, 0, (byte) 255})
        .array();
  }

  static byte[] gifFrame(int left, int top, int width, int height, int colour) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(11)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put((byte) 0x2c)
            .putShort((short) left)
            .putShort((short) top)
            .putShort((short) width)
            .putShort((short) height)
            .put((byte) 0)
            .put((byte) 2)
            .array());
    // Codes of three bits: after each two pixels the table is cleared, so that it never grows.
    Bits bits = new Bits();
    for (long pixels = (long) width * height; pixels > 0; pixels -= 2) {
      bits.put(4, 3);
      bits.put(colour, 3);
      if (pixels > 1) {
        bits.put(colour, 3);
      }
    }
    bits.put(5, 3);
    byte[] codes = bits.bytes();
    for (int i = 0; i < codes.length; i += 255) {
      int length = Math.min(255, codes.length - i);
      out.write(length);
      out.write(codes, i, length);
    }
    out.write(0);
    return out.toByteArray();
  }

  /// A lossless WebP of one colour, of a few bytes whatever its size.
  public static byte[] webp(int width, int height) {
    return riff(losslessChunk(width, height));
  }

  static byte[] losslessChunk(int width, int height) {
    Bits bits = new Bits();
    bits.put(0x2f, 8);
    bits.put(width - 1, 14);
    bits.put(height - 1, 14);
    // No alpha, version 0, no transform, no colour cache, no meta codes.
    bits.put(0, 1 + 3 + 1 + 1 + 1);
    for (int i = 0; i < 5; i++) {
      // A simple code with one symbol of one bit.
      bits.put(1, 1);
      bits.put(0, 1);
      bits.put(0, 1);
      bits.put(1, 1);
    }
    return webpChunk("VP8L", bits.bytes());
  }

  /// A lossy WebP of one colour.
  ///
  /// @param bytes how many zeros there are for it
  static byte[] lossyWebp(int width, int height, int bytes) {
    // Made by libwebp of one pixel.
    byte[] pixel =
        Base64.getDecoder().decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA");
    byte[] content = Arrays.copyOfRange(pixel, 20, 42 + bytes);
    content[6] = (byte) width;
    content[7] = (byte) (width >> 8);
    content[8] = (byte) height;
    content[9] = (byte) (height >> 8);
    return riff(webpChunk("VP8 ", content));
  }

  static byte[] webpChunk(String name, byte[] content) {
    return joined(
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(name.getBytes(US_ASCII))
            .putInt(content.length)
            .array(),
        content,
        new byte[content.length & 1]);
  }

  static byte[] riff(byte[]... chunks) {
    byte[] all = joined(chunks);
    return joined(
        ByteBuffer.allocate(12)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put("RIFF".getBytes(US_ASCII))
            .putInt(4 + all.length)
            .put("WEBP".getBytes(US_ASCII))
            .array(),
        all);
  }

  /// Bits, the least significant first.
  static final class Bits {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int current;
    private int count;

    void put(int value, int bits) {
      for (int i = 0; i < bits; i++) {
        current |= (value >> i & 1) << count++;
        if (count == 8) {
          out.write(current);
          current = 0;
          count = 0;
        }
      }
    }

    byte[] bytes() {
      if (count > 0) {
        out.write(current);
        current = 0;
        count = 0;
      }
      return out.toByteArray();
    }
  }

  static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(out::writeBytes);
    return out.toByteArray();
  }

  static byte[] repeated(byte[] part, int times) {
    List<byte[]> parts = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      parts.add(part);
    }
    return joined(parts.toArray(byte[][]::new));
  }
}
