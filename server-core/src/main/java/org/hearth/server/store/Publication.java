package org.hearth.server.store;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Positioned;

/// The announcements of one commit, gathered by log so that the readers of each are woken once.
final class Publication {
  private static final System.Logger LOG = System.getLogger(Committer.class.getName());

  private final IdentityHashMap<OutputLog<?>, Entries<?>> logs = new IdentityHashMap<>();

  private static final class Entries<E> {
    private final OutputLog<E> log;
    private final List<Positioned<E>> entries = new ArrayList<>();

    Entries(OutputLog<E> log) {
      this.log = log;
    }

    /// @param announcement on this very log, so its entry is an `E`
    @SuppressWarnings("unchecked")
    void add(LogPosition position, Announcement<?> announcement) {
      entries.add(new Positioned<>(position, (E) announcement.entry()));
    }

    void publish() {
      log.publish(entries);
    }
  }

  /// Adds the announcements of a unit.
  ///
  /// @param first the unit's first position
  void add(List<Announcement<?>> announcements, LogPosition first) {
    for (Announcement<?> each : announcements) {
      logs.computeIfAbsent(each.log(), Entries::new).add(first.plus(each.offset()), each);
    }
  }

  /// Publishes. A log that takes nothing (it was stopped) keeps no other from its entries.
  void publish() {
    for (Entries<?> entries : logs.values()) {
      try {
        entries.publish();
      } catch (RuntimeException e) {
        // They are in the database, where the log's readers find them at the next start.
        LOG.log(Level.ERROR, "entries are committed but could not be published", e);
      }
    }
  }
}
