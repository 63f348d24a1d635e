package org.hearth.server.services.media.thumbnail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// What a picture is by its head, upright.
///
/// @param contentType by its first bytes, whatever it was said to be
public record PictureFacts(String contentType, int width, int height) {
  /// As many of the first bytes as say what a picture is.
  public static final int FIRST_BYTES = 12;

  /// What a file with these first bytes is, if it is a picture.
  public static Optional<String> contentType(byte[] first) {
    String text = new String(first, StandardCharsets.ISO_8859_1);
    if (text.startsWith("\u00ff\u00d8\u00ff")) {
      return Optional.of(Picture.Kind.JPEG.contentType());
    }
    if (text.startsWith("\u0089PNG\r\n\u001a\n")) {
      return Optional.of(Picture.Kind.PNG.contentType());
    }
    if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) {
      return Optional.of(Picture.Kind.GIF.contentType());
    }
    return text.startsWith("RIFF") && text.startsWith("WEBP", 8)
        ? Optional.of(Picture.Kind.WEBP.contentType())
        : Optional.empty();
  }

  /// Reads the head of a file; nothing is decoded.
  ///
  /// @return empty if it is no picture of which there are thumbnails, or claims too much
  /// @throws IOException if the file cannot be read
  public static Optional<PictureFacts> of(Path file) throws IOException {
    try (SourceFile source = SourceFile.open(file, Budget.UNLIMITED)) {
      Picture picture = Heads.read(source);
      return Optional.of(
          new PictureFacts(
              picture.kind().contentType(), picture.shownWidth(), picture.shownHeight()));
    } catch (Refused _) {
      return Optional.empty();
    }
  }
}
