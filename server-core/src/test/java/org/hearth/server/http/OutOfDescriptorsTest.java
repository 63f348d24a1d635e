package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A process that runs out of file descriptors accepts again when it has some.
@Tag("long")
class OutOfDescriptorsTest {
  /// A server that takes all descriptors of its process when it is told to, and gives them back.
  static final class Greedy {
    private Greedy() {}

    public static void main(String[] arguments) throws IOException {
      BufferedReader commands =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      List<FileInputStream> taken = new ArrayList<>();
      try (TestServer server = new TestServer(_ -> {})) {
        server.client().get("/").expect(404);
        awaitFigures(server, true); // Loads what cannot be loaded later.
        say(server.port());
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
          switch (command) {
            case "take" -> takeAll(taken);
            case "give" -> {
              for (FileInputStream each : taken) {
                each.close();
              }
            }
            default -> awaitFigures(server, false);
          }
          say(command);
        }
      }
    }

    private static void takeAll(List<FileInputStream> taken) {
      try {
        while (true) {
          taken.add(new FileInputStream("/dev/null"));
        }
      } catch (IOException e) {
        return; // There is none left.
      }
    }

    private static void awaitFigures(TestServer server, boolean accepting) {
      long until = System.nanoTime() + Duration.ofMinutes(1).toNanos();
      while (server.server().figures().connections().accepting() != accepting
          && System.nanoTime() < until) {
        Thread.onSpinWait();
      }
    }

    private static void say(Object what) {
      System.out.println(what);
      System.out.flush();
    }
  }

  @Test
  void acceptsAgainWhenThereAreSome() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "this test limits a process by ulimit");
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "ulimit -n 400 && exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Greedy.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
        Writer commands = process.outputWriter(StandardCharsets.UTF_8)) {
      int port = Integer.parseInt(nextLine(answers));
      tell(commands, "take", answers);
      try (RawClient waiting = new RawClient(port)) {
        waiting.request("GET", "/");
        tell(commands, "await", answers);

        tell(commands, "give", answers);

        assertThat(waiting.answer().status()).isEqualTo(404);
      }
      try (RawClient after = new RawClient(port)) {
        assertThat(after.request("GET", "/").answer().status()).isEqualTo(404);
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static void tell(Writer commands, String command, BufferedReader answers)
      throws IOException {
    commands.write(command + "\n");
    commands.flush();
    assertThat(nextLine(answers)).isEqualTo(command);
  }

  /// What the process says, beside its log.
  private static String nextLine(BufferedReader answers) throws IOException {
    for (String line = answers.readLine(); line != null; line = answers.readLine()) {
      if (line.matches("\\d+|[a-z]+")) {
        return line;
      }
    }
    throw new IOException("the process has ended");
  }
}
