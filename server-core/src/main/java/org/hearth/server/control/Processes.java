package org.hearth.server.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// What has to be known of another process and Java does not tell reliably. Linux does, in `/proc`.
///
/// **thread**: any.
public final class Processes {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /// Where the state stands behind the name, and the beginning.
  private static final int STATE = 0;

  private static final int BEGINNING = 19;

  private Processes() {}

  /// Waits for the end of a process. One that has ended is there until its parent asks after it,
  /// which may be whoever waits for this command: it counts as ended.
  ///
  /// @param patience how long it may take
  /// @return whether it has ended
  public static boolean awaitEnd(ProcessHandle process, Duration patience) {
    long began = System.nanoTime();
    while (process.isAlive() && !isLeftOver(process)) {
      if (System.nanoTime() - began > patience.toNanos()) {
        return false;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return true;
  }

  private static boolean isLeftOver(ProcessHandle process) {
    return stat(process, STATE).filter(state -> state.equals("Z") || state.equals("X")).isPresent();
  }

  /// When a process began, to tell it from a later one with the same id. Java reckons from when the
  /// system began, which moves with the clock; the system itself counts ticks since then.
  ///
  /// @return a number; empty if the process is gone or is not to be seen
  static String began(ProcessHandle process) {
    return stat(process, BEGINNING)
        .or(() -> process.info().startInstant().map(Instant::toEpochMilli).map(String::valueOf))
        .orElse("");
  }

  /// Whether a process is of the user whose a file is. That user need not have a name.
  static boolean isOfOwner(ProcessHandle process, Path file) throws IOException {
    Path seen = seen(process);
    if (Files.exists(seen)) {
      return Files.getAttribute(seen, "unix:uid")
          .equals(Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS));
    }
    String owner = Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).getName();
    return process.info().user().filter(owner::equals).isPresent();
  }

  /// The variables that a process was given.
  ///
  /// @return empty if it is gone, is somebody else's, or this is not Linux
  public static Map<String, String> environment(ProcessHandle process) {
    Map<String, String> variables = new HashMap<>();
    try {
      for (String each : Files.readString(seen(process).resolve("environ")).split("\0", -1)) {
        int end = each.indexOf('=');
        if (end > 0) {
          variables.put(each.substring(0, end), each.substring(end + 1));
        }
      }
    } catch (IOException _) {
      return Map.of();
    }
    return variables;
  }

  /// What `proc(5)` says of a process.
  private static Optional<String> stat(ProcessHandle process, int field) {
    try {
      String line = Files.readString(seen(process).resolve("stat"));
      // The name before may have spaces and brackets.
      return Optional.of(line.substring(line.lastIndexOf(')') + 2).split(" ", -1)[field]);
    } catch (IOException _) {
      return Optional.empty(); // It is gone, or this is not Linux.
    }
  }

  private static Path seen(ProcessHandle process) {
    return Path.of("/proc", Long.toString(process.pid()));
  }
}
