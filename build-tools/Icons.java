import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/// Draws the program's icons from `installer/src/jpackage/icon/hearth.svg`: PNG for the panel's window and for
/// Linux, ICO for Windows, ICNS for macOS. What it writes is kept in the repository; run it when the drawing changes:
///
///     java build-tools/Icons.java
///
/// It reads no more of SVG than that drawing uses: paths of absolute M, L, C and Z, filled with a plain colour, on a
/// canvas of 256 by 256.
final class Icons {
  private static final Path FOLDER = Path.of("installer", "src", "jpackage", "icon");
  /// The icon theme that every Linux desktop falls back to.
  private static final Path THEME = FOLDER.resolve("hicolor");
  private static final Path PANEL = Path.of("app-ui", "src", "main", "resources", "org", "hearth", "app");
  private static final double CANVAS = 256;
  private static final Pattern SHAPE = Pattern.compile("<path fill=\"(#[0-9a-f]{6})\" d=\"([^\"]+)\"/>");

  /// One filled outline of the drawing.
  private record Shape(Color fill, Path2D outline) {}

  public static void main(String[] args) throws IOException {
    System.setProperty("java.awt.headless", "true");
    List<Shape> drawing = read(Files.readString(FOLDER.resolve("hearth.svg")));
    for (int size : new int[] {32, 64, 256}) {
      Files.write(PANEL.resolve("icon-" + size + ".png"), png(drawing, size));
    }
    Files.write(FOLDER.resolve("hearth.png"), png(drawing, 512));
    for (int size : new int[] {16, 22, 24, 32, 48, 64, 96, 128, 256, 512}) {
      Path apps = THEME.resolve(size + "x" + size).resolve("apps");
      Files.createDirectories(apps);
      Files.write(apps.resolve("hearth.png"), png(drawing, size));
    }
    Path scalable = Files.createDirectories(THEME.resolve("scalable").resolve("apps"));
    Files.copy(FOLDER.resolve("hearth.svg"), scalable.resolve("hearth.svg"), StandardCopyOption.REPLACE_EXISTING);
    Files.write(FOLDER.resolve("hearth.ico"), ico(drawing, 16, 32, 48, 256));
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("ic07", 128);
    sizes.put("ic08", 256);
    sizes.put("ic09", 512);
    sizes.put("ic10", 1024);
    Files.write(FOLDER.resolve("hearth.icns"), icns(drawing, sizes));
  }

  private static List<Shape> read(String svg) {
    Matcher shapes = SHAPE.matcher(svg);
    return shapes.results().map(shape -> new Shape(Color.decode(shape.group(1)), outline(shape.group(2)))).toList();
  }

  private static Path2D outline(String commands) {
    Path2D path = new Path2D.Double();
    Scanner words = new Scanner(commands.replaceAll("([MLCZ])", " $1 "));
    while (words.hasNext()) {
      String command = words.next();
      switch (command) {
        case "M" -> path.moveTo(number(words), number(words));
        case "L" -> path.lineTo(number(words), number(words));
        case "C" -> path.curveTo(
            number(words), number(words), number(words), number(words), number(words), number(words));
        case "Z" -> path.closePath();
        default -> throw new IllegalArgumentException("expected M, L, C or Z in a path, found " + command);
      }
    }
    return path;
  }

  private static double number(Scanner words) {
    return Double.parseDouble(words.next());
  }

  private static byte[] png(List<Shape> drawing, int size) throws IOException {
    BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_ARGB);
    Graphics2D canvas = image.createGraphics();
    canvas.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    canvas.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    canvas.scale(size / CANVAS, size / CANVAS);
    for (Shape shape : drawing) {
      canvas.setColor(shape.fill());
      canvas.fill(shape.outline());
    }
    canvas.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  /// A header of 6 bytes, an entry of 16 for every picture, then the pictures as PNG.
  private static byte[] ico(List<Shape> drawing, int... sizes) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(6 + 16 * sizes.length).order(ByteOrder.LITTLE_ENDIAN);
    ByteArrayOutputStream pictures = new ByteArrayOutputStream();
    head.putShort((short) 0).putShort((short) 1).putShort((short) sizes.length);
    for (int size : sizes) {
      byte[] picture = png(drawing, size);
      // 256 is written as 0.
      head.put((byte) size).put((byte) size).put((byte) 0).put((byte) 0);
      head.putShort((short) 1).putShort((short) 32).putInt(picture.length);
      head.putInt(head.capacity() + pictures.size());
      pictures.write(picture);
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(head.array());
    all.write(pictures.toByteArray());
    return all.toByteArray();
  }

  /// `icns`, the length of all, then for every picture its kind, its length with these 8 bytes, and PNG.
  private static byte[] icns(List<Shape> drawing, Map<String, Integer> sizes) throws IOException {
    ByteArrayOutputStream pictures = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(pictures);
    for (Map.Entry<String, Integer> kind : sizes.entrySet()) {
      byte[] picture = png(drawing, kind.getValue());
      out.writeBytes(kind.getKey());
      out.writeInt(picture.length + 8);
      out.write(picture);
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    DataOutputStream file = new DataOutputStream(all);
    file.writeBytes("icns");
    file.writeInt(pictures.size() + 8);
    file.write(pictures.toByteArray());
    return all.toByteArray();
  }
}
