package org.hearth.server;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hearth.server.admin.Amounts;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.Processes;

/// The fault that ended the server before this start. A server that fails keeps it in a file; one
/// that has no memory left, whose Java has crashed, or that was killed can keep nothing, and its
/// launcher tells of that in the environment, of which a process has one for all its starts: the
/// word counts for the first.
///
/// **thread**: any.
public final class LastFailure {
  /// Set by the launcher: [#MEMORY], [#CRASH] or [#KILL].
  static final String ENDED_BY = "HEARTH_ENDED_BY";

  /// Set by the launcher to when that was, in seconds since 1970.
  static final String ENDED_AT = "HEARTH_ENDED_AT";

  private static final String STARTED_AGAIN = "The server was started again, because ";

  static final String MEMORY = "memory";
  static final String CRASH = "crash";
  static final String KILL = "kill";

  /// More of a reason is not read.
  static final int LONGEST_BYTES = 4096;

  private static final System.Logger LOG = System.getLogger(LastFailure.class.getName());

  private final Map<String, String> environment;
  private final AtomicBoolean told = new AtomicBoolean();

  /// For all starts of a process.
  ///
  /// @param environment the environment variables
  public LastFailure(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /// Keeps why the server has failed, for its next start.
  static void keep(DataFolder folder, String reason) {
    try {
      folder.put(DataFolder.LAST_FAILURE, reason.getBytes(StandardCharsets.UTF_8));
    } catch (IOException | ConfigurationException e) {
      LOG.log(Level.WARNING, "the reason of the failure cannot be kept for the next start", e);
    }
  }

  /// What was kept, or the launcher tells. Either is forgotten from then on.
  ///
  /// @return why the server was started again, in two sentences
  Optional<String> take(DataFolder folder) {
    boolean first = told.compareAndSet(false, true);
    Optional<String> kept = kept(folder);
    Path file = folder.root().resolve(DataFolder.LAST_FAILURE);
    try {
      if (Files.deleteIfExists(file) && kept.isEmpty()) {
        LOG.log(Level.WARNING, "{0} was not a file that can be read: it is removed", file);
      }
    } catch (IOException e) {
      // Nobody should be without a server because it cannot say why it was away.
      LOG.log(Level.WARNING, "why the server has failed cannot be removed", e);
    }
    return kept.map(STARTED_AGAIN::concat).or(() -> first ? byLauncher() : Optional.empty());
  }

  private static String kept(Path file) throws IOException {
    Instant when = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return "it had failed at %s. %s"
          .formatted(
              Amounts.moment(when),
              new String(in.readNBytes(LONGEST_BYTES), StandardCharsets.UTF_8)
                  .replaceAll("\\p{Cc}+", " "));
    }
  }

  private Optional<String> byLauncher() {
    return byLauncher(environment).map(STARTED_AGAIN::concat);
  }

  /// What ended a server that its launcher is about to start again. It stays to be told.
  ///
  /// @param launcher which gives its word to whatever waits for it
  /// @return a part of a sentence, and what follows it
  public static Optional<String> inThePause(DataFolder folder, ProcessHandle launcher) {
    return kept(folder)
        .or(() ->
            launcher
                .children()
                .flatMap(each -> byLauncher(Processes.environment(each)).stream())
                .findFirst());
  }

  /// What a server that has failed has kept for its next start. It stays to be told.
  ///
  /// @return a part of a sentence, and what follows it
  public static Optional<String> kept(DataFolder folder) {
    Path file = folder.root().resolve(DataFolder.LAST_FAILURE);
    try {
      // A pipe would be waited for, and a link is somebody else's word.
      if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.of(kept(file));
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "why the server has failed cannot be read", e);
    }
    return Optional.empty();
  }

  private static Optional<String> byLauncher(Map<String, String> environment) {
    String seconds = environment.getOrDefault(ENDED_AT, "");
    if (!seconds.matches("[0-9]{1,11}")) {
      return Optional.empty();
    }
    String when = Amounts.moment(Instant.ofEpochSecond(Long.parseLong(seconds)));
    return switch (environment.getOrDefault(ENDED_BY, "")) {
      case MEMORY ->
          Optional.of(
              "its memory was used up at %s. If that happens again, give it more (-Xmx)."
                  .formatted(when));
      case CRASH ->
          Optional.of(
              "Java had crashed at %s. Where it was started it may have left a report (hs_err_pid….log)."
                  .formatted(when));
      case KILL ->
          Optional.of(
              "it was killed at %s. The system does that when it has no memory left; its log says so."
                  .formatted(when));
      default -> Optional.empty();
    };
  }
}
