package org.hearth.server.services.account;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Looks for a text in the files of a database, as a thief would.
final class StoredText {
  private StoredText() {}

  static boolean isAnywhereIn(Path folder, String text) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        String wide = String.join("\0", text.split(""));
        if (bytes.contains(text) || bytes.contains(wide)) {
          return true;
        }
      }
    }
    return false;
  }
}
