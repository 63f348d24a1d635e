package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// After a start the first answers are made before anybody asks for them.
@Tag("long")
class WarmedUpTest {
  @Test
  void aServerWarmsUpAfterItsStartAndNotBeyondItsEnd(@TempDir Path folder) throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();

      assertThat(warmsUp()).isTrue();
    }
    assertThat(warmsUp()).isFalse();
  }

  private static boolean warmsUp() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(each -> each.getName().equals("sync-warm-up"));
  }
}
