package org.hearth.server.admin;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.hearth.server.admin.BackupStatus.State;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.services.media.MediaBackup;
import org.hearth.server.store.BackupFolder;
import org.hearth.server.store.BackupManifest;
import org.hearth.server.store.BackupManifest.Progress.Step;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.upkeep.Upkeep;

/// Makes backups of the running server, one at a time: when it is asked to, and once a day.
///
/// **thread**: any; backups are made on a thread of their own, `backup`, which nobody interrupts.
public final class BackupMaker {
  private static final System.Logger LOG = System.getLogger(BackupMaker.class.getName());
  private static final String UNKEPT = "the daily backups could not be looked after";
  private static final Duration FIRST_LOOK = Duration.ofMinutes(10);
  private static final Duration LOOK = Duration.ofHours(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration TOO_OLD = Duration.ofDays(2);

  /// No server makes a backup for so long.
  private static final Duration ABANDONED = Duration.ofDays(2);

  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(60);

  private final Store store;
  private final Supplier<BackupManifest.Others> others;
  private final BackupFolder byHand;
  private final BackupFolder daily;
  private final BackupFolder any;
  private final int keptDaily;
  private final InstantSource clock;
  private final Happenings happenings;
  private final Optional<MediaBackup> media;
  private final AtomicReference<BackupStatus> status = new AtomicReference<>(BackupStatus.none());

  /// Why there is no newer backup; until one is made.
  private volatile Optional<Alert> trouble = Optional.empty();

  /// When the newest backup was begun that is in the folder, as of the last look. Whoever has none
  /// made daily looks after them himself: it stays empty.
  private volatile Optional<Instant> newest = Optional.empty();

  /// When it is looked first whether one of the day is due; empty if none is made daily.
  private volatile Optional<Instant> firstLook = Optional.empty();

  private final Upkeep thread = new Upkeep("backup");

  /// @param others what belongs to the database
  /// @param folder where backups go
  /// @param keptDaily how many of the daily backups are kept
  /// @param happenings told what became of each
  /// @param media copies the files that belong to the database
  public BackupMaker(
      Store store,
      Supplier<BackupManifest.Others> others,
      Path folder,
      int keptDaily,
      InstantSource clock,
      Happenings happenings,
      Optional<MediaBackup> media) {
    this.store = store;
    this.others = others;
    UUID database = store.identity().id();
    this.byHand = new BackupFolder(folder, "backup", database);
    this.daily = new BackupFolder(folder, "daily", database);
    this.any = new BackupFolder(folder, "(backup|daily)", database);
    this.keptDaily = keptDaily;
    this.clock = clock;
    this.happenings = happenings;
    this.media = media;
  }

  /// From now on a backup is made every day.
  public void startDaily() {
    firstLook = Optional.of(clock.instant().plus(FIRST_LOOK));
    thread.once(UNKEPT, this::look);
    thread.every(FIRST_LOOK, LOOK, UNKEPT, this::makeDaily);
  }

  /// Begins a backup and returns.
  ///
  /// @param folder where it goes, instead of the folder for backups
  /// @return where it is made
  /// @throws AdminException if one is being made already
  public BackupStatus begin(Optional<Path> folder) {
    Instant now = clock.instant();
    BackupFolder into =
        folder
            .map(other -> new BackupFolder(other, byHand.kind(), byHand.database()))
            .orElse(byHand);
    Path target = into.next(now);
    BackupStatus begun = claim(target, now);
    thread.once(
        "the backup " + target + " could not be made", () -> make(into, target, Happening.OWNER));
    return begun;
  }

  /// When the next backup of the day is made, about: it is looked once an hour whether one is due.
  ///
  /// @return empty if none is made daily
  /// @throws IOException if the folder cannot be read
  public Optional<Instant> nextDaily() throws IOException {
    Optional<Instant> first = firstLook;
    if (first.isEmpty()) {
      return first;
    }
    Instant now = clock.instant();
    Instant due = daily.newest().map(newest -> newest.plus(DAY)).filter(now::isBefore).orElse(now);
    Duration wait = Duration.between(first.get(), due);
    return wait.isNegative()
        ? first
        : Optional.of(
            first.get().plus(LOOK.multipliedBy(wait.plus(LOOK).minusNanos(1).dividedBy(LOOK))));
  }

  /// Ends the backup that is being made as soon as that can be: a database that is being copied is
  /// copied to its end first. Nothing is left of it.
  ///
  /// @return as of now
  /// @throws AdminException if none is being made
  public BackupStatus cancel() {
    BackupStatus now =
        status.updateAndGet(before ->
            before.state() == State.RUNNING
                ? before.at(BackupStatus.CANCELLING, before.doneBytes(), before.totalBytes())
                : before);
    if (now.state() != State.RUNNING) {
      throw new AdminException("No backup is being made.");
    }
    return now;
  }

  private void requireWanted() {
    if (status.get().isCancelling()) {
      throw new CancellationException("the backup was cancelled");
    }
  }

  /// Waits until no backup is being made.
  ///
  /// @return what became of the newest one
  public BackupStatus await() throws InterruptedException {
    try {
      return thread.ask(status::get).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /// How far the newest backup is.
  ///
  /// @return as of now
  public BackupStatus status() {
    return status.get();
  }

  /// What keeps backups from being made, for a person to look at.
  ///
  /// @return empty when the newest one was made, and not long ago
  public Optional<Alert> trouble() {
    return trouble.or(this::tooOld);
  }

  /// Looks at nothing but the clock, so that a backup that does not come to its end is told of too.
  private Optional<Alert> tooOld() {
    Instant now = clock.instant();
    return newest
        .filter(begun -> begun.plus(TOO_OLD).isBefore(now))
        .map(begun ->
            new Alert(
                begun.plus(TOO_OLD),
                any.folder().toString(),
                "There is no backup of the last "
                    + Amounts.roughly(Duration.between(begun, now))
                    + ".",
                "The server makes one a day while it runs. Make one now (hearth backup), and see that the disk has room."));
  }

  /// Finds out how old the newest backup is; a server without one is as old as its database.
  void look() {
    try {
      newest = any.newest().or(() -> Optional.of(store.identity().createdAt()));
    } catch (IOException e) {
      unkept(e);
    }
  }

  /// The next look is in an hour.
  private void unkept(Throwable e) {
    trouble = Optional.of(trouble(daily.folder(), "The daily backups cannot be kept: " + e + "."));
    LOG.log(Level.WARNING, "The daily backups in " + daily.folder() + " cannot be kept", e);
  }

  private Alert trouble(Path where, String text) {
    return new Alert(
        clock.instant(),
        where.toString(),
        text,
        "See that the disk has room and may be written; the next try is in an hour.");
  }

  private BackupStatus claim(Path target, Instant now) {
    BackupStatus before = status.get();
    BackupStatus begun =
        new BackupStatus(
            State.RUNNING,
            "",
            0,
            0,
            Optional.of(target.toString()),
            Optional.of(now),
            Optional.empty());
    if (before.state() == State.RUNNING || !status.compareAndSet(before, begun)) {
      throw new AdminException("A backup is being made already.");
    }
    return begun;
  }

  /// Makes the backup of the day if there is none younger, and removes those that are too old.
  void makeDaily() {
    try {
      look();
      Instant now = clock.instant();
      if (daily.newest().filter(newest -> newest.plus(DAY).isAfter(now)).isPresent()
          || status.get().state() == State.RUNNING) {
        return;
      }
      Path target = daily.next(now);
      claim(target, now);
      if (make(daily, target, Happening.SERVER)) {
        daily.keepNewest(keptDaily);
        MediaBackup.prune(target);
      }
    } catch (IOException | RuntimeException | Error e) {
      unkept(e);
    }
  }

  /// What cannot be removed takes up space, which is no reason to make no backup.
  private void removePartial(BackupFolder into) {
    try {
      into.removePartial(clock.instant().minus(ABANDONED));
    } catch (IOException e) {
      LOG.log(Level.WARNING, "Half a backup in " + into.folder() + " could not be removed", e);
    }
  }

  /// @param by who asked for it
  private boolean make(BackupFolder into, Path target, String by) {
    try {
      removePartial(into);
      BackupManifest made = copyAll(target);
      trouble = Optional.empty();
      if (newest.isPresent()) {
        look();
      }
      end(State.DONE, made.lengthBytes(), Optional.empty());
      happenings.note(new Happening(Kind.BACKUP_MADE, target.toString(), by));
      LOG.log(Level.INFO, "The backup {0} is made", target);
      return true;
    } catch (CancellationException _) {
      end(State.CANCELLED, 0, Optional.of("The backup was cancelled; nothing is left of it."));
      LOG.log(Level.INFO, "The backup {0} was cancelled", target);
    } catch (StorageException | IOException e) {
      // What is wrong with a file is said in words, which are enough.
      boolean inWords =
          e instanceof FileSystemException || e.getCause() instanceof FileSystemException;
      LOG.log(
          inWords ? Level.DEBUG : Level.WARNING, "The backup " + target + " could not be made", e);
      String why = e instanceof IOException ? StorageException.said(e) : e.getMessage();
      failed(target, by, "The backup could not be made: " + why + ".");
    } catch (RuntimeException | Error e) {
      failed(target, by, "The backup could not be made: " + e + ".");
      throw e;
    }
    return false;
  }

  private BackupManifest copyAll(Path target) throws IOException {
    try {
      return media.isPresent() ? withMedia(target, media.get()) : copy(target, others.get());
    } finally {
      Path folder = target.toAbsolutePath().normalize().getParent();
      if (folder != null && Files.isDirectory(folder)) {
        store.leave(folder, Set.of(String.valueOf(target.getFileName()), MediaBackup.MEDIA));
      }
    }
  }

  private BackupManifest copy(Path target, BackupManifest.Others beside) {
    requireWanted();
    return store.backup(
        target,
        beside,
        (step, done, all) -> {
          progress(text(step), done, all);
          if (step == Step.CHECKING) {
            requireWanted();
          }
        });
  }

  /// Most files are copied first. No file goes from the copy of the database on until those are
  /// copied that have come meanwhile: so all that it names are there.
  private BackupManifest withMedia(Path target, MediaBackup files) throws IOException {
    Path folder = target.toAbsolutePath().normalize().getParent();
    if (folder != null && Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new IOException(folder + " is there already, and is no folder");
    }
    progress("copying pictures and files", 0, 0);
    BackupManifest.Others beside = others.get();
    Map<String, Path> held = new HashMap<>(beside.held());
    try {
      files
          .copy(target, this::requireWanted)
          .ifPresent(list -> held.put(MediaBackup.IN_BACKUP, list));
      BackupManifest made;
      try (var _ = files.hold()) {
        made = copy(target, new BackupManifest.Others(held, beside.origin()));
        var _ = files.copy(target, () -> {});
      }
      MediaBackup.prune(target);
      return made;
    } catch (CancellationException e) {
      MediaBackup.prune(target);
      throw e;
    }
  }

  private void failed(Path target, String by, String sentence) {
    end(State.FAILED, 0, Optional.of(sentence));
    trouble = Optional.of(trouble(target, sentence));
    happenings.note(new Happening(Kind.BACKUP_FAILED, target.toString(), by));
  }

  private static String text(Step step) {
    return switch (step) {
      case COPYING -> "copying";
      case CHECKING -> "checking";
      case TABLES -> "comparing tables";
    };
  }

  private void progress(String step, long done, long all) {
    status.updateAndGet(now ->
        now.state() == State.RUNNING
            ? now.at(now.isCancelling() ? now.step() : step, done, all)
            : now);
  }

  private void end(State state, long bytes, Optional<String> failure) {
    status.updateAndGet(now ->
        new BackupStatus(
            state, "", bytes, bytes, now.folder(), Optional.of(clock.instant()), failure));
  }

  /// Waits for the backup that is being made, for a while. No other is begun.
  public void stop() throws InterruptedException {
    if (!thread.end(PATIENCE_AT_END)) {
      LOG.log(Level.WARNING, "A backup is not made to its end");
    }
  }
}
