package org.hearth.server.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Damages the database of a server that does not run.
public final class DamagedPage {
  private DamagedPage() {}

  /// Changes a bit of the first page that has a text.
  public static void make(Path dataFolder, String text) throws IOException {
    try (Stream<Path> files = Files.list(dataFolder.resolve("database/derby/seg0"))) {
      for (Path file : files.sorted().toList()) {
        byte[] bytes = Files.readAllBytes(file);
        int found = new String(bytes, ISO_8859_1).indexOf(text);
        if (found >= 0) {
          bytes[found + text.length() / 2] ^= 1;
          Files.write(file, bytes);
          return;
        }
      }
    }
    throw new AssertionError("no page has the text");
  }
}
