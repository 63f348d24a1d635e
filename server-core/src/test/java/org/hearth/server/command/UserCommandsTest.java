package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Homeserver;
import org.hearth.server.StartFailedException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `hearth user` and `hearth status`, as a person reads them.
final class UserCommandsTest {
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    Files.writeString(
        folder.resolve("hearth.yaml"),
        """
        server-name: hearth.test
        listeners: [ { port: 0 } ]
        """);
  }

  private int hearth(String... words) {
    List<String> arguments = new ArrayList<>(List.of(words));
    arguments.addAll(List.of("--data-dir", folder.toString()));
    return alone(arguments.toArray(String[]::new));
  }

  private int alone(String... words) {
    said.reset();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return Commands.run(null, out, out, words);
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void lastOwnerIsNeitherClosedNorMadeAMember() {
    assertThat(hearth("user", "create", "alice", "--admin")).isZero();
    assertThat(hearth("user", "create", "bob")).isZero();

    assertThat(hearth("user", "deactivate", "alice", "--yes")).isEqualTo(1);
    assertThat(said())
        .isEqualTo(
            "hearth: @alice:hearth.test is the only owner of this server. Make somebody else an owner first.\n");
    assertThat(hearth("user", "make-member", "alice")).isEqualTo(1);
    assertThat(said()).contains("only owner");

    assertThat(hearth("user", "make-owner", "bob")).isZero();
    assertThat(hearth("user", "make-member", "alice")).isZero();
    assertThat(hearth("user", "deactivate", "alice", "--yes")).isZero();
    assertThat(hearth("user", "list")).isZero();
    assertThat(said().lines())
        .anyMatch(line -> line.matches("@alice:hearth.test +closed .*"))
        .anyMatch(line -> line.matches("@bob:hearth.test +owner .*"));
  }

  @Test
  void nothingIsClosedWithoutAYes() {
    assertThat(hearth("user", "create", "alice")).isZero();

    assertThat(hearth("user", "deactivate", "alice")).isEqualTo(1);

    assertThat(said()).contains("Nothing was changed", "--yes");
    assertThat(hearth("user", "list")).isZero();
    assertThat(said()).contains("member").doesNotContain("closed");
  }

  @Test
  void groupsListTheirCommandsAndTheProgramTellsItsVersion() {
    assertThat(alone("user")).isEqualTo(2);
    assertThat(said()).contains("create", "list", "make-owner", "make-member", "deactivate");
    assertThat(alone("token")).isEqualTo(2);
    assertThat(said()).contains("create", "list", "end");
    assertThat(alone()).isEqualTo(2);
    assertThat(said()).contains("serve", "user", "backup");
    assertThat(alone("--version")).isZero();
    assertThat(said()).startsWith("Hearth ");
    assertThat(alone("user", "--help")).isZero();
    assertThat(said()).contains("make-owner");
  }

  @Test
  void statusSpeaksInUnitsAndWords() throws StartFailedException {
    DataFolder data = new DataFolder(folder);
    try (Homeserver server = new Homeserver(data, ConfigurationReader.read(data.configuration()))) {
      server.start();

      assertThat(hearth("status")).isZero();
      assertThat(said())
          .containsPattern("State +running for \\d+ s\n")
          .containsPattern("Memory +\\d+\\.\\d MB in use\n")
          .containsPattern("Database +\\d+\\.\\d MB, \\d+\\.\\d [GT]B free on its disk\n")
          .doesNotContain("-bytes");
      assertThat(hearth("status", "--json")).isZero();
      assertThat(said()).startsWith("{\"state\":\"running\"").contains("\"heap-bytes\":");
    }
    assertThat(hearth("status")).isEqualTo(1);
    assertThat(said()).isEqualTo("Not running.\n");
  }

  @Test
  void unitsAreThoseThatPeopleCountIn() {
    assertThat(StatusCommand.bytes(0)).isEqualTo("0 B");
    assertThat(StatusCommand.bytes(999)).isEqualTo("999 B");
    assertThat(StatusCommand.bytes(999_960)).isEqualTo("1.0 MB");
    assertThat(StatusCommand.bytes(1_234_000_000)).isEqualTo("1.2 GB");
    assertThat(StatusCommand.duration(59)).isEqualTo("59 s");
    assertThat(StatusCommand.duration(3_599)).isEqualTo("59 min 59 s");
    assertThat(StatusCommand.duration(86_399)).isEqualTo("23 h 59 min");
    assertThat(StatusCommand.duration(90_000)).isEqualTo("1 d 1 h");
  }
}
