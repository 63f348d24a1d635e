package org.hearth.server.services.media.thumbnail;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import net.coobird.thumbnailator.Thumbnails;
import net.coobird.thumbnailator.geometry.Positions;
import net.coobird.thumbnailator.util.exif.ExifFilterUtils;
import net.coobird.thumbnailator.util.exif.Orientation;

/// How large a thumbnail becomes, and its making from the decoded picture.
final class Scaling {
  private Scaling() {}

  /// @param width of the thumbnail
  /// @param height of the thumbnail
  /// @param isSmaller whether it is smaller than the picture
  record Target(int width, int height, boolean isSmaller) {}

  /// "Servers MUST NOT upscale thumbnails under any circumstance."
  static Target target(int width, int height, ThumbnailSize size) {
    if (size.isOriginal()) {
      return new Target(width, height, false);
    }
    return switch (size.method()) {
      case SCALE -> {
        double by =
            Math.min(1, Math.min((double) size.width() / width, (double) size.height() / height));
        yield new Target(scaled(width, by), scaled(height, by), by < 1);
      }
      case CROP -> {
        // Where the picture is smaller, the ratio stays.
        double by =
            Math.min(1, Math.min((double) width / size.width(), (double) height / size.height()));
        int cropWidth = scaled(size.width(), by);
        int cropHeight = scaled(size.height(), by);
        yield new Target(cropWidth, cropHeight, cropWidth < width || cropHeight < height);
      }
    };
  }

  private static int scaled(int length, double by) {
    return (int) Math.max(1, Math.round(length * by));
  }

  /// The thumbnail, upright.
  static BufferedImage of(
      BufferedImage decoded, int orientation, ThumbnailSize.Method method, Target target)
      throws IOException {
    boolean onItsSide = orientation >= 5;
    int width = onItsSide ? target.height : target.width;
    int height = onItsSide ? target.width : target.height;
    BufferedImage plain = plain(decoded);
    // What was decoded leaving out lines can be a little smaller than what is wanted.
    BufferedImage scaled =
        switch (method) {
          case SCALE -> Thumbnails.of(plain).forceSize(width, height).asBufferedImage();
          case CROP ->
              Thumbnails.of(plain).size(width, height).crop(Positions.CENTER).asBufferedImage();
        };
    return orientation == 1
        ? scaled
        : ExifFilterUtils.getFilterForOrientation(Orientation.typeOf(orientation)).apply(scaled);
  }

  /// In colours that everything which follows can handle: palettes, grey and 16 bits are not scaled
  /// well.
  private static BufferedImage plain(BufferedImage decoded) {
    boolean transparent = decoded.getColorModel().hasAlpha();
    int type = transparent ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB;
    if (decoded.getType() == type || decoded.getType() == BufferedImage.TYPE_3BYTE_BGR) {
      return decoded;
    }
    BufferedImage plain = new BufferedImage(decoded.getWidth(), decoded.getHeight(), type);
    draw(decoded, plain, 0, 0);
    return plain;
  }

  static void draw(BufferedImage picture, BufferedImage onto, int left, int top) {
    Graphics2D graphics = onto.createGraphics();
    try {
      var _ = graphics.drawImage(picture, left, top, null);
    } finally {
      graphics.dispose();
    }
  }
}
