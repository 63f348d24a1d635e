package org.hearth.server;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Kind;

/// What became of the server before this start, as far as it could not be noted then: an end by a
/// fault, or a backup that was restored.
final class RunBefore {
  /// More of a path is not read.
  private static final int LONGEST_BYTES = 4096;

  private static final System.Logger LOG = System.getLogger(RunBefore.class.getName());

  private RunBefore() {}

  /// Keeps from which backup a folder was restored, for its next start.
  static void keepRestored(DataFolder folder, Path backup) throws IOException {
    folder.put(DataFolder.RESTORED, backup.toString().getBytes(StandardCharsets.UTF_8));
  }

  /// What is still to be noted. Which backup was restored is forgotten from then on.
  ///
  /// @param noted what is noted since the last start, that one among it; empty if there was none
  /// @param lastFailure why the server was started again, as far as that was a fault
  static Optional<Happening> untold(
      DataFolder folder, Set<Kind> noted, Optional<String> lastFailure) {
    Optional<String> backup = takeRestored(folder);
    if (backup.isPresent()) {
      // The server of the backup was running when it was made.
      return Optional.of(new Happening(Kind.BACKUP_RESTORED, backup.get(), Happening.OWNER));
    }
    boolean failed = noted.contains(Kind.SERVER_FAILED);
    boolean brokeOff = !noted.isEmpty() && !noted.contains(Kind.SERVER_STOPPED);
    return !failed && (brokeOff || lastFailure.isPresent())
        ? Optional.of(
            new Happening(Kind.SERVER_BROKE_OFF, lastFailure.orElse(""), Happening.SERVER))
        : Optional.empty();
  }

  private static Optional<String> takeRestored(DataFolder folder) {
    Path file = folder.root().resolve(DataFolder.RESTORED);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(file)) {
      String backup = new String(in.readNBytes(LONGEST_BYTES), StandardCharsets.UTF_8);
      Files.delete(file);
      return Optional.of(backup);
    } catch (IOException e) {
      // Nobody should be without a server because it cannot say where it comes from.
      LOG.log(Level.WARNING, "which backup was restored cannot be read", e);
      return Optional.empty();
    }
  }
}
