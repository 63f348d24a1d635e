package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Homeserver;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `hearth notice`, on a server that runs and on one that does not.
@Tag("long")
final class NoticeCommandTest {
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  @TempDir private Path folder;

  private int notice(String... words) {
    List<String> arguments = new ArrayList<>(List.of("notice"));
    arguments.addAll(List.of(words));
    arguments.addAll(List.of("--data-dir", folder.toString()));
    said.reset();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return Commands.run(null, out, out, arguments.toArray(String[]::new));
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void oneOrAllAreTold() throws Exception {
    Files.writeString(
        folder.resolve("hearth.yaml"),
        """
        server-name: hearth.test
        listeners: [ { port: 0 } ]
        """);
    DataFolder data = new DataFolder(folder);
    try (Homeserver server = new Homeserver(data, ConfigurationReader.read(data.configuration()))) {
      server.start();
      for (int i = 0; i < 51; i++) {
        server.admin().orElseThrow().createPerson("person" + i, "long enough", false);
      }

      assertThat(notice("person1", "Good morning")).isZero();
      assertThat(said()).isEqualTo("Sent.\n");
      assertThat(notice("@person1:hearth.test", "Good morning")).isZero();
      assertThat(notice("--all", "Good morning, all")).isZero();
      assertThat(said()).isEqualTo("Sent to 51 people.\n");
      assertThat(notice("nobody", "Good morning")).isEqualTo(1);
      assertThat(said())
          .isEqualTo("hearth: There is no account @nobody:hearth.test on this server.\n");
    }

    assertThat(notice("person1", "Good evening")).isZero();
    assertThat(said()).isEqualTo("Sent.\n");
  }

  @Test
  void whatIsMissingIsSaid() {
    assertThat(notice("--all", "person1", "Good morning")).isEqualTo(2);
    assertThat(said()).startsWith("With --all there is only the text.\n");
    assertThat(notice("Good morning")).isEqualTo(2);
    assertThat(said()).startsWith("Give a name and a text.\n");
  }
}
