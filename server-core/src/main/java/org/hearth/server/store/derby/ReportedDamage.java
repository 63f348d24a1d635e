package org.hearth.server.store.derby;

import java.io.File;
import java.nio.file.Files;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The damage that Derby has reported in its log.
///
/// Derby writes there what it has found before it shuts the database down. Whoever has met the page
/// is often told something else: that there is no connection any more, or that Derby has stumbled
/// over what it has just taken away. So the report is what there is to go by.
///
/// Derby has one log for all databases of a process. One is served, but in tests, and whoever opens
/// it again counts from then on. Another is the copy of a backup that is tried: Derby reports on
/// the thread that it works for, so what it says there does not count.
///
/// **thread**: any.
public final class ReportedDamage {
  private static final Pattern ERROR =
      Pattern.compile("(Caused by: )?ERROR ([0-9A-Z]{5}): (.*?)\\.*");

  private static final Pattern NO_FILE =
      Pattern.compile("Caused by: java\\.io\\.FileNotFoundException: (.*?)(?: \\([^(]*\\))?");

  private static final String END_OF_FILE = "Caused by: java.io.EOFException";

  /// What needs no other reason than what is in the file. Others may be told of a file that could
  /// not be opened or read.
  private static final Set<String> OF_CONTENT = Set.of("XSDG2", "XSDB1", "XSDB2", "XSDB9", "XSDBB");

  /// Of this process, like Derby's log itself.
  static final ReportedDamage OF_THIS_PROCESS = new ReportedDamage();

  private final Set<Thread> onCopies = ConcurrentHashMap.newKeySet();

  private long count;
  private String last = "";

  /// What the report that is being written says, if it may be of damage and that is not sure yet.
  private @Nullable String uncertain;

  ReportedDamage() {}

  /// How often damage was reported in this process.
  public static long count() {
    return OF_THIS_PROCESS.counted();
  }

  /// What Derby has reported since then.
  ///
  /// @param counted what [#count] was
  /// @return the last of it, a part of a sentence
  public static Optional<String> since(long counted) {
    return OF_THIS_PROCESS.after(counted);
  }

  /// Until that is closed, what Derby reports on this thread is of no database that is served: of a
  /// backup that is tried.
  public static LeftOut leaveOut() {
    return OF_THIS_PROCESS.leavingOut();
  }

  /// What leaves reports out.
  public interface LeftOut extends AutoCloseable {
    @Override
    void close();
  }

  LeftOut leavingOut() {
    Thread thread = Thread.currentThread();
    onCopies.add(thread);
    return () -> onCopies.remove(thread);
  }

  private synchronized long counted() {
    return count;
  }

  synchronized Optional<String> after(long counted) {
    return count > counted ? Optional.of(last) : Optional.empty();
  }

  /// Hears a line of the log.
  ///
  /// @param line without the page in it
  synchronized void hear(String line) {
    if (onCopies.contains(Thread.currentThread())) {
      return;
    }
    Matcher error = ERROR.matcher(line);
    if (error.matches()) {
      String state = error.group(2);
      if (OF_CONTENT.contains(state)) {
        found(error.group(3));
      } else if (DerbyFault.UNLIKE_WRITTEN.contains(state)) {
        uncertain = error.group(3);
      } else if (error.group(1) == null) {
        uncertain = null;
      }
    } else if (uncertain != null && (line.startsWith(END_OF_FILE) || isOfMissingFile(line))) {
      found(uncertain);
    }
  }

  private void found(String said) {
    count++;
    last = said;
    uncertain = null;
  }

  private static boolean isOfMissingFile(String line) {
    Matcher file = NO_FILE.matcher(line);
    return file.matches() && Files.notExists(new File(file.group(1)).toPath());
  }
}
