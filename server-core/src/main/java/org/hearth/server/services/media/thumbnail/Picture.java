package org.hearth.server.services.media.thumbnail;

import java.util.List;

/// What the head of a file says of the picture in it, before anything is decoded.
///
/// @param kind by its first bytes, whatever it was said to be
/// @param width as it is stored
/// @param height as it is stored
/// @param orientation how it is to be turned: 1 to 8, as EXIF has it
/// @param bytesPerPixel what a decoded pixel takes, and its copy where it has to be changed first
/// @param animated whether there is more than one picture in it
/// @param shown what the decoder gets to see: neither metadata nor what follows the picture
/// @param frames of a GIF, those that are drawn; empty for all others
record Picture(
    Kind kind,
    int width,
    int height,
    int orientation,
    int bytesPerPixel,
    boolean animated,
    List<Piece> shown,
    List<GifHead.Frame> frames) {
  /// What a pixel takes of which the colour stands in it.
  static final int BYTES_OF_COLOUR = 4;

  /// The formats that are read. All others, also those that Java could read, have no thumbnails.
  enum Kind {
    JPEG("image/jpeg", "jpeg"),
    PNG("image/png", "png"),
    GIF("image/gif", "gif"),
    WEBP("image/webp", "webp");

    private final String contentType;
    private final String format;

    Kind(String contentType, String format) {
      this.contentType = contentType;
      this.format = format;
    }

    String contentType() {
      return contentType;
    }

    /// What Java calls it.
    String format() {
      return format;
    }
  }

  Picture {
    shown = List.copyOf(shown);
    frames = List.copyOf(frames);
  }

  /// Whether width and height change places when it is turned as it should be.
  boolean isOnItsSide() {
    return orientation >= 5;
  }

  int shownWidth() {
    return isOnItsSide() ? height : width;
  }

  int shownHeight() {
    return isOnItsSide() ? width : height;
  }

  long pixels() {
    return (long) width * height;
  }
}
