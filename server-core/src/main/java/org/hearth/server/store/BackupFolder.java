package org.hearth.server.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.store.derby.Durably;

/// A folder with backups of one kind, each named by the kind and the time when it was begun.
///
/// **Thread**: one at a time.
///
/// @param folder may not exist yet
/// @param kind such as `daily`; backups of other kinds are left alone. A regular expression where
///   several kinds are only looked at
public record BackupFolder(Path folder, String kind) {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss").withZone(ZoneOffset.UTC);
  private static final String STAMPED = "[0-9]{8}-[0-9]{6}";
  private static final int LENGTH_OF_STAMP = 15;

  /// Where a backup that is begun at that time goes.
  public Path next(Instant now) {
    return folder.resolve(kind + "-" + STAMP.format(now));
  }

  /// When the newest complete backup was begun; empty if there is none.
  public Optional<Instant> newest() throws IOException {
    List<Path> all = named(STAMPED);
    if (all.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(STAMP.parse(stamp(all.getFirst()), Instant::from));
    } catch (DateTimeException _) {
      return Optional.empty(); // Somebody gave it a time that there is not.
    }
  }

  /// Removes all but the newest backups.
  ///
  /// @param count how many stay
  public void keepNewest(int count) throws IOException {
    for (Path old : named(STAMPED).stream().skip(count).toList()) {
      Durably.remove(old);
    }
  }

  /// Removes all but the newest backups of several kinds, taken together.
  ///
  /// @param kinds a regular expression for the kinds
  /// @param count how many stay
  static void keepNewest(Path folder, String kinds, int count) throws IOException {
    new BackupFolder(folder, kinds).keepNewest(count);
  }

  /// Removes what is left of backups that did not come to their end.
  public void removePartial() throws IOException {
    for (Path partial : named(STAMPED + "\\.partial")) {
      Durably.remove(partial);
    }
  }

  /// Newest first.
  private List<Path> named(String what) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> String.valueOf(entry.getFileName()).matches(kind + "-" + what))
          .sorted(Comparator.comparing(BackupFolder::stamp).reversed())
          .toList();
    }
  }

  /// The time in a name, as text: names of several kinds sort by it.
  private static String stamp(Path named) {
    String name = String.valueOf(named.getFileName());
    return name.substring(name.length() - Math.min(name.length(), LENGTH_OF_STAMP));
  }
}
