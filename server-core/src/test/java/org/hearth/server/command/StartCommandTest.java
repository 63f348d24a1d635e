package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hearth.server.configuration.FirstSetup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartCommandTest {
  @Test
  void readsThePlainFormsOfTheCommandsThatStartAServer() {
    assertThat(StartCommand.plain("serve")).contains(new StartCommand(false, null, null, null));
    assertThat(
            StartCommand.plain(
                "serve", "--config", "a.yaml", "--server-name", "home.example", "--data-dir", "d"))
        .contains(new StartCommand(false, Path.of("d"), Path.of("a.yaml"), "home.example"));
    assertThat(StartCommand.plain("panel", "--data-dir", "a folder"))
        .contains(new StartCommand(true, Path.of("a folder"), null, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "status",
        "serve --help",
        "serve --data-dir",
        "serve --data-dir=d",
        "serve --data-dir --config",
        "serve --data-dir a --data-dir b",
        "serve --data-dir @options",
        "serve --unknown x",
        "serve d",
        "panel --config a.yaml",
        "panel --server-name home.example"
      })
  void leavesEveryOtherFormToTheLibrary(String line) {
    assertThat(StartCommand.plain(line.split(" ", -1))).isEmpty();
    assertThat(StartCommand.plain()).isEmpty();
  }

  @Test
  void theLibraryRefusesAMistakeInAStartCommand() {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(told, true, StandardCharsets.UTF_8);

    int code = Commands.run(null, stream, stream, "serve", "--unknown", "x");

    assertThat(code).isEqualTo(2);
    assertThat(told.toString(StandardCharsets.UTF_8)).contains("--unknown", "--data-dir");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "serve --help",
        "stop --help",
        "user --help",
        "user create --help",
        "parked retry --help",
        "check -h"
      })
  void everyCommandExplainsItself(String line) {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(told, true, StandardCharsets.UTF_8);
    PrintStream nothing = new PrintStream(OutputStream.nullOutputStream(), true);

    int code = Commands.run(null, out, nothing, line.split(" ", -1));

    assertThat(code).isZero();
    assertThat(told.toString(StandardCharsets.UTF_8)).contains("Usage: ");
  }

  @TempDir private Path folder;

  private String said(int code, String... arguments) {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(told, true, StandardCharsets.UTF_8);
    assertThat(Commands.run(null, stream, stream, arguments)).isEqualTo(code);
    return told.toString(StandardCharsets.UTF_8).strip();
  }

  /// The file that would have the name is not there: its lines are nobody's fault.
  @Test
  void aNameThatCannotBeIsRefusedBeforeAnythingIsMade() {
    Path data = folder.resolve("data");

    String said = said(1, "serve", "--data-dir", data.toString(), "--server-name", "my home");

    assertThat(said)
        .contains("\"my home\"", "--server-name", "example.org")
        .doesNotContain("hearth.yaml", "line");
    assertThat(data).doesNotExist();
  }

  @Test
  void whoHasMistypedTheFolderIsToldThatNoServerIsThere() {
    Path data = folder.resolve("daat");

    assertThat(said(1, "status", "--data-dir", data.toString()))
        .isEqualTo("Not running: there is no server's data in %s.".formatted(data));
    assertThat(said(1, "stop", "--data-dir", data.toString())).contains("no server's data");
    assertThat(said(1, "status", "--json", "--data-dir", data.toString()))
        .isEqualTo("{\"state\":\"not running\"}");
    assertThat(data).doesNotExist();
  }

  /// Else a second, empty server would be made beside the messages of the first.
  @Test
  void aServerWhoseConfigurationIsMissingIsNotTakenForNone() throws Exception {
    Path data = folder.resolve("data");
    Files.createDirectories(data.resolve("database"));
    Files.writeString(data.resolve("database/high-water"), "1");

    assertThat(said(1, "serve", "--data-dir", data.toString()))
        .contains("data of a server in " + data, "hearth.yaml is missing", "--server-name")
        .doesNotContain("localhost");
    assertThat(data.resolve("hearth.yaml")).doesNotExist();
    assertThat(FirstSetup.problemOfFolder(data).orElseThrow())
        .contains("data of a server", "hearth.yaml is missing");
  }
}
