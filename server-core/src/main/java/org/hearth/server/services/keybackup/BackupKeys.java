package org.hearth.server.services.keybackup;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.services.keybackup.BackupTables.Entry;
import org.hearth.server.services.keybackup.BackupTables.Kept;
import org.hearth.server.store.Committer;
import org.hearth.server.store.RowChange;
import org.jspecify.annotations.Nullable;

/// The keys in backups: which of two stays, how many there may be, and how they are written out.
///
/// Many keys are stored and deleted in steps, a commit each, so that the commits of others come in
/// between.
///
/// **thread**: any, what changes a backup while it is its user's turn.
final class BackupKeys {
  /// How many keys are written in one commit.
  static final int STEP = 500;

  /// Keys of a user, in all versions together: years in rooms with hundreds of people.
  static final long MOST_KEYS = 500_000;

  /// Bytes of session data of a user, in all versions together.
  static final long MOST_BYTES = 512L << 20;

  /// Keys that are in memory while a backup is written out: at most 4 MiB.
  private static final int PAGE = 250;

  private final BackupTables tables;
  private final Committer committer;

  /// Set when nothing more is to be removed beside the requests.
  private volatile boolean stopping;

  BackupKeys(BackupTables tables, Committer committer) {
    this.tables = tables;
    this.committer = committer;
  }

  /// Keeps those keys that are new or better than what the backup has.
  ///
  /// @return the backup after that
  /// @throws MatrixException `M_TOO_LARGE` if the user would have too much; keys of earlier steps
  ///   are kept
  Backup put(UserId user, Backups all, Backup backup, Map<Session, BackedUpKey> keys) {
    List<Map.Entry<Session, BackedUpKey>> entries = List.copyOf(keys.entrySet());
    long otherKeys = all.keys() - backup.keys();
    long otherBytes = all.bytes() - backup.bytes();
    Backup now = backup;
    for (int from = 0; from < entries.size(); from += STEP) {
      Step step = step(user, now, entries.subList(from, Math.min(entries.size(), from + STEP)));
      if (step.changes().isEmpty()) {
        continue;
      }
      Backup after = now.changed(step.keys(), step.bytes());
      if (otherKeys + after.keys() > MOST_KEYS) {
        throw MatrixException.tooLarge("The backups of a user have at most 500000 keys");
      }
      if (otherBytes + after.bytes() > MOST_BYTES) {
        throw MatrixException.tooLarge("The backups of a user have at most 512 MiB");
      }
      commit(user, now, step);
      now = after;
    }
    return now;
  }

  /// @param keys how many more the backup has by it
  /// @param bytes how many more it has by it
  private record Step(List<RowChange> changes, long keys, long bytes) {}

  private Step step(UserId user, Backup backup, List<Map.Entry<Session, BackedUpKey>> keys) {
    Map<Session, Kept> kept =
        tables.kept(user, backup.version(), keys.stream().map(Map.Entry::getKey).toList());
    List<RowChange> added = new ArrayList<>();
    List<RowChange> replaced = new ArrayList<>();
    long bytes = 0;
    for (Map.Entry<Session, BackedUpKey> each : keys) {
      Session session = each.getKey();
      BackedUpKey key = each.getValue();
      @Nullable Kept known = kept.get(session);
      if (known == null) {
        added.add(BackupTables.set(user, backup.version(), session, key, true));
        bytes += key.sessionData().length;
      } else if (key.rank().isBetterThan(known.rank())) {
        replaced.add(BackupTables.set(user, backup.version(), session, key, false));
        bytes += key.sessionData().length - known.bytes();
      }
    }
    long count = added.size();
    added.addAll(replaced);
    return new Step(added, count, bytes);
  }

  /// Deletes keys.
  ///
  /// @param room whose; null for all
  /// @param session whose; null for all
  /// @return the backup after that
  Backup delete(UserId user, Backup backup, @Nullable RoomId room, @Nullable String session) {
    Backup now = backup;
    while (true) {
      List<Kept> some = tables.some(user, backup.version(), room, session, STEP);
      if (some.isEmpty()) {
        return now;
      }
      Step step =
          new Step(
              deletions(user, backup.version(), some),
              -some.size(),
              -some.stream().mapToLong(Kept::bytes).sum());
      commit(user, backup, step);
      now = now.changed(step.keys(), step.bytes());
    }
  }

  private static List<RowChange> deletions(UserId user, long version, List<Kept> keys) {
    return keys.stream().map(each -> BackupTables.delete(user, version, each.session())).toList();
  }

  private void commit(UserId user, Backup backup, Step step) {
    List<RowChange> changes = new ArrayList<>(step.changes());
    changes.add(BackupTables.count(user, backup.version(), step.keys(), step.bytes()));
    committer.commit(KeyBackupService.BOX, changes, List.of());
  }

  /// Removes the keys of a user's versions that are not there any more. Such a version never comes
  /// back, so it need not be the user's turn.
  void removeLeftovers(UserId user) {
    Optional<Long> version = tables.versionAfter(user, 0);
    while (version.isPresent()) {
      long number = version.get();
      if (tables.of(user).find(Long.toString(number)).isEmpty()) {
        List<Kept> some = tables.some(user, number, null, null, STEP);
        while (!some.isEmpty() && !stopping) {
          committer.commit(KeyBackupService.BOX, deletions(user, number, some), List.of());
          some = tables.some(user, number, null, null, STEP);
        }
      }
      version = tables.versionAfter(user, number);
    }
  }

  /// Removes what an earlier run left, of all users.
  void removeAllLeftovers() {
    Optional<UserId> user = tables.userAfter("");
    while (user.isPresent() && !stopping) {
      removeLeftovers(user.get());
      user = tables.userAfter(user.get().value());
    }
  }

  /// Ends each removal of leftovers after its next step.
  void stop() {
    stopping = true;
  }

  /// Writes the keys of all rooms: what stands in `rooms`.
  void write(JsonWriter json, UserId user, Backup backup) {
    Optional<RoomId> room = tables.roomAfter(user, backup.version(), "");
    while (room.isPresent()) {
      json.name(room.get().value()).object();
      write(json, user, backup, room.get());
      json.endObject();
      room = tables.roomAfter(user, backup.version(), room.get().value());
    }
  }

  /// Writes the keys of a room: `sessions` with what stands in it.
  void write(JsonWriter json, UserId user, Backup backup, RoomId room) {
    json.name("sessions").object();
    List<Entry> page = tables.keys(user, backup.version(), room, "", PAGE);
    while (!page.isEmpty()) {
      for (Entry each : page) {
        json.name(each.session()).object(each.key().members()).endObject();
      }
      page =
          page.size() < PAGE
              ? List.of()
              : tables.keys(user, backup.version(), room, page.getLast().session(), PAGE);
    }
    json.endObject();
  }
}
