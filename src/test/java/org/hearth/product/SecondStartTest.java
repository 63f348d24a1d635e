package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.object;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Processes that cannot start: they say why in a sentence, end, and disturb nobody.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@Tag("long")
class SecondStartTest {
  /// How a process ended.
  private record Ended(int code, String errors) {}

  @Test
  void aSecondProcessOnADataFolderIsRefusedAndTheFirstGoesOn(@TempDir Path temp) throws Exception {
    Path data = temp.resolve("data");
    try (HearthProcess first = HearthProcess.start(data)) {
      MatrixHttp alice = MatrixHttp.at(first.address()).register("alice", Crowd.PASSWORD);
      Path configuration = temp.resolve("second.yaml");
      Files.writeString(
          configuration,
          "server-name: localhost:%d\nlisteners: [ { port: 0 } ]\n"
              .formatted(first.address().getPort()));

      Ended second =
          serve(temp, "--data-dir", data.toString(), "--config", configuration.toString());

      assertThat(second.code()).isEqualTo(76);
      assertThat(said(second))
          .contains("in use by another Hearth", "process " + first.pid(), "Stop that one first");
      alice.post("/createRoom", object()).granted();
      first.kill();
      first.restart();
      alice.post("/createRoom", object()).granted();
    }
  }

  @Test
  void aPortInUseIsNamedWithItsHolder(@TempDir Path temp) throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Path data = Files.createDirectories(temp.resolve("data"));
      Files.writeString(
          data.resolve("hearth.yaml"),
          "server-name: hearth.test\nlisteners: [ { port: %d } ]\n"
              .formatted(other.getLocalPort()));

      Ended ended = serve(temp, "--data-dir", data.toString());

      assertThat(ended.code()).isEqualTo(1);
      assertThat(said(ended))
          .contains(
              "port " + other.getLocalPort(),
              "process " + ProcessHandle.current().pid(),
              "another port");
    }
  }

  @Test
  void aBrokenConfigurationIsNamedByLineAndKey(@TempDir Path temp) throws Exception {
    Path data = Files.createDirectories(temp.resolve("data"));
    Files.writeString(
        data.resolve("hearth.yaml"), "server-name: hearth.test\nregistraton: { mode: open }\n");

    Ended ended = serve(temp, "--data-dir", data.toString());

    assertThat(ended.code()).isEqualTo(1);
    assertThat(said(ended)).contains("line 2", "registraton", "registration");
    assertThat(data.resolve("database")).doesNotExist();
  }

  @Test
  void anotherServerNameIsRefused(@TempDir Path temp) throws Exception {
    Path data = temp.resolve("data");
    Ended first = serve(temp, "--data-dir", temp.resolve("file").resolve("x").toString(), "--bad");
    assertThat(first.code()).isEqualTo(2);
    Files.createDirectories(data);
    Files.writeString(data.resolve("hearth.yaml"), "server-name: hearth.test\n");

    Ended ended = serve(temp, "--data-dir", data.toString(), "--server-name", "other.test");

    assertThat(ended.code()).isEqualTo(1);
    assertThat(said(ended)).contains("belongs to the server hearth.test", "permanent");
  }

  /// The sentence for the person at the terminal; the rest is the log.
  private static String said(Ended ended) {
    List<String> lines =
        ended.errors().lines().filter(each -> each.startsWith("hearth: ")).toList();
    assertThat(lines).as(ended.errors()).hasSize(1);
    assertThat(lines.getFirst()).doesNotContain("Exception");
    return lines.getFirst();
  }

  private static Ended serve(Path temp, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "org.hearth.server.command.Main",
                "serve"));
    command.addAll(List.of(arguments));
    Path errors = Files.createTempFile(temp, "process", ".err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(errors.toFile())
            .start();
    if (!process.waitFor(3, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("the process serves: " + Files.readString(errors));
    }
    return new Ended(process.exitValue(), Files.readString(errors, StandardCharsets.UTF_8));
  }
}
