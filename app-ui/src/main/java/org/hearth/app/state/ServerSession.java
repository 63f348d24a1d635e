package org.hearth.app.state;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import org.hearth.server.Homeserver;
import org.hearth.server.InPlaceRestore;
import org.hearth.server.LastFailure;
import org.hearth.server.LogTail;
import org.hearth.server.SavedData;
import org.hearth.server.ServerState;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.BackupStatus;
import org.hearth.server.admin.ConnectSummary;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.ConfigurationWriter;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ListenerPort;
import org.jspecify.annotations.Nullable;

/// The server that this panel looks after: at most one at a time.
///
/// **thread**: methods from the JavaFX thread; start and stop go on in the background, and the
/// state property tells how they went.
public final class ServerSession {
  private static final System.Logger LOG = System.getLogger(ServerSession.class.getName());
  private static final Duration GRACE = Duration.ofSeconds(5);

  /// The step of a restore from which on it cannot be called off.
  public static final String STOPPING = "stopping the server";

  private final ReadOnlyObjectWrapper<ServerState> state =
      new ReadOnlyObjectWrapper<>(new ServerState.Stopped());
  private final ReadOnlyObjectWrapper<DataFolder> folder;
  private final LastFailure before;
  private volatile @Nullable Homeserver server;
  private final Restarts restarts = new Restarts();
  private Runnable showPanel = () -> {};
  private Runnable endProgram = () -> {};
  private volatile BooleanSupplier windowShows = () -> false;
  private volatile boolean startCalledOff;
  private boolean stoppedByCommand;

  /// @param folder where the server's data is, or will be after the set-up
  public ServerSession(DataFolder folder) {
    this(folder, new LastFailure(System.getenv()));
  }

  /// @param folder where the server's data is, or will be after the set-up
  /// @param before what is told of the fault that ended the program before
  public ServerSession(DataFolder folder, LastFailure before) {
    this.folder = new ReadOnlyObjectWrapper<>(folder);
    this.before = before;
  }

  /// What the server is doing.
  public ReadOnlyObjectProperty<ServerState> state() {
    return state.getReadOnlyProperty();
  }

  /// Where the data is.
  public ReadOnlyObjectProperty<DataFolder> folder() {
    return folder.getReadOnlyProperty();
  }

  /// Whether a server was set up in the folder.
  public boolean isSetUp() {
    return Files.exists(folder.get().configuration());
  }

  /// Works on another folder from now on.
  ///
  /// @param other where the data is, or will be
  public void use(DataFolder other) {
    folder.set(other);
  }

  /// What to do when the program is started a second time.
  ///
  /// @param action shows the window
  public void onSecondStart(Runnable action) {
    showPanel = action;
  }

  /// What to do when the command line asks the server to stop. A window that shows stays, and says
  /// what became of its server.
  ///
  /// @param windowShows whether there is one to be seen; asked on any thread
  /// @param action ends the program where there is none
  public void onStopRequest(BooleanSupplier windowShows, Runnable action) {
    this.windowShows = windowShows;
    endProgram = action;
  }

  /// Whether the server does not run because the command line stopped it.
  public boolean isStoppedByCommand() {
    return stoppedByCommand && state.get() instanceof ServerState.Stopped;
  }

  private void stopRequested() {
    if (windowShows.getAsBoolean()) {
      stoppedByCommand = true;
      stop();
    } else {
      endProgram.run();
    }
  }

  /// What can be asked of the running server.
  ///
  /// @return empty unless it runs
  public Optional<Admin> admin() {
    Homeserver running = server;
    return running == null ? Optional.empty() : running.admin();
  }

  /// How apps connect to the server.
  ///
  /// @return empty unless it serves
  public Optional<ConnectSummary> connect() {
    return Optional.ofNullable(server).flatMap(Homeserver::connect);
  }

  /// What makes backups: of the server that runs, or of one that is opened for a backup.
  ///
  /// @return empty if there is neither
  public Optional<BackupMaker> backups() {
    Homeserver able = server;
    return able == null ? Optional.empty() : able.backups();
  }

  /// Which backups are made: by the server that runs, or by the next that is started. May block.
  public Configuration.Backups backupSettings() {
    Homeserver running = server;
    if (running != null && running.backups().isPresent()) {
      return running.configuration().backups();
    }
    try {
      return ConfigurationReader.read(folder.get().configuration()).backups();
    } catch (ConfigurationException e) {
      LOG.log(Level.DEBUG, "the usual backups, since the configuration cannot be read", e);
      return Configuration.Backups.USUAL;
    }
  }

  /// Makes a backup of the server that does not run, as the command does, and leaves it stopped.
  ///
  /// @param ended what became of the backup
  /// @param failed a sentence, if it cannot be begun
  public void backUpStopped(Consumer<BackupStatus> ended, Consumer<String> failed) {
    restarts.forget();
    state.set(new ServerState.Starting("Making a backup; the server stays stopped"));
    FxState.ask(
        "backup-of-stopped",
        this::backUpNow,
        status -> {
          state.set(new ServerState.Stopped());
          ended.accept(status);
        },
        sentence -> {
          Homeserver opened = server;
          state.set(
              opened != null && opened.state() instanceof ServerState.Failed how
                  ? how
                  : new ServerState.Stopped());
          failed.accept(sentence);
        });
  }

  private BackupStatus backUpNow() throws Exception {
    stopNow(); // One that has failed while it ran still holds the folder.
    try (Homeserver opened =
        new Homeserver(
            folder.get(), ConfigurationReader.read(folder.get().configuration()), before)) {
      server = opened;
      opened.openWithoutListeners();
      BackupMaker maker = opened.backups().orElseThrow();
      maker.begin(Optional.empty());
      return maker.await();
    }
  }

  /// What becomes of a restore.
  ///
  /// @param done it was put in place, and the server was started
  /// @param called it was called off; nothing has changed
  /// @param failed a sentence: nothing has changed, or it says where everything is
  public record Restoring(
      Consumer<InPlaceRestore.Done> done, Runnable called, Consumer<String> failed) {}

  /// Puts a backup in the place of the data, which are kept, and starts the server. Until that is
  /// prepared, the server goes on.
  ///
  /// @param backup the backup's folder
  /// @param progress follows it, and may end it while it is prepared; on any thread
  /// @param outcome what becomes of it
  public void restore(Path backup, SavedData.Progress progress, Restoring outcome) {
    FxState.ask(
        "restore",
        () -> {
          try {
            return Optional.of(restoreNow(backup, progress));
          } catch (CancellationException e) {
            LOG.log(Level.DEBUG, "a restore was called off", e);
            return Optional.<InPlaceRestore.Done>empty();
          }
        },
        done -> done.ifPresentOrElse(outcome.done(), outcome.called()),
        outcome.failed());
  }

  private InPlaceRestore.Done restoreNow(Path backup, SavedData.Progress progress)
      throws IOException {
    try (InPlaceRestore prepared =
        InPlaceRestore.prepare(backup, folder.get(), Instant.now(), progress)) {
      progress.at(STOPPING, 0, 0);
      FxState.onFxThread(() -> {
        restarts.forget();
        state.set(new ServerState.Stopping());
      });
      stopForOwner();
      try {
        return prepared.putInPlace();
      } finally {
        startNow(_ -> {});
      }
    }
  }

  /// What the owner should know of the server that was last started, each a sentence.
  public List<String> warnings() {
    Homeserver running = server;
    return running == null ? List.of() : running.warnings();
  }

  /// The settings of the server that was last started.
  public Optional<Configuration> configuration() {
    return Optional.ofNullable(server).map(Homeserver::configuration);
  }

  /// The newest lines of the log, also of a start that was refused.
  public LogTail log() {
    return LogTail.ofThisProcess();
  }

  /// Starts the server.
  public void start() {
    start(_ -> {});
  }

  /// Starts the server, then does something with it before anybody is told that it runs.
  ///
  /// @param first what to do with the running server, in the background
  public void start(Consumer<Admin> first) {
    restarts.forget();
    stoppedByCommand = false;
    startCalledOff = false;
    state.set(new ServerState.Starting("Reading the configuration"));
    FxState.ask(
        "start-server",
        () -> {
          startNow(first);
          return true;
        },
        _ -> {},
        sentence -> refused(sentence, "Read the log under Activity."));
  }

  /// Gives a listener another port in the configuration and starts the server, then does something
  /// with it before anybody is told that it runs.
  ///
  /// @param inUse the port that something else holds
  /// @param other the port to take instead
  /// @param first what to do with the running server, in the background
  public void startOnPort(int inUse, int other, Consumer<Admin> first) {
    startCalledOff = false;
    state.set(new ServerState.Starting("Writing port " + other + " into the configuration"));
    FxState.ask(
        "change-port",
        () -> {
          ListenerPort.change(folder.get(), inUse, other);
          startNow(first);
          return true;
        },
        _ -> {},
        sentence ->
            refused(sentence, "Give the listener another port in hearth.yaml, then start again."));
  }

  /// Opens the listeners to other computers or closes them to this one, in the configuration. A
  /// server that runs is restarted.
  ///
  /// @param written what to do when that is written
  /// @param refused gets a sentence instead
  public void openListeners(boolean toOthers, Runnable written, Consumer<String> refused) {
    changeSettings(
        () -> ConfigurationWriter.openListeners(folder.get(), toOthers), written, refused);
  }

  /// Adds an address with https, which the server's own authority certifies. A server that runs is
  /// restarted.
  ///
  /// @param written what to do when that is written
  /// @param refused gets a sentence instead
  public void addHttps(Runnable written, Consumer<String> refused) {
    changeSettings(() -> ConfigurationWriter.addHttps(folder.get()), written, refused);
  }

  /// Lets whoever has a registration token make an account. A server that runs is restarted.
  ///
  /// @param written what to do when that is written
  /// @param refused gets a sentence instead
  public void registerByToken(Runnable written, Consumer<String> refused) {
    changeSettings(() -> ConfigurationWriter.registerByToken(folder.get()), written, refused);
  }

  /// Changes `hearth.yaml`.
  @FunctionalInterface
  private interface Change {
    void make() throws IOException;
  }

  private void changeSettings(Change change, Runnable written, Consumer<String> refused) {
    FxState.ask(
        "change-settings",
        () -> {
          change.make();
          return true;
        },
        _ -> {
          written.run();
          if (state.get() instanceof ServerState.Running) {
            restart();
          }
        },
        refused);
  }

  /// Calls off the start that is under way: it fails when its step is done, or comes to its end if
  /// that was the last.
  public void callOffStart() {
    startCalledOff = true;
    Homeserver starting = server;
    if (starting != null) {
      starting.callOffStart();
    }
  }

  /// Why there is nothing to ask now, in a sentence.
  public String absence() {
    return switch (state.get()) {
      case ServerState.Starting _, ServerState.Running _ -> "The server starts…";
      case ServerState.Stopping _ -> "The server stops…";
      case ServerState.Failed _ -> "The server has failed.";
      case ServerState.Stopped _ -> "The server is not running.";
    };
  }

  /// Stops the server.
  public void stop() {
    state.set(new ServerState.Stopping());
    FxState.ask(
        "stop-server",
        () -> {
          stopForOwner();
          return true;
        },
        _ -> {
          // A server that had not come up yet stops without a word.
          Homeserver stopped = server;
          state.set(stopped == null ? new ServerState.Stopped() : stopped.state());
        },
        sentence -> state.set(new ServerState.Failed(sentence, "Read the log under Activity.")));
  }

  /// Stops the server, reads the configuration again and starts it.
  public void restart() {
    restarts.forget();
    restartAfter(this::stopForOwner);
  }

  private void restartAfter(Runnable stop) {
    state.set(new ServerState.Stopping());
    FxState.ask(
        "restart-server",
        () -> {
          stop.run();
          startNow(_ -> {});
          return true;
        },
        _ -> {},
        sentence -> refused(sentence, "Read the log under Activity."));
  }

  /// Stops the server on this thread, for the end of the program.
  public void stopNow() {
    Homeserver running = server;
    if (running != null) {
      running.stop(GRACE);
    }
  }

  /// The same, because the owner asks for it.
  public void stopForOwner() {
    Homeserver running = server;
    if (running != null) {
      running.stopForOwner(GRACE);
    }
  }

  private void startNow(Consumer<Admin> first) throws IOException {
    stopNow(); // One that has failed while it ran still holds the folder.
    try {
      Homeserver fresh =
          new Homeserver(
              folder.get(), ConfigurationReader.read(folder.get().configuration()), before);
      fresh.onSecondStart(() -> FxState.onFxThread(showPanel));
      fresh.onStopRequest(
          () -> windowShows.getAsBoolean(), () -> FxState.onFxThread(this::stopRequested));
      server = fresh;
      if (startCalledOff) {
        fresh.callOffStart();
      }
      boolean[] prepared = {false};
      fresh.onState(next -> {
        if (!(next instanceof ServerState.Running) || prepared[0]) {
          FxState.onFxThread(() -> follow(next));
        }
      });
      fresh.start();
      try {
        fresh.admin().ifPresent(first);
      } catch (RuntimeException e) {
        // A server that is not as it was asked for does not go on unseen behind the failure.
        fresh.stop(GRACE);
        throw e;
      }
      prepared[0] = true;
      ServerState running = fresh.state();
      FxState.onFxThread(() -> state.set(running));
    } catch (StartFailedException _) {
      // The server's own state, which this session follows, says why.
      return;
    } catch (ConfigurationException e) {
      FxState.onFxThread(() ->
          refused(
              String.valueOf(e.getMessage()),
              "Correct the file with a text editor, then start again."));
    }
  }

  /// A server that has failed while it ran is started again after a pause, unless its owner does
  /// something first.
  private void follow(ServerState next) {
    if (!(next instanceof ServerState.Failed failed)
        || !(state.get() instanceof ServerState.Running running)) {
      state.set(next);
      return;
    }
    Homeserver ended = server;
    Optional<Duration> pause =
        restarts.after(
            Duration.between(running.since(), Instant.now()), ended != null && ended.isDamaged());
    ServerState.Failed told =
        new ServerState.Failed(
            failed.reason(),
            pause
                    .map(each -> "It is started again in %d s.".formatted(each.toSeconds()))
                    .orElse(Restarts.GIVEN_UP)
                + " "
                + failed.remedy(),
            failed.portInUse(),
            failed.wantsBackup());
    state.set(told);
    pause.ifPresent(each ->
        FxState.after(
            each,
            () -> {
              if (told.equals(state.get())) {
                restartAfter(this::stopNow);
              }
            }));
  }

  /// There is no server that could say so itself.
  private void refused(String sentence, String remedy) {
    LOG.log(Level.ERROR, "The server did not start: " + sentence);
    state.set(new ServerState.Failed(sentence, remedy));
  }
}
