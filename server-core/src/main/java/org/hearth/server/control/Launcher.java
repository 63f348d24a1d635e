package org.hearth.server.control;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.configuration.DataFolder;

/// The process that starts a server again when a fault has ended it
/// (`build-tools/keep-running.sh`). The file `launcher` in the data folder says which that is, so
/// that a stop finds it also while it waits and there is no server.
///
/// ```
/// file: 4711 1795944 (dev=fd00,ino=81)
///       process id, when that process began, which folder that is: in a copy of the folder it names
///       nobody
/// ```
///
/// **thread**: any; the file is written by who holds the data folder.
public final class Launcher {
  /// Set by the launcher to its process id.
  static final String VARIABLE = "HEARTH_LAUNCHER";

  private static final int LONGEST_BYTES = 4 << 10;

  private Launcher() {}

  /// The launcher of this process.
  ///
  /// @param environment the environment variables; those of a launcher further up do not count
  /// @return empty if nothing starts this process again
  public static Optional<ProcessHandle> ofThisProcess(Map<String, String> environment) {
    String named = environment.getOrDefault(VARIABLE, "");
    return ProcessHandle.current()
        .parent()
        .filter(parent -> named.equals(Long.toString(parent.pid())));
  }

  /// Notes who starts the server again.
  ///
  /// @param folder held by this process
  public static void keep(DataFolder folder, ProcessHandle launcher) throws IOException {
    folder.put(
        DataFolder.LAUNCHER, written(folder.identity(), launcher).getBytes(StandardCharsets.UTF_8));
  }

  /// Removes the note if it is of that launcher.
  public static void forget(DataFolder folder, ProcessHandle launcher) throws IOException {
    if (noted(folder).equals(written(folder.identity(), launcher))) {
      Files.deleteIfExists(file(folder));
    }
  }

  /// Who starts the server of a data folder again. Whoever writes into the folder could name any
  /// process: it counts only if it is of the user whose the file is.
  ///
  /// @return empty if nobody does, or that process is gone
  public static Optional<ProcessHandle> of(DataFolder folder) throws IOException {
    String noted = noted(folder);
    if (!noted.matches("[0-9]{1,18} [0-9]{1,18} .+")) {
      return Optional.empty();
    }
    String here = folder.identity();
    return ProcessHandle.of(Long.parseLong(noted.substring(0, noted.indexOf(' '))))
        .filter(found -> noted.equals(written(here, found)))
        .filter(found -> isOfOwner(found, folder));
  }

  private static String noted(DataFolder folder) throws IOException {
    // To open a pipe would wait for its other end.
    if (!Files.isRegularFile(file(folder), LinkOption.NOFOLLOW_LINKS)) {
      return "";
    }
    try (InputStream in = Files.newInputStream(file(folder), LinkOption.NOFOLLOW_LINKS)) {
      return new String(in.readNBytes(LONGEST_BYTES), StandardCharsets.UTF_8);
    } catch (NoSuchFileException _) {
      return "";
    }
  }

  /// A process id is given again, but not with the same beginning.
  private static String written(String folder, ProcessHandle launcher) {
    return launcher.pid() + " " + Processes.began(launcher) + " " + folder;
  }

  private static boolean isOfOwner(ProcessHandle process, DataFolder folder) {
    try {
      return Processes.isOfOwner(process, file(folder));
    } catch (IOException _) {
      return false; // One of them is gone.
    }
  }

  private static Path file(DataFolder folder) {
    return folder.root().resolve(DataFolder.LAUNCHER);
  }
}
