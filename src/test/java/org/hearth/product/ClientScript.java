package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A script of `src/test/js`, by which people talk with matrix-js-sdk on Node.
final class ClientScript {
  private static final Path SCRIPTS =
      Path.of(System.getProperty("hearth.root", "."), "src", "test", "js")
          .toAbsolutePath()
          .normalize();

  /// A script that waits for ever is ended after so long, and what it said is shown.
  private static final Duration DEADLINE = Duration.ofMinutes(5);

  private ClientScript() {}

  /// What is done when a script asks for a restart.
  interface Restart {
    void run() throws IOException, InterruptedException;
  }

  /// Runs a script to its end. Where Node is missing, the test is skipped.
  ///
  /// @param words for the script
  static void play(String script, List<String> words, Restart restart)
      throws IOException, InterruptedException {
    assumeTrue(runs("node", "--version"), "Node is not installed: the real client was not run");
    install(SCRIPTS);
    int folder = script.lastIndexOf('/');
    if (folder > 0) {
      install(SCRIPTS.resolve(script.substring(0, folder)));
    }

    List<String> command = new ArrayList<>(List.of("node", script));
    command.addAll(words);
    List<String> lines = new ArrayList<>();
    Process client =
        new ProcessBuilder(command).directory(SCRIPTS.toFile()).redirectErrorStream(true).start();
    var _ =
        client
            .onExit()
            .orTimeout(DEADLINE.toSeconds(), TimeUnit.SECONDS)
            .exceptionally(_ -> client.destroyForcibly());
    try (BufferedReader output = client.inputReader(StandardCharsets.UTF_8);
        Writer input = client.outputWriter(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
        if (line.equals("RESTART")) {
          restart.run();
          input.write("restarted\n");
          input.flush();
        }
      }
    } finally {
      client.destroy();
    }

    String transcript = String.join("\n", lines);
    assertThat(client.waitFor()).as(transcript).isZero();
    assertThat(lines.getLast()).as(transcript).startsWith("DONE ");
  }

  /// Installs what a folder of scripts needs.
  private static void install(Path folder) throws IOException, InterruptedException {
    Alone.run(
        "client-" + folder.getFileName(),
        () -> {
          if (Files.isDirectory(folder.resolve("node_modules"))) {
            return;
          }
          HearthProcess.Ended npm =
              HearthProcess.run(
                  new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
                      .directory(folder.toFile()));
          assertThat(npm.code()).as("npm ci: %s", npm.said()).isZero();
        });
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      return HearthProcess.run(new ProcessBuilder(command)).code() == 0;
    } catch (IOException _) {
      return false;
    }
  }
}
