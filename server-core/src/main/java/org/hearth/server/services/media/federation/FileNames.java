package org.hearth.server.services.media.federation;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The file name in a `Content-Disposition` of another server: a name that can be shown, never a
/// path.
///
/// **source**: [RFC 6266](https://www.rfc-editor.org/rfc/rfc6266), [RFC
/// 8187](https://www.rfc-editor.org/rfc/rfc8187)
final class FileNames {
  private static final int LONGEST_HEADER = 4_096;
  private static final int LONGEST = 255;
  private static final Pattern EXTENDED =
      Pattern.compile(";\\s*filename\\*=\\s*utf-8'[^']*'([^;\\s]+)", Pattern.CASE_INSENSITIVE);
  private static final Pattern QUOTED =
      Pattern.compile(";\\s*filename=\\s*\"((?:[^\"\\\\]|\\\\.)*+)\"", Pattern.CASE_INSENSITIVE);
  private static final Pattern TOKEN =
      Pattern.compile(";\\s*filename=\\s*([^\\s\";]+)", Pattern.CASE_INSENSITIVE);

  private FileNames() {}

  /// The name; empty if there is none.
  static Optional<String> of(String disposition) {
    if (disposition.length() > LONGEST_HEADER) {
      return Optional.empty();
    }
    return found(disposition).map(FileNames::shown).filter(each -> !each.isBlank());
  }

  /// "When both `filename` and `filename*` are present […] recipients SHOULD pick `filename*`".
  private static Optional<String> found(String disposition) {
    Matcher extended = EXTENDED.matcher(disposition);
    if (extended.find()) {
      @Nullable String name = decoded(extended.group(1));
      if (name != null) {
        return Optional.of(name);
      }
    }
    Matcher quoted = QUOTED.matcher(disposition);
    if (quoted.find()) {
      return Optional.of(utf8(quoted.group(1).replaceAll("\\\\(.)", "$1")));
    }
    Matcher token = TOKEN.matcher(disposition);
    return token.find() ? Optional.of(utf8(token.group(1))) : Optional.empty();
  }

  private static @Nullable String decoded(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      if (each == '%' && i + 2 < text.length()) {
        int high = Character.digit(text.charAt(i + 1), 16);
        int low = Character.digit(text.charAt(i + 2), 16);
        if (high < 0 || low < 0) {
          return null;
        }
        bytes.write(high << 4 | low);
        i += 2;
      } else {
        bytes.write(each);
      }
    }
    return strict(bytes.toByteArray());
  }

  /// Headers are read a byte a character; some servers write UTF-8 into them.
  private static String utf8(String header) {
    @Nullable String read = strict(header.getBytes(StandardCharsets.ISO_8859_1));
    return read == null ? header : read;
  }

  private static @Nullable String strict(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      return null;
    }
  }

  /// Without folders, and without what is not shown or turns the direction of what is.
  private static String shown(String name) {
    String last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
    StringBuilder shown = new StringBuilder();
    last.codePoints()
        .filter(each ->
            switch (Character.getType(each)) {
              case Character.CONTROL,
                  Character.FORMAT,
                  Character.SURROGATE,
                  Character.LINE_SEPARATOR,
                  Character.PARAGRAPH_SEPARATOR ->
                  false;
              default -> true;
            })
        .limit(LONGEST)
        .forEach(shown::appendCodePoint);
    String whole = shown.toString().strip();
    return whole.equals(".") || whole.equals("..") ? "" : whole;
  }
}
