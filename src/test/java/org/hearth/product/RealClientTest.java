package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two people talk with matrix-js-sdk on Node, in the open and encrypted, and the server is killed
/// and restarted in the middle.
class RealClientTest {
  private static final Path SCRIPTS =
      Path.of(System.getProperty("hearth.root", "."), "src", "test", "js")
          .toAbsolutePath()
          .normalize();

  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void twoPeopleTalkAndNothingIsLostWhenTheServerIsKilled(@TempDir Path folder) throws Exception {
    play("conversation.mjs", folder);
  }

  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void twoPeopleWithTwoDevicesTalkEncryptedAlsoWhenTheServerIsKilled(@TempDir Path folder)
      throws Exception {
    play("encrypted.mjs", folder);
  }

  /// Runs a script against a server, which is killed and started again when the script asks for it.
  private static void play(String script, Path folder) throws IOException, InterruptedException {
    assumeTrue(runs("node", "--version"), "Node is not installed: the real client was not run");
    installClient();

    List<String> lines = new ArrayList<>();
    int code;
    try (HearthProcess server = HearthProcess.start(folder.resolve("data"))) {
      Process client =
          new ProcessBuilder("node", script, server.address().toString())
              .directory(SCRIPTS.toFile())
              .redirectErrorStream(true)
              .start();
      try (BufferedReader output = client.inputReader(StandardCharsets.UTF_8);
          Writer input = client.outputWriter(StandardCharsets.UTF_8)) {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
          lines.add(line);
          if (line.equals("RESTART")) {
            server.kill();
            server.restart();
            input.write("restarted\n");
            input.flush();
          }
        }
      } finally {
        client.destroy();
      }
      code = client.waitFor();
    }

    String transcript = String.join("\n", lines);
    assertThat(code).as(transcript).isZero();
    assertThat(lines.getLast()).as(transcript).startsWith("DONE ");
  }

  private static void installClient() throws IOException, InterruptedException {
    if (Files.isDirectory(SCRIPTS.resolve("node_modules").resolve("matrix-js-sdk"))) {
      return;
    }
    Process npm =
        new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
            .directory(SCRIPTS.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(npm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(npm.waitFor()).as("npm ci: %s", output).isZero();
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException _) {
      return false;
    }
  }
}
