package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hearth.server.Homeserver;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `hearth search rebuild`, on a server that runs and on one that does not.
@Tag("long")
final class SearchCommandsTest {
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  @TempDir private Path folder;

  private int rebuild() {
    said.reset();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return Commands.run(null, out, out, "search", "rebuild", "--data-dir", folder.toString());
  }

  @Test
  void theIndexIsMadeAnew() throws Exception {
    Files.writeString(
        folder.resolve("hearth.yaml"),
        """
        server-name: hearth.test
        listeners: [ { port: 0 } ]
        """);
    DataFolder data = new DataFolder(folder);
    try (Homeserver server = new Homeserver(data, ConfigurationReader.read(data.configuration()))) {
      server.start();

      assertThat(rebuild()).isZero();
      assertThat(said.toString(StandardCharsets.UTF_8)).endsWith("The search index is made.\n");
    }
    assertThat(rebuild()).isZero();
    assertThat(said.toString(StandardCharsets.UTF_8)).endsWith("The search index is made.\n");
  }
}
