package org.hearth.server.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.hearth.server.store.derby.Durably;

/// A folder with backups of one database and one kind, each named by the kind and the time when it
/// was begun. Backups of other servers may be there, too: they are left alone.
///
/// **Thread**: one at a time.
///
/// @param folder may not exist yet
/// @param kind such as `daily`; backups of other kinds are left alone. A regular expression where
///   several kinds are meant
/// @param database whose backups they are
public record BackupFolder(Path folder, String kind, UUID database) {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss").withZone(ZoneOffset.UTC);
  private static final String STAMPED = "[0-9]{8}-[0-9]{6}";
  private static final String PARTIAL = ".partial";
  private static final String PARTLY = "((\\.[0-9a-f-]{36})?" + Pattern.quote(PARTIAL) + ")?";
  private static final int LENGTH_OF_STAMP = 15;

  /// Where a backup that is begun at that time goes.
  public Path next(Instant now) {
    return folder.resolve(kind + "-" + STAMP.format(now));
  }

  /// When the newest complete backup was begun; empty if there is none.
  public Optional<Instant> newest() throws IOException {
    return named(STAMPED).stream().filter(this::isOwn).findFirst().flatMap(BackupFolder::begun);
  }

  /// All that there are, whosever they are and also those that did not come to their end; newest
  /// first.
  public List<Path> all() throws IOException {
    return named(STAMPED + PARTLY);
  }

  /// Whether a backup did not come to its end, or has not yet.
  public static boolean isPartial(Path backup) {
    return String.valueOf(backup.getFileName()).endsWith(PARTIAL);
  }

  /// Removes all but the newest backups, of several kinds taken together.
  ///
  /// @param count how many stay
  public void keepNewest(int count) throws IOException {
    for (Path old : named(STAMPED).stream().filter(this::isOwn).skip(count).toList()) {
      Durably.remove(old);
    }
  }

  private boolean isOwn(Path backup) {
    return ManifestFile.isOf(backup, database);
  }

  /// Where a backup is until it is complete.
  ///
  /// @param database whose backup it is: other servers may make theirs in the same folder
  static Path partial(Path backup, UUID database) {
    return backup.resolveSibling(backup.getFileName() + "." + database + PARTIAL);
  }

  /// Removes what is left of backups that did not come to their end. Of other databases, only what
  /// is old: a younger one may still be made.
  ///
  /// None may be made of this database meanwhile.
  ///
  /// @param old what was begun before then is removed, whosever it is
  public void removePartial(Instant old) throws IOException {
    for (Path partial : named(STAMPED + "(\\.[0-9a-f-]{36})?" + Pattern.quote(PARTIAL))) {
      if (String.valueOf(partial.getFileName()).endsWith("." + database + PARTIAL)
          || begun(partial).filter(old::isAfter).isPresent()) {
        Durably.remove(partial);
      }
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
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /// When a backup was begun, by its name.
  ///
  /// @return empty if somebody gave it a time that there is not
  public static Optional<Instant> begun(Path named) {
    try {
      return Optional.of(STAMP.parse(stamp(named), Instant::from));
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }

  /// The time in a name, as text: names of several kinds sort by it.
  private static String stamp(Path named) {
    String name = String.valueOf(named.getFileName());
    int dot = name.indexOf('.');
    int end = dot < 0 ? name.length() : dot;
    return name.substring(Math.max(0, end - LENGTH_OF_STAMP), end);
  }
}
