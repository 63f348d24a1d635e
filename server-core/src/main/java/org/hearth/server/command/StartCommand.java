package org.hearth.server.command;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import org.hearth.server.StartFailedException;
import org.hearth.server.configuration.DataFolder;
import org.jspecify.annotations.Nullable;

/// The two commands that start a server: `serve`, and `panel` where there is a display.
///
/// @param panel whether a panel is asked for
/// @param dataFolder `--data-dir`
/// @param configuration `--config`
/// @param serverName `--server-name`
record StartCommand(
    boolean panel,
    @Nullable Path dataFolder,
    @Nullable Path configuration,
    @Nullable String serverName) {

  /// Reads the plain form of these commands, every option a word with its value behind it, as
  /// services and menus have it. It is read here because the command line's library takes a third
  /// of the time in which the server starts (`bench/results/start`).
  ///
  /// @param words as typed
  /// @return empty for what only the library can read or has to refuse
  static Optional<StartCommand> plain(String... words) {
    if (words.length % 2 == 0 || !(words[0].equals("serve") || words[0].equals("panel"))) {
      return Optional.empty();
    }
    boolean panel = words[0].equals("panel");
    String dataFolder = null;
    String configuration = null;
    String serverName = null;
    for (int i = 1; i < words.length; i += 2) {
      String value = words[i + 1];
      if (value.startsWith("-") || value.startsWith("@") || value.isEmpty()) {
        return Optional.empty();
      }
      if (words[i].equals("--data-dir") && dataFolder == null) {
        dataFolder = value;
      } else if (words[i].equals("--config") && configuration == null && !panel) {
        configuration = value;
      } else if (words[i].equals("--server-name") && serverName == null && !panel) {
        serverName = value;
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(
        new StartCommand(
            panel,
            dataFolder == null ? null : Path.of(dataFolder),
            configuration == null ? null : Path.of(configuration),
            serverName));
  }

  /// Starts what was asked for.
  ///
  /// @param window what the command `panel` opens; null in a program without
  /// @return the exit code, or [Commands#SERVING]
  int run(@Nullable ControlPanel window, PrintStream out, PrintStream err)
      throws StartFailedException, IOException {
    DataFolder folder = dataFolder == null ? DataFolder.ofThisUser() : new DataFolder(dataFolder);
    if (window != null && panel) {
      if (window.open(folder)) {
        return 0;
      }
      err.println(
          "hearth: there is no display for the control panel, so the server runs alone (hearth serve).");
    }
    return Headless.serve(
        folder, Optional.ofNullable(configuration), Optional.ofNullable(serverName), out, err);
  }
}
