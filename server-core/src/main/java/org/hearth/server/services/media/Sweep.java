package org.hearth.server.services.media;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.store.RowChange;

/// Brings files and rows together again, which a crash, a damaged disk or a restored backup may
/// have parted.
///
/// * A file without a row is removed.
/// * A row without a file is told as lost. If the file comes back, by whatever way, all is as
///   before; after [#PATIENCE] the row is removed. A copy of what is on another server goes at
///   once, so that it is fetched anew.
///
/// **thread**: one at a time looks, others wait for it; [#damaged] any.
final class Sweep {
  /// How long somebody has to put files back.
  static final Duration PATIENCE = Duration.ofDays(7);

  private static final System.Logger LOG = System.getLogger(Sweep.class.getName());
  private static final int PAGE = 500;
  private static final int MOST_TOLD = 1_000;

  /// A row that names a file may come so much later than the file, if the database was slow.
  private static final Duration YOUNG = Duration.ofHours(1);

  private final MediaStore store;
  private final Happenings happenings;
  private final InstantSource clock;
  private final BooleanSupplier isEnding;
  private final ReentrantLock looking = new ReentrantLock();

  /// By the disk's clock. What is older was left by an earlier run, none of whose rows come any
  /// more.
  private final Instant begun = Instant.ofEpochMilli(System.currentTimeMillis());

  /// Which damaged files were told: each once.
  private final Set<String> toldDamaged = ConcurrentHashMap.newKeySet();

  /// @param isEnding whether to leave off
  Sweep(MediaStore store, Happenings happenings, InstantSource clock, BooleanSupplier isEnding) {
    this.store = store;
    this.happenings = happenings;
    this.clock = clock;
    this.isEnding = isEnding;
  }

  /// What was found.
  ///
  /// @param withoutRow files that are removed
  /// @param lost pieces of media whose file is not there
  /// @param forgotten copies that are to be fetched anew, and media that was lost for long
  /// @param damaged files that have other bytes than were stored; counted only if they are read
  record Found(int withoutRow, int lost, int forgotten, int damaged) {}

  /// Removes what an earlier run was receiving.
  void removeIncoming() {
    try {
      int removed = store.folder().removeIncoming();
      if (removed > 0) {
        LOG.log(
            Level.INFO,
            "{0} uploads were under way when the server ended, and are removed",
            removed);
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "What was being uploaded at the last end could not be removed", e);
    }
  }

  /// Looks through files and rows.
  Found run() {
    return look(false);
  }

  /// The same, and reads every file. That takes as long as the disk needs.
  Found runReading() {
    return look(true);
  }

  private Found look(boolean reading) {
    looking.lock();
    try {
      int forgotten = forgetLost() + forgetRemote();
      Found found = new Found(removeWithoutRow(), markLost(), forgotten, reading ? read() : 0);
      if (found.withoutRow() > 0 || found.forgotten() > 0) {
        LOG.log(
            Level.INFO,
            "{0} files without media are removed, and {1} pieces of media without a file",
            found.withoutRow(),
            found.forgotten());
      }
      if (found.lost() > 0) {
        LOG.log(Level.WARNING, "The files of {0} pieces of media are not there", found.lost());
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      looking.unlock();
    }
  }

  private int removeWithoutRow() throws IOException {
    Instant old = Instant.ofEpochMilli(System.currentTimeMillis()).minus(YOUNG);
    Instant before = begun.isAfter(old) ? begun : old;
    List<String> without = new ArrayList<>();
    store
        .folder()
        .visit((sha256, changed) -> {
          if (!isEnding.getAsBoolean() && changed.isBefore(before) && !store.isNamed(sha256)) {
            without.add(sha256);
          }
        });
    return store.removeFiles(without);
  }

  /// @return how many are lost, those included that were before
  private int markLost() {
    int lost = 0;
    int news = 0;
    String after = "";
    List<LocalMedia> page = store.tables().after(after, PAGE);
    while (!page.isEmpty() && !isEnding.getAsBoolean()) {
      List<RowChange> changes = new ArrayList<>();
      for (LocalMedia each : page) {
        boolean missing = !store.folder().has(each.file().sha256());
        if (missing) {
          lost++;
        }
        if (missing != each.missing()) {
          news += missing ? 1 : 0;
          changes.add(MediaTables.missing(each.mediaId(), missing ? clock.millis() : 0));
        }
      }
      store.change(changes);
      page = store.tables().after(page.getLast().mediaId(), PAGE);
    }
    if (news > 0) {
      happenings.note(new Happening(Kind.MEDIA_LOST, Integer.toString(news), Happening.SERVER));
    }
    return lost;
  }

  private int forgetLost() {
    int forgotten = 0;
    Instant before = clock.instant().minus(PATIENCE);
    List<LocalMedia> page = store.tables().missingSince(before, PAGE);
    while (!page.isEmpty() && !isEnding.getAsBoolean()) {
      List<LocalMedia> gone =
          page.stream().filter(each -> !store.folder().has(each.file().sha256())).toList();
      store.remove(gone);
      store.change(
          page.stream()
              .filter(each -> !gone.contains(each))
              .map(each -> MediaTables.missing(each.mediaId(), 0))
              .toList());
      forgotten += gone.size();
      page = store.tables().missingSince(before, PAGE);
    }
    return forgotten;
  }

  private int forgetRemote() {
    int forgotten = 0;
    List<RemoteMedia> page = store.remotes().after(RemoteTables.MxcPosition.FIRST, PAGE);
    while (!page.isEmpty() && !isEnding.getAsBoolean()) {
      List<RemoteMedia> gone =
          page.stream()
              .filter(
                  each -> !each.file().quarantined() && !store.folder().has(each.file().sha256()))
              .toList();
      store.removeRemote(gone);
      forgotten += gone.size();
      page = store.remotes().after(RemoteTables.MxcPosition.of(page.getLast().uri()), PAGE);
    }
    return forgotten;
  }

  private int read() throws IOException {
    List<String> damaged = new ArrayList<>();
    store
        .folder()
        .visit((sha256, _) -> {
          if (!isEnding.getAsBoolean() && isDamaged(sha256)) {
            damaged.add(sha256);
            damaged(sha256);
          }
        });
    return damaged.size();
  }

  private boolean isDamaged(String sha256) {
    try {
      // It may have been removed meanwhile.
      return !MediaFolder.isWhole(store.folder().path(sha256), sha256)
          && store.folder().has(sha256);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "A file of media cannot be read", e);
      return true;
    }
  }

  /// A file was found to have other bytes than were stored. It stays as it is, for a person to look
  /// at, and nobody gets the whole of it.
  void damaged(String sha256) {
    store.checked().forget(sha256);
    if (toldDamaged.size() < MOST_TOLD && toldDamaged.add(sha256)) {
      happenings.note(new Happening(Kind.MEDIA_DAMAGED, sha256, Happening.SERVER));
    }
  }
}
