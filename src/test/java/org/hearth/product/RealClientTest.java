package org.hearth.product;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two people talk with matrix-js-sdk on Node, in the open, in threads and encrypted, and the
/// server is killed and restarted in the middle.
@Tag("long")
class RealClientTest {
  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void twoPeopleTalkAndNothingIsLostWhenTheServerIsKilled(@TempDir Path folder) throws Exception {
    play("conversation.mjs", folder);
  }

  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void aDeviceThatLogsInLaterFindsTheThreads(@TempDir Path folder) throws Exception {
    play("threads.mjs", folder);
  }

  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void twoPeopleWithTwoDevicesTalkEncryptedAlsoWhenTheServerIsKilled(@TempDir Path folder)
      throws Exception {
    play("encrypted.mjs", folder);
  }

  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void twoPeopleTalkBySlidingSyncAlsoWhenTheServerIsKilled(@TempDir Path folder) throws Exception {
    play("sliding.mjs", folder);
  }

  /// Runs a script against a server, which is killed and started again when the script asks for it.
  private static void play(String script, Path folder) throws IOException, InterruptedException {
    try (HearthProcess server = HearthProcess.start(folder.resolve("data"))) {
      ClientScript.play(
          script,
          List.of(server.address().toString()),
          () -> {
            server.kill();
            server.restart();
          });
    }
  }
}
