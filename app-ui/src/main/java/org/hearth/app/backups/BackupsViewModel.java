package org.hearth.app.backups;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.hearth.app.state.FxState;
import org.hearth.app.state.Heartbeat;
import org.hearth.app.state.PassingSentence;
import org.hearth.app.state.ServerSession;
import org.hearth.server.InPlaceRestore;
import org.hearth.server.SavedData;
import org.hearth.server.ServerState;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.Alert;
import org.hearth.server.admin.Amounts;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.BackupShelf;
import org.hearth.server.admin.BackupStatus;
import org.hearth.server.admin.SavedBackup;
import org.hearth.server.admin.SavedBackup.Content;
import org.hearth.server.configuration.BackupSettings;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.DataFolder;

/// The backups that there are, how one is made, checked and restored, and which are made by
/// themselves.
///
/// **thread**: the JavaFX thread.
final class BackupsViewModel {
  private static final Duration LIST = Duration.ofSeconds(5);
  private static final Duration PROGRESS = Duration.ofMillis(500);
  private static final double UNKNOWN = -1;

  private final ServerSession session;
  private final Heartbeat<Answer> listing;
  private final Heartbeat<Optional<BackupStatus>> following;
  private final ObservableList<Row> rows = FXCollections.observableArrayList();
  private final ReadOnlyStringWrapper message = new ReadOnlyStringWrapper("Looking…");
  private final ReadOnlyStringWrapper plan = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper last = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper place = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper doubt = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper trouble = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper kept = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper("");
  private final PassingSentence outcome = new PassingSentence();
  private final ReadOnlyObjectWrapper<Optional<Work>> work =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final ReadOnlyObjectWrapper<Optional<Restore>> restore =
      new ReadOnlyObjectWrapper<>(Optional.empty());

  /// What was found by checking, until the panel ends.
  private final Map<Path, Check> checks = new HashMap<>();

  /// The check or restore that is being done.
  private Optional<Own> own = Optional.empty();

  private Optional<BackupStatus> status = Optional.empty();
  private Configuration.Backups settings = Configuration.Backups.USUAL;
  private List<Path> setAside = List.of();
  private boolean looked;
  private Supplier<Runnable> selection = () -> () -> {};

  /// A backup, and what was found when it was checked.
  record Row(SavedBackup backup, Optional<Check> check) {
    /// What stays the same of it.
    String id() {
      return backup.folder().toString();
    }

    /// Whether there is enough of it to be checked.
    boolean isComplete() {
      return backup.content() != Content.PARTIAL;
    }

    /// Whether it can take the place of what is there.
    boolean isOfUse() {
      return backup.content() == Content.WHOLE || backup.content() == Content.OF_ANOTHER;
    }
  }

  /// What was found when a backup was checked.
  ///
  /// @param sentence what it holds, or what is wrong
  record Check(Instant at, boolean whole, String sentence) {}

  /// What is being done.
  ///
  /// @param sentence for a progress line
  /// @param fraction of 1; less than 0 if that is not known
  /// @param ends whether it can be called off
  record Work(String sentence, double fraction, boolean ends) {}

  /// A restore, as a card tells of it.
  ///
  /// @param isOver whether there is nothing more to wait for
  /// @param sentence what is being done, or what became of it
  /// @param ends whether it can be called off
  /// @param good whether that is what was wanted
  /// @param aside what was there before, if it has got another place
  record Restore(
      boolean isOver, String sentence, boolean ends, boolean good, Optional<Path> aside) {
    private static Restore under(Work work) {
      return new Restore(false, work.sentence(), work.ends(), true, Optional.empty());
    }

    private static Restore over(String sentence, boolean good, Optional<Path> aside) {
      return new Restore(true, sentence, false, good, aside);
    }
  }

  /// A check or a restore.
  private record Own(
      String name, AtomicBoolean calledOff, AtomicReference<Work> progress, boolean restores)
      implements SavedData.Progress {
    @Override
    public void at(String step, long done, long total) {
      // Told first: whoever calls it off after that sees that it is too late.
      progress.set(
          new Work(
              "%s: %s…".formatted(name, step),
              total == 0 ? UNKNOWN : (double) done / total,
              !step.equals(ServerSession.STOPPING)));
      if (calledOff.get()) {
        throw new CancellationException(step);
      }
    }

    private Work now() {
      Work doing = progress.get();
      return doing.ends() && calledOff.get()
          ? new Work(name + ": cancelling…", UNKNOWN, false)
          : doing;
    }
  }

  /// What is asked for in one go.
  private record Answer(
      Instant time,
      List<SavedBackup> backups,
      Configuration.Backups settings,
      Path folder,
      boolean sameDisk,
      Optional<Instant> next,
      Optional<Alert> trouble,
      List<Path> setAside) {}

  BackupsViewModel(ServerSession session) {
    this.session = session;
    this.listing = new Heartbeat<>("list-backups", LIST, this::look, this::show, this::showNothing);
    this.following =
        new Heartbeat<>(
            "backup-status",
            PROGRESS,
            () -> session.backups().map(BackupMaker::status),
            this::follow,
            problem::set);
    session
        .state()
        .addListener((_, _, _) -> {
          if (looked) {
            listing.beat();
          }
        });
  }

  private Answer look() throws IOException {
    DataFolder data = session.folder().get();
    Configuration.Backups now = session.backupSettings();
    Path folder = BackupShelf.folder(data, now);
    Optional<BackupMaker> maker = session.backups();
    return new Answer(
        Instant.now(),
        BackupShelf.list(data, now),
        now,
        folder,
        BackupSettings.isOnDiskOfData(folder, data),
        maker.isPresent() ? maker.get().nextDaily() : Optional.empty(),
        maker.flatMap(BackupMaker::trouble),
        InPlaceRestore.setAside(data));
  }

  void start() {
    looked = true;
    listing.start();
    following.start();
  }

  void stop() {
    looked = false;
    listing.stop();
    following.stop();
  }

  ObservableList<Row> rows() {
    return rows;
  }

  /// What keeps a row selected over a change: asked before it, run after it.
  void keep(Supplier<Runnable> keeper) {
    selection = keeper;
  }

  /// Why there are no rows, in a sentence.
  ReadOnlyStringProperty message() {
    return message.getReadOnlyProperty();
  }

  /// When the next backup is made.
  ReadOnlyStringProperty plan() {
    return plan.getReadOnlyProperty();
  }

  /// When the last one was made, and how many are kept.
  ReadOnlyStringProperty last() {
    return last.getReadOnlyProperty();
  }

  /// The folder where backups go.
  ReadOnlyStringProperty place() {
    return place.getReadOnlyProperty();
  }

  /// What is worth a second thought about that folder; empty for nothing.
  ReadOnlyStringProperty doubt() {
    return doubt.getReadOnlyProperty();
  }

  /// Why there is no newer backup; empty if that is no trouble.
  ReadOnlyStringProperty trouble() {
    return trouble.getReadOnlyProperty();
  }

  /// What restores have set aside; empty for nothing.
  ReadOnlyStringProperty kept() {
    return kept.getReadOnlyProperty();
  }

  /// Where that of the last one is.
  Optional<Path> setAside() {
    return setAside.isEmpty() ? Optional.empty() : Optional.of(setAside.getLast());
  }

  /// What went wrong last; empty for nothing.
  ReadOnlyStringProperty problem() {
    return problem.getReadOnlyProperty();
  }

  /// What was done last.
  ReadOnlyStringProperty outcome() {
    return outcome.text();
  }

  /// What is being done, for the page; a restore has a card of its own.
  ReadOnlyObjectProperty<Optional<Work>> work() {
    return work.getReadOnlyProperty();
  }

  /// The restore that a card tells of.
  ReadOnlyObjectProperty<Optional<Restore>> restore() {
    return restore.getReadOnlyProperty();
  }

  /// The settings, to be changed.
  ///
  /// @param done called when they are saved
  SettingsViewModel toChange(Runnable done) {
    return new SettingsViewModel(
        session.folder().get(),
        settings,
        () -> {
          done.run();
          saved();
        });
  }

  boolean runs() {
    return session.state().get() instanceof ServerState.Running;
  }

  private void show(Answer answer) {
    settings = answer.settings();
    Optional<String> making =
        status
            .filter(now -> now.state() == BackupStatus.State.RUNNING)
            .flatMap(BackupStatus::folder);
    List<Row> now = new ArrayList<>();
    for (SavedBackup each : answer.backups()) {
      if (making.filter(each.folder().toString()::startsWith).isEmpty()) {
        now.add(new Row(each, Optional.ofNullable(checks.get(each.folder()))));
      }
    }
    if (!rows.equals(now)) {
      Runnable select = selection.get();
      rows.setAll(now);
      select.run();
    }
    message.set(
        session.state().get() instanceof ServerState.Failed failed && failed.wantsBackup()
            ? "There are no backups here. One that you keep elsewhere can be restored with hearth restore."
            : "There are no backups yet. Make one with “Back up now”.");
    plan.set(planned(answer));
    last.set(newest(answer));
    place.set(answer.folder().toString());
    doubt.set(
        answer.sameDisk()
            ? "This folder is on the same disk as the data: if the disk fails, both are gone. Settings can name another one."
            : "");
    trouble.set(answer.trouble().map(Alert::text).orElse(""));
    kept.set(
        answer.setAside().isEmpty()
            ? ""
            : "The data of before the last restore are in %s, beside the others. Remove that when all is well."
                .formatted(answer.setAside().getLast().getFileName()));
    setAside = answer.setAside();
  }

  private void showNothing(String sentence) {
    rows.clear();
    message.set("The backups cannot be listed: " + sentence);
  }

  private String planned(Answer answer) {
    if (!answer.settings().daily()) {
      return "No backups are made by themselves. Settings can change that.";
    }
    if (answer.next().isPresent()) {
      return "The next backup is made %s."
          .formatted(Moments.about(answer.next().get(), answer.time()));
    }
    return switch (session.state().get()) {
      case ServerState.Running _, ServerState.Starting _ ->
          "One is made every day while the server runs.";
      case ServerState.Failed failed when failed.wantsBackup() ->
          "Only a backup helps now: restore the newest one that is whole. What is there is kept.";
      case ServerState.Failed _, ServerState.Stopping _, ServerState.Stopped _ ->
          "The server does not run, and makes no backups until it does.";
    };
  }

  private static String newest(Answer answer) {
    String count =
        answer.settings().keep() == 1
            ? "The newest daily one is kept"
            : "The %,d newest daily ones are kept".formatted(answer.settings().keep());
    return answer.backups().stream()
            .filter(each -> each.content() == Content.WHOLE)
            .findFirst()
            .map(each ->
                "The last one was made %s. ".formatted(Moments.said(each.begun(), answer.time())))
            .orElse("")
        + count
        + ", those made by hand until you remove them.";
  }

  private void follow(Optional<BackupStatus> now) {
    Optional<BackupStatus> before = status;
    status = now;
    boolean ran = before.filter(each -> each.state() == BackupStatus.State.RUNNING).isPresent();
    boolean runs = now.filter(each -> each.state() == BackupStatus.State.RUNNING).isPresent();
    if (ran && !runs) {
      now.ifPresent(this::ended);
    }
    Optional<Work> shown =
        now.filter(_ -> runs)
            .map(BackupsViewModel::work)
            .or(() -> own.filter(each -> !each.restores()).map(each -> each.now()));
    work.set(shown);
    if (own.filter(Own::restores).isPresent()) {
      restore.set(Optional.of(Restore.under(own.get().now())));
    }
  }

  private static Work work(BackupStatus status) {
    boolean ending = status.isCancelling();
    String step = status.step().isEmpty() ? "beginning" : status.step();
    String amount =
        status.totalBytes() == 0 || ending
            ? ""
            : ", %s of %s"
                .formatted(
                    Amounts.bytes(Math.min(status.doneBytes(), status.totalBytes())),
                    Amounts.bytes(status.totalBytes()));
    return new Work(
        "Making a backup: %s%s…".formatted(step, amount),
        status.totalBytes() == 0 ? UNKNOWN : (double) status.doneBytes() / status.totalBytes(),
        !ending);
  }

  private void ended(BackupStatus how) {
    switch (how.state()) {
      case DONE -> say("The backup is made: %s.".formatted(Amounts.bytes(how.totalBytes())));
      case FAILED -> fail(how.failure().orElse("The backup could not be made."));
      case CANCELLED -> say(how.failure().orElse("The backup was cancelled."));
      case NONE, RUNNING -> {
        // It has not come to an end.
      }
    }
    listing.beat();
  }

  private void say(String sentence) {
    problem.set("");
    outcome.say(sentence);
  }

  private void fail(String sentence) {
    outcome.clear();
    problem.set(sentence);
  }

  /// Makes a backup now, of a server that runs or does not.
  void backUp() {
    problem.set("");
    outcome.clear();
    if (runs()) {
      FxState.ask(
          "begin-backup",
          () ->
              session
                  .backups()
                  .orElseThrow(() -> new AdminException("The server is not running."))
                  .begin(Optional.empty()),
          begun -> follow(Optional.of(begun)),
          this::fail);
    } else {
      session.backUpStopped(
          how -> {
            status = Optional.empty();
            work.set(Optional.empty());
            ended(how);
          },
          this::fail);
    }
  }

  /// Ends what the page shows as being done.
  void cancel() {
    if (status.filter(each -> each.state() == BackupStatus.State.RUNNING).isPresent()) {
      session
          .backups()
          .ifPresent(maker ->
              FxState.ask(
                  "cancel-backup", maker::cancel, now -> follow(Optional.of(now)), this::fail));
    } else {
      callOff();
    }
  }

  /// Ends the restore that a card tells of, as long as nothing is touched.
  void cancelRestore() {
    callOff();
  }

  private void callOff() {
    own.ifPresent(each -> each.calledOff().set(true));
    follow(status);
  }

  private Own begin(String name, boolean restores) {
    problem.set("");
    outcome.clear();
    Own begun =
        new Own(
            name,
            new AtomicBoolean(),
            new AtomicReference<>(new Work(name + "…", UNKNOWN, true)),
            restores);
    own = Optional.of(begun);
    follow(status);
    return begun;
  }

  private void end() {
    own = Optional.empty();
    follow(status);
    listing.beat();
  }

  /// Compares every file of a backup with its checksum, and opens its database.
  void check(SavedBackup backup) {
    Own progress = begin("Checking", false);
    FxState.ask(
        "check-backup",
        () -> found(backup.folder(), progress),
        found -> {
          found.ifPresentOrElse(
              check -> {
                checks.put(backup.folder(), check);
                if (check.whole()) {
                  say(check.sentence());
                } else {
                  fail(check.sentence());
                }
              },
              () -> say("The check was cancelled."));
          end();
        },
        sentence -> {
          fail("The backup could not be checked: " + sentence);
          end();
        });
  }

  private Optional<Check> found(Path backup, Own progress) throws IOException {
    try {
      SavedData.Checked found = SavedData.check(backup, session.folder().get(), progress);
      return Optional.of(new Check(Instant.now(), found.whole(), found.sentence()));
    } catch (CancellationException _) {
      return Optional.empty();
    }
  }

  /// Puts a backup in the place of the data, which are kept.
  void restore(SavedBackup backup) {
    String when = Moments.said(backup.begun(), Instant.now());
    Own progress = begin("Restoring", true);
    session.restore(
        backup.folder(),
        progress,
        new ServerSession.Restoring(
            done -> {
              end();
              restore.set(Optional.of(restored(when, done)));
            },
            () -> {
              end();
              restore.set(
                  Optional.of(
                      Restore.over(
                          "The restore was cancelled. Nothing has changed.",
                          true,
                          Optional.empty())));
            },
            sentence -> {
              boolean untouched = progress.progress().get().ends();
              end();
              restore.set(
                  Optional.of(
                      Restore.over(
                          sentence + (untouched ? " Everything is as it was." : ""),
                          false,
                          Optional.empty())));
            }));
  }

  private Restore restored(String when, InPlaceRestore.Done done) {
    List<String> told = new ArrayList<>();
    boolean runs = !(session.state().get() instanceof ServerState.Failed);
    told.add("The backup of %s is in its place.".formatted(when));
    if (!runs) {
      told.add("But the server did not start; the line at the top says why.");
    }
    told.addAll(done.told());
    told.add(
        "What was there before is in %s. Remove that folder when all is well."
            .formatted(done.aside()));
    return Restore.over(String.join(" ", told), runs, Optional.of(done.aside()));
  }

  /// How long ago a backup was begun: what is lost by going back to it.
  static String lost(SavedBackup backup) {
    return Amounts.duration(Duration.between(backup.begun(), Instant.now()));
  }

  /// Whether a card about a restore was read.
  void forgetRestore() {
    restore.set(Optional.empty());
  }

  private void saved() {
    say("The settings are kept.");
    if (runs()) {
      session.restart();
    }
    listing.beat();
  }
}
