package org.hearth.server.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/// Damages the database of a server that does not run.
public final class DamagedPage {
  /// Of a table whose rows may be large.
  private static final int PAGE_BYTES = 16 << 10;

  private DamagedPage() {}

  /// Changes a bit of the first page that has a text.
  public static void make(Path dataFolder, String text) throws IOException {
    change(dataFolder, text, (bytes, found) -> bytes[found + text.length() / 2] ^= 1);
  }

  /// Empties the first page that has a text, as a disk may that loses what was written: the page is
  /// one that was never used, which is no damage to Derby.
  public static void empty(Path dataFolder, String text) throws IOException {
    change(
        dataFolder,
        text,
        (bytes, found) -> {
          int page = found / PAGE_BYTES * PAGE_BYTES;
          Arrays.fill(bytes, page, page + PAGE_BYTES, (byte) 0);
        });
  }

  private interface Change {
    void make(byte[] bytes, int found);
  }

  private static void change(Path dataFolder, String text, Change change) throws IOException {
    try (Stream<Path> files = Files.list(dataFolder.resolve("database/derby/seg0"))) {
      for (Path file : files.sorted().toList()) {
        byte[] bytes = Files.readAllBytes(file);
        int found = new String(bytes, ISO_8859_1).indexOf(text);
        if (found >= 0) {
          change.make(bytes, found);
          Files.write(file, bytes);
          return;
        }
      }
    }
    throw new AssertionError("no page has the text");
  }
}
