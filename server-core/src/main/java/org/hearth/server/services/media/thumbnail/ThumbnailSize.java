package org.hearth.server.services.media.thumbnail;

import java.util.List;

/// What a thumbnail is to be like. Of those that people may ask for there are few, so that nobody
/// has thousands made of one picture.
///
/// @param animated whether it may move
public record ThumbnailSize(int width, int height, Method method, boolean animated) {
  /// "The desired resizing method."
  public enum Method {
    /// "maintains the original aspect ratio of the image"
    SCALE,
    /// "provides an image in the aspect ratio of the sizes given in the request"
    CROP
  }

  /// The most that may be asked for; who wants more is given the most there is.
  public static final int MOST = 16_384;

  /// "Servers SHOULD produce thumbnails with the following dimensions and methods", and one for
  /// screens with twice the points.
  private static final List<int[]> SCALED =
      List.of(
          new int[] {320, 240}, new int[] {640, 480}, new int[] {800, 600}, new int[] {1600, 1200});

  private static final int[] CROPPED = {32, 96, 192, 320, 640, 960};

  /// The size that is made where this is asked for: no smaller in width or height.
  ///
  /// "Servers must never return thumbnails smaller than the client's requested dimensions, unless
  /// the content being thumbnailed is smaller than the dimensions."
  ///
  /// @return a size of 0 × 0 where so large ones are not made: the original is given then
  public ThumbnailSize made() {
    return switch (method) {
      case SCALE ->
          SCALED.stream()
              .filter(each -> each[0] >= width && each[1] >= height)
              .findFirst()
              .map(each -> new ThumbnailSize(each[0], each[1], method, animated))
              .orElseGet(() -> new ThumbnailSize(0, 0, method, animated));
      case CROP -> cropped();
    };
  }

  /// The longer side is one of a few, and so is the ratio of the sides.
  private ThumbnailSize cropped() {
    int longer = Math.max(width, height);
    for (int side : CROPPED) {
      if (side >= longer) {
        int shorter = (int) Math.ceilDiv((long) side * Math.min(width, height), longer);
        int rounded = Math.min(side, Math.ceilDiv(shorter * 16, side) * side / 16);
        return width >= height
            ? new ThumbnailSize(side, rounded, method, animated)
            : new ThumbnailSize(rounded, side, method, animated);
      }
    }
    return new ThumbnailSize(0, 0, method, animated);
  }

  /// Whether the original is given whatever it is.
  public boolean isOriginal() {
    return width == 0;
  }
}
