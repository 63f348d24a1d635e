package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the owner is told when the process has no file descriptor left for a connection.
@Tag("long")
class DescriptorsWarningTest {
  @TempDir Path folder;

  /// A server all of whose descriptors are taken, and that says what it warns of then.
  static final class Greedy {
    private Greedy() {}

    public static void main(String[] arguments) throws Exception {
      List<FileInputStream> taken = new ArrayList<>();
      try (WholeServer server = new WholeServer(Path.of(arguments[0]));
          Socket client = new Socket()) {
        server.start();
        server.client().get("/_matrix/client/versions").expect(200);
        Homeserver running = server.homeserver();
        // Loads what cannot be loaded later.
        Eventually.until("it runs", () -> running.warnings().isEmpty());
        System.out.println("before: " + running.warnings());
        client.bind(null); // So that it has its descriptor.
        InetSocketAddress address =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), server.base().getPort());
        takeAll(taken);
        client.connect(address);
        Eventually.until("a warning", () -> !running.warnings().isEmpty());
        List<String> warnings = running.warnings();
        for (FileInputStream each : taken) {
          each.close();
        }
        System.out.println("meanwhile: " + warnings);
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
  }

  @Test
  void saysWhyNewConnectionsWaitAndWhatToDo() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "this test limits a process by ulimit");
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "ulimit -n 1024 && exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Greedy.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(said.lines())
          .as(said)
          .contains("before: []")
          .anySatisfy(line ->
              assertThat(line)
                  .startsWith("meanwhile: ")
                  .contains(
                      "New connections wait, since the system lets no more in",
                      "are open. Raise the limit of open files of the process."));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }
}
