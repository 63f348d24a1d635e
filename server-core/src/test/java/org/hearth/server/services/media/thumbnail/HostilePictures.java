package org.hearth.server.services.media.thumbnail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hearth.server.services.media.thumbnail.Pictures.chunk;
import static org.hearth.server.services.media.thumbnail.Pictures.deflated;
import static org.hearth.server.services.media.thumbnail.Pictures.ihdr;
import static org.hearth.server.services.media.thumbnail.Pictures.joined;
import static org.hearth.server.services.media.thumbnail.Pictures.repeated;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/// Two hundred files that somebody might upload to harm the server; always the same ones.
final class HostilePictures {
  private static final long SEED = 7;

  /// Made when it is needed: some are large.
  record Hostile(String name, Supplier<byte[]> file) {
    @Override
    public String toString() {
      return name;
    }
  }

  private final List<Hostile> all = new ArrayList<>();

  private HostilePictures() {}

  static List<Hostile> all() {
    HostilePictures pictures = new HostilePictures();
    pictures.claims();
    pictures.pngs();
    pictures.jpegs();
    pictures.gifs();
    pictures.webps();
    pictures.others();
    pictures.damaged();
    return pictures.all;
  }

  private void add(String name, Supplier<byte[]> file) {
    all.add(new Hostile(name, file));
  }

  private void claims() {
    int[][] sizes = {
      {100_000, 100_000},
      {30_000, 30_000},
      {65_535, 65_535},
      {1, Integer.MAX_VALUE},
      {-1, -1},
      {0, 0},
      {60_000, 600},
      {16_000, 16_000}
    };
    for (int[] each : sizes) {
      int width = each[0];
      int height = each[1];
      String claim = " of " + width + " × " + height;
      add(
          "png" + claim,
          () ->
              joined(
                  Pictures.PNG,
                  ihdr(width, height, 8, 6, false),
                  chunk("IDAT", deflated(out -> out.write(new byte[1000]))),
                  Pictures.END));
      add("jpeg" + claim, () -> sized(Pictures.jpeg(8, 8), width, height));
      add(
          "gif" + claim,
          () ->
              joined(
                  Pictures.gifHead(width, height),
                  Pictures.gifFrame(0, 0, 10, 10, 1),
                  new byte[] {0x3b}));
      add("webp" + claim, () -> Pictures.webp(width & 0x3fff, height & 0x3fff));
    }
    add(
        "gif with a frame larger than its canvas",
        () -> joined(Pictures.gifHead(10, 10), Pictures.gifFrame(0, 0, 300, 300, 1)));
    add(
        "gif with a frame of 65535 × 65535",
        () -> {
          byte[] frame = Pictures.gifFrame(0, 0, 1, 1, 1);
          Arrays.fill(frame, 5, 9, (byte) 0xff);
          return joined(Pictures.gifHead(10, 10), frame);
        });
    add(
        "webp whose canvas is smaller than its picture",
        () ->
            Pictures.riff(
                Pictures.webpChunk("VP8X", new byte[] {0, 0, 0, 0, 9, 0, 0, 9, 0, 0}),
                Pictures.losslessChunk(16_383, 16_383)));
  }

  /// With another size in the frame header.
  private static byte[] sized(byte[] jpeg, int width, int height) {
    byte[] changed = jpeg.clone();
    for (int i = 2; i < changed.length - 9; i++) {
      if (changed[i] == (byte) 0xff && (changed[i + 1] & 0xff) == 0xc0) {
        ByteBuffer.wrap(changed).putShort(i + 5, (short) height).putShort(i + 7, (short) width);
        return changed;
      }
    }
    throw new IllegalStateException("no frame header");
  }

  private void pngs() {
    add("png of 36 million pixels", () -> Pictures.plainPng(6000, 6000, 8, 2, false));
    add("png of 36 million pixels, interlaced", () -> Pictures.plainPng(6000, 6000, 8, 2, true));
    add("png of 16 bits", () -> Pictures.plainPng(4800, 4800, 16, 6, false));
    add("png of 16 bits, interlaced", () -> Pictures.plainPng(4800, 4800, 16, 6, true));
    add("png of one bit", () -> Pictures.plainPng(6300, 6300, 1, 0, false));
    add("png of one line", () -> Pictures.plainPng(65_535, 600, 8, 6, false));
    add("png of one column", () -> Pictures.plainPng(600, 65_535, 8, 6, false));
    add("png of a palette that is not there", () -> Pictures.plainPng(1000, 1000, 8, 3, false));
    byte[] bomb =
        deflated(out -> {
          for (int i = 0; i < 100; i++) {
            out.write(new byte[1 << 20]);
          }
        });
    for (String name : List.of("zTXt", "iCCP", "iTXt")) {
      byte[] text = joined("bomb\0\0".getBytes(UTF_8), bomb);
      byte[] head = name.equals("iTXt") ? "bomb\0\1\0\0\0".getBytes(UTF_8) : new byte[0];
      add(
          "png with a bomb in " + name,
          () ->
              joined(
                  Pictures.PNG,
                  ihdr(501, 501, 8, 2, false),
                  chunk(name, name.equals("iTXt") ? joined(head, bomb) : text),
                  chunk("IDAT", deflated(out -> out.write(new byte[501 * 1504]))),
                  Pictures.END));
    }
    add(
        "png whose data are longer than its picture",
        () -> joined(Pictures.PNG, ihdr(501, 501, 8, 2, false), chunk("IDAT", bomb), Pictures.END));
    add(
        "png of 200,000 empty chunks",
        () ->
            joined(
                Pictures.PNG,
                ihdr(501, 501, 8, 2, false),
                repeated(chunk("IDAT", new byte[0]), 200_000),
                Pictures.END));
    add(
        "png of 100,000 texts between its data",
        () ->
            joined(
                Pictures.PNG,
                ihdr(501, 501, 8, 2, false),
                repeated(joined(chunk("IDAT", new byte[0]), chunk("tEXt", new byte[5])), 100_000),
                Pictures.END));
    add(
        "png with a chunk of 2 GiB",
        () ->
            joined(
                Pictures.PNG, ihdr(501, 501, 8, 2, false), new byte[] {127, -1, -1, -1, 'I', 'D'}));
    add(
        "png without data",
        () -> joined(Pictures.PNG, ihdr(1000, 1000, 8, 2, false), Pictures.END));
  }

  private void jpegs() {
    add("jpeg of 64 million pixels", () -> sized(Pictures.jpeg(64, 64), 8000, 8000));
    add("jpeg of one line", () -> sized(Pictures.jpeg(64, 64), 65_500, 900));
    add("jpeg of one column", () -> sized(Pictures.jpeg(64, 64), 900, 65_500));
    for (int[] each : new int[][] {{4000, 4000, 20_000}, {6000, 6000, 5}, {2000, 2000, 90}}) {
      add(
          "progressive jpeg of %d scans of %d × %d".formatted(each[2], each[0], each[1]),
          () -> progressive(each[0], each[1], each[2]));
    }
    add(
        "jpeg of 60,000 fill bytes",
        () -> {
          byte[] fill = new byte[60_000];
          Arrays.fill(fill, (byte) 0xff);
          byte[] jpeg = Pictures.jpeg(100, 100);
          return joined(Arrays.copyOf(jpeg, 2), fill, Arrays.copyOfRange(jpeg, 2, jpeg.length));
        });
    add(
        "jpeg of 100,000 comments",
        () -> {
          byte[] jpeg = Pictures.jpeg(100, 100);
          return joined(
              Arrays.copyOf(jpeg, 2),
              repeated(new byte[] {(byte) 0xff, (byte) 0xfe, 0, 2}, 100_000),
              Arrays.copyOfRange(jpeg, 2, jpeg.length));
        });
    add(
        "jpeg whose EXIF goes round in circles",
        () ->
            Pictures.withSegment(
                Pictures.jpeg(100, 100),
                0xe1,
                joined("Exif\0\0MM\0*\377\377\377\377".getBytes(UTF_8), new byte[100])));
    for (int marker : new int[] {0xc3, 0xc5, 0xc9, 0xcb, 0xcf}) {
      add(
          "jpeg with the frame " + marker,
          () -> {
            byte[] jpeg = sized(Pictures.jpeg(100, 100), 3000, 3000);
            for (int i = 2; i < jpeg.length - 9; i++) {
              if (jpeg[i] == (byte) 0xff && (jpeg[i + 1] & 0xff) == 0xc0) {
                jpeg[i + 1] = (byte) marker;
                break;
              }
            }
            return jpeg;
          });
    }
  }

  /// A grey picture whose scans are empty: each says "nothing more" for as many blocks as it can.
  private static byte[] progressive(int width, int height, int scans) {
    byte[] frame =
        ByteBuffer.allocate(13)
            .putShort((short) 0xffc2)
            .putShort((short) 11)
            .put((byte) 8)
            .putShort((short) height)
            .putShort((short) width)
            .put(new byte[] {1, 1, 0x11, 0})
            .array();
    byte[] quantisation = new byte[69];
    Arrays.fill(quantisation, (byte) 1);
    System.arraycopy(new byte[] {-1, (byte) 0xdb, 0, 67, 0}, 0, quantisation, 0, 5);
    byte[] codes = new byte[23];
    System.arraycopy(new byte[] {-1, (byte) 0xc4, 0, 21, 0x10}, 0, codes, 0, 5);
    // Two codes of one bit and two: 0xe0 is a run of 2^14 blocks that end here.
    codes[5] = 1;
    codes[6] = 1;
    codes[21] = (byte) 0xe0;
    byte[] scan = {-1, (byte) 0xda, 0, 8, 1, 1, 0x00, 1, 63, 0, 0x00, 0x00, 0x00, 0x00};
    byte[] first = {-1, (byte) 0xda, 0, 8, 1, 1, 0x00, 0, 0, 0};
    byte[] directCodes = {
      -1, (byte) 0xc4, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    };
    return joined(
        new byte[] {-1, (byte) 0xd8},
        quantisation,
        frame,
        directCodes,
        codes,
        first,
        new byte[100],
        repeated(scan, scans),
        new byte[] {-1, (byte) 0xd9});
  }

  private void gifs() {
    add("gif of 10,000 frames", () -> Pictures.gif(100, 100, 10_000));
    add(
        "gif of 1,000,000 frames",
        () ->
            joined(Pictures.gifHead(1, 1), repeated(Pictures.gifFrame(0, 0, 1, 1, 1), 1_000_000)));
    add("gif of 150 large frames", () -> Pictures.gif(600, 600, 150));
    add("gif of 8 million pixels", () -> Pictures.gif(2800, 2800, 1));
    add(
        "gif without an end",
        () -> joined(Pictures.gifHead(1000, 1000), Pictures.gifFrame(0, 0, 1000, 1000, 1)));
    add(
        "gif of a million empty extensions",
        () ->
            joined(
                Pictures.gifHead(100, 100),
                repeated(new byte[] {0x21, (byte) 0xfe, 1, 0, 0}, 1_000_000),
                Pictures.gifFrame(0, 0, 100, 100, 1)));
    for (int codeSize : new int[] {0, 1, 8, 11, 12, 255}) {
      add(
          "gif of codes of %d bits".formatted(codeSize),
          () -> {
            byte[] frame = Pictures.gifFrame(0, 0, 500, 500, 1);
            frame[10] = (byte) codeSize;
            return joined(Pictures.gifHead(500, 500), frame, new byte[] {0x3b});
          });
    }
    for (int i = 0; i < 5; i++) {
      long seed = SEED + i;
      add(
          "gif of random codes " + i,
          () -> {
            byte[] frame = Pictures.gifFrame(0, 0, 1000, 1000, 1);
            Random random = new Random(seed);
            for (int at = 12; at < frame.length - 1; at++) {
              if ((at - 11) % 256 != 0) {
                frame[at] = (byte) random.nextInt();
              }
            }
            return joined(Pictures.gifHead(1000, 1000), frame, new byte[] {0x3b});
          });
    }
  }

  private void webps() {
    add("webp of 8 million pixels", () -> Pictures.webp(2800, 2800));
    add("webp of one line", () -> Pictures.webp(16_383, 400));
    for (int[] each : new int[][] {{2800, 2800}, {16_383, 16_383}, {16_383, 480}, {1500, 1500}}) {
      for (int bytes : new int[] {0, 1_000_000}) {
        add(
            "lossy webp of %d × %d in %d bytes".formatted(each[0], each[1], bytes),
            () -> Pictures.lossyWebp(each[0], each[1], bytes));
      }
    }
    for (int i = 0; i < 15; i++) {
      long seed = SEED + i;
      add(
          "webp of random bits " + i,
          () -> {
            Random random = new Random(seed);
            byte[] bits = new byte[20_000];
            random.nextBytes(bits);
            System.arraycopy(Pictures.losslessChunk(1500, 1500), 8, bits, 0, 5);
            return Pictures.riff(Pictures.webpChunk("VP8L", bits));
          });
      add(
          "lossy webp of random bits " + i,
          () -> {
            byte[] bits = new byte[20_000];
            new Random(seed).nextBytes(bits);
            System.arraycopy(Pictures.lossyWebp(1500, 1500, 0), 20, bits, 0, 10);
            return Pictures.riff(Pictures.webpChunk("VP8 ", bits));
          });
    }
    add(
        "webp whose frame is in a frame in a frame",
        () -> {
          byte[] inner = Pictures.losslessChunk(100, 100);
          for (int i = 0; i < 1_000; i++) {
            inner = Pictures.webpChunk("ANMF", joined(new byte[16], inner));
          }
          return Pictures.riff(inner);
        });
  }

  private void others() {
    String svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    String html = "<html><script>alert(1)</script></html>";
    List<String> texts =
        List.of(
            "",
            svg,
            "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + svg,
            html,
            "GIF89a=1;/*" + html + "*/",
            "BM" + html,
            "%PDF-1.7\n" + html,
            "%!PS-Adobe-3.0\n(/etc/passwd) (r) file",
            "RIFF\4\0\0\0WEBP" + html,
            "\u0000\u0000\u0001\u0000" + html,
            "II*\0" + html,
            "8BPS" + html,
            "\0\0\0\30ftypheic" + html,
            "push graphic-context\nviewbox 0 0 1 1\nfill 'url(https://x/\"|ls\")'",
            "P6\n100000 100000\n255\n",
            "#define x_width 100000\n");
    for (String each : texts) {
      add(
          "text " + each.substring(0, Math.min(8, each.length())).replaceAll("[^!-~]", "_"),
          () -> each.getBytes(UTF_8));
    }
    byte[] tail = html.getBytes(UTF_8);
    add("png with a page behind it", () -> joined(Pictures.png(400, 400), tail));
    add("gif with a page behind it", () -> joined(Pictures.gif(400, 400, 1), tail));
    add("jpeg with a page behind it", () -> joined(Pictures.jpeg(400, 400), tail));
    add(
        "jpeg with a page in its comment",
        () -> Pictures.withSegment(Pictures.jpeg(400, 400), 0xfe, tail));
    add("jpeg with another picture behind it", () -> repeated(Pictures.jpeg(400, 400), 300));
  }

  /// Good pictures, of which something is cut off or changed.
  private void damaged() {
    List<Hostile> good =
        List.of(
            new Hostile("jpeg", () -> Pictures.jpeg(500, 400)),
            new Hostile("png", () -> Pictures.transparentPng(500, 400)),
            new Hostile("gif", () -> Pictures.gif(200, 200, 10)),
            new Hostile("webp", () -> Pictures.webp(500, 400)));
    for (Hostile each : good) {
      for (int i = 0; i < 8; i++) {
        long seed = SEED + i;
        add(
            "%s cut off %d".formatted(each, i),
            () -> {
              byte[] whole = each.file().get();
              return Arrays.copyOf(whole, 1 + new Random(seed).nextInt(whole.length - 1));
            });
        add(
            "%s with wrong bits %d".formatted(each, i),
            () -> {
              byte[] whole = each.file().get();
              Random random = new Random(seed);
              for (int flip = 0; flip < 10; flip++) {
                whole[8 + random.nextInt(whole.length - 8)] ^= (byte) (1 << random.nextInt(8));
              }
              return whole;
            });
      }
    }
  }
}
