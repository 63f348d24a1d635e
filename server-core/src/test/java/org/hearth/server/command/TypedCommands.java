package org.hearth.server.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Homeserver;
import org.hearth.server.WholeServer;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/// Commands on a data folder, and what the last one said.
@Tag("long")
abstract class TypedCommands {
  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  /// @param more settings, beside the name and a listener on any port
  void configure(String more) throws IOException {
    WholeServer.prepare(new DataFolder(folder));
    Files.writeString(
        folder.resolve("hearth.yaml"),
        "server-name: hearth.test\nlisteners: [ { port: 0 } ]\n" + more);
  }

  /// The server of the folder, not yet started.
  Homeserver server() {
    DataFolder data = new DataFolder(folder);
    return new Homeserver(data, ConfigurationReader.read(data.configuration()));
  }

  /// Runs a command on the folder.
  ///
  /// @return its exit code
  int hearth(String... words) {
    List<String> arguments = new ArrayList<>(List.of(words));
    arguments.addAll(List.of("--data-dir", folder.toString()));
    return alone(arguments.toArray(String[]::new));
  }

  /// Runs just these words.
  ///
  /// @return the exit code
  int alone(String... words) {
    said.reset();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return Commands.run(null, out, out, words);
  }

  String said() {
    return said.toString(StandardCharsets.UTF_8);
  }
}
