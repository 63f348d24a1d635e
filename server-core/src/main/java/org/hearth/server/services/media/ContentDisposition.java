package org.hearth.server.services.media;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// What media is said to be when it is downloaded: its type, and whether a browser may show it in
/// its place.
///
/// **source**: [Serving inline
/// content](https://spec.matrix.org/v1.19/client-server-api/#serving-inline-content), [RFC
/// 6266](https://www.rfc-editor.org/rfc/rfc6266)
public final class ContentDisposition {
  /// "Defaults to `application/octet-stream` if it is not set."
  static final String UNKNOWN_TYPE = "application/octet-stream";

  /// "Servers SHOULD restrict `Content-Type` headers to one of the following values when serving
  /// content with `Content-Disposition: inline`".
  private static final Set<String> INLINE =
      Set.of(
          "text/css",
          "text/plain",
          "text/csv",
          "application/json",
          "application/ld+json",
          "image/jpeg",
          "image/gif",
          "image/png",
          "image/apng",
          "image/webp",
          "image/avif",
          "video/mp4",
          "video/webm",
          "video/ogg",
          "video/quicktime",
          "audio/mp4",
          "audio/webm",
          "audio/aac",
          "audio/mpeg",
          "audio/ogg",
          "audio/wave",
          "audio/wav",
          "audio/x-wav",
          "audio/x-pn-wav",
          "audio/flac",
          "audio/x-flac");

  private static final int LONGEST_TYPE = 255;
  private static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";

  /// A type, a slash, a subtype, and parameters of printable ASCII.
  private static final Pattern TYPE =
      Pattern.compile(TOKEN + "/" + TOKEN + "[ \t]*(;[\\x20-\\x7E\t]*)?");

  /// What RFC 8187 lets stand as it is.
  private static final String PLAIN = "!#$&+-.^_`|~";

  private ContentDisposition() {} // no instance

  /// The type under which something is kept: as it was given, or the one of unknown things if that
  /// is none.
  public static String type(Optional<String> given) {
    return given
        .map(String::strip)
        .filter(each -> each.length() <= LONGEST_TYPE && TYPE.matcher(each).matches())
        .orElse(UNKNOWN_TYPE);
  }

  /// The value of the header.
  ///
  /// @param type as by [#type]
  public static String of(String type, Optional<String> fileName) {
    String disposition = isInline(type) ? "inline" : "attachment";
    return fileName.map(each -> disposition + "; " + parameter(each)).orElse(disposition);
  }

  static boolean isInline(String type) {
    int end = type.indexOf(';');
    String essence = end < 0 ? type : type.substring(0, end);
    return INLINE.contains(essence.strip().toLowerCase(Locale.ROOT));
  }

  private static String parameter(String name) {
    if (name.chars().allMatch(each -> each >= ' ' && each < 0x7F)) {
      return "filename=\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
    StringBuilder encoded = new StringBuilder("filename*=utf-8''");
    for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
      char plain = (char) (each & 0xFF);
      if (plain < 0x80 && (Character.isLetterOrDigit(plain) || PLAIN.indexOf(plain) >= 0)) {
        encoded.append(plain);
      } else {
        encoded.append('%').append("%02X".formatted(each & 0xFF));
      }
    }
    return encoded.toString();
  }
}
