package org.hearth.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.ConnectSummary;
import org.hearth.server.admin.WayIn;
import org.hearth.server.box.Time;
import org.hearth.server.certificates.CertificatePage;
import org.hearth.server.certificates.HomeAuthority;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.Control;
import org.hearth.server.control.ControlException;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.control.Launcher;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.Served;
import org.hearth.server.http.connection.PortInUseException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.StoreRefusedException;
import org.jspecify.annotations.Nullable;

/// One Matrix homeserver on one data folder: starts, serves, stops, and says which of these it
/// does.
///
/// **thread**: any; start and stop wait for one another. State listeners are called on the thread
/// that caused the change and must be quick.
public final class Homeserver implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Homeserver.class.getName());

  /// For what whoever has started the server is told, too.
  private static final System.Logger TOLD = System.getLogger(LogRouting.TOLD);

  private static final Duration GRACE_OF_CLOSE = Duration.ofSeconds(5);

  private final DataFolder folder;
  private final Configuration configuration;
  private final LastFailure before;
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();
  private final List<Consumer<ServerState>> listeners = new CopyOnWriteArrayList<>();
  private final Optional<ProcessHandle> launcher = Launcher.ofThisProcess(System.getenv());
  private volatile ServerState state = new ServerState.Stopped();

  /// What has ended since the last start; guarded by `listeners`.
  private ServerState.@Nullable Failed failure;

  /// Why it was started again, as far as that was a fault.
  private volatile Optional<String> lastFailure = Optional.empty();

  /// Whether the owner has asked for the stop.
  private volatile boolean stopAsked;

  /// Whether it has listeners; else a command has opened it.
  private volatile boolean serving;

  /// Whether the start under way is not to come to its end.
  private volatile boolean startCalledOff;

  private volatile @Nullable Runnable showPanel;
  private volatile Runnable endProgram = () -> {};
  private volatile BooleanSupplier programStays = () -> false;
  private volatile @Nullable Composition composition;
  private @Nullable ControlPort control;

  /// There if a listener is certified by it.
  private volatile @Nullable HomeAuthority authority;

  /// A server that is not running yet.
  ///
  /// @param folder where its data is
  /// @param configuration what `hearth.yaml` says
  public Homeserver(DataFolder folder, Configuration configuration) {
    this(folder, configuration, new LastFailure(System.getenv()));
  }

  /// One of several servers that a process starts one after the other.
  ///
  /// @param folder where its data is
  /// @param configuration what `hearth.yaml` says
  /// @param before what is told of the fault that ended the process before
  public Homeserver(DataFolder folder, Configuration configuration, LastFailure before) {
    this(folder, configuration, before, InstantSource.system());
  }

  Homeserver(DataFolder folder, Configuration configuration, InstantSource clock) {
    this(folder, configuration, new LastFailure(System.getenv()), clock);
  }

  private Homeserver(
      DataFolder folder, Configuration configuration, LastFailure before, InstantSource clock) {
    this.folder = folder;
    this.configuration = configuration;
    this.before = before;
    this.clock = clock;
  }

  /// What the server is doing.
  ///
  /// @return the state of this moment
  public ServerState state() {
    return state;
  }

  /// Follows the state.
  ///
  /// @param listener called with every new state, from any thread
  public void onState(Consumer<ServerState> listener) {
    listeners.add(listener);
  }

  /// What to do when the program is started a second time on this data folder.
  ///
  /// @param action shows the panel, if there is one
  public void onSecondStart(Runnable action) {
    showPanel = action;
  }

  /// What to do when the command line asks the server to stop.
  ///
  /// @param action begins the orderly end of the program, and returns before it is over
  public void onStopRequest(Runnable action) {
    onStopRequest(() -> false, action);
  }

  /// The same for a program that may go on without its server.
  ///
  /// @param programStays whether it does now; asked on any thread
  /// @param action begins the orderly end, and returns before it is over
  public void onStopRequest(BooleanSupplier programStays, Runnable action) {
    this.programStays = programStays;
    endProgram = action;
  }

  /// The settings this server was made with.
  ///
  /// @return what `hearth.yaml` said
  public Configuration configuration() {
    return configuration;
  }

  /// The folder that this server keeps its data in.
  ///
  /// @return the data folder
  public DataFolder folder() {
    return folder;
  }

  /// What can be asked of and done to the server while it runs.
  ///
  /// @return the operations; empty unless the server is running
  public Optional<Admin> admin() {
    return Optional.ofNullable(composition).map(Composition::admin);
  }

  /// What makes backups while the server runs.
  ///
  /// @return empty unless the server is running
  public Optional<BackupMaker> backups() {
    return Optional.ofNullable(composition).map(Composition::backups);
  }

  /// Starts the server and returns when it serves. What had started is closed again if something
  /// fails.
  ///
  /// @throws StartFailedException with the reason and the remedy, which the state then has too
  public synchronized void start() throws StartFailedException {
    start(true);
  }

  /// Opens the database and the services, without listeners: for a command that acts on a server
  /// that is not running.
  ///
  /// @throws StartFailedException with the reason and the remedy
  public synchronized void openWithoutListeners() throws StartFailedException {
    start(false);
  }

  private void start(boolean listening) throws StartFailedException {
    if (composition != null) {
      return;
    }
    long began = System.nanoTime();
    failure = null;
    stopAsked = false;
    serving = listening;
    try {
      step("Opening the data folder");
      folder.create();
      if (listening) {
        LogRouting.alsoTo(folder.logsToWrite());
      }
      Composition started =
          Composition.open(
              folder,
              configuration,
              Time.of(clock),
              random,
              listening ? this::prepareListening : () -> {},
              this::step,
              this::failed);
      composition = started;
      if (listening) {
        lastFailure = before.take(folder);
        step("Opening the listeners");
        started.listen(folder, Optional.ofNullable(authority));
      }
      Addresses.Told reached = Addresses.Told.of(started.ways());
      running(
          new ServerState.Running(
              clock.instant(), reached.addresses(), reached.ofThisComputerOnly()));
      if (listening) {
        noteStart(started.activity());
        warnings().forEach(warning -> LOG.log(Level.WARNING, warning));
      }
      LOG.log(
          Level.INFO,
          "{0} has started in {1} ms",
          configuration.serverName(),
          (System.nanoTime() - began) / 1_000_000);
    } catch (RuntimeException | IOException | Error met) {
      Throwable e = cause(met);
      StartFailedException failure = StartFailures.explain(e, folder);
      System.Logger log = StartFailures.isRefusal(e) ? TOLD : LOG;
      // The sentence of a refusal says all that there is to know, but for what Derby has found.
      boolean whole = StartFailures.isRefusal(e) && !StorageException.isOfDamage(e);
      log.log(Level.ERROR, "The server did not start: " + failure.getMessage(), whole ? null : e);
      closeAll(Duration.ZERO, failure);
      change(
          new ServerState.Failed(
              failure.reason(),
              failure.remedy(),
              e instanceof PortInUseException port
                  ? OptionalInt.of(port.address().getPort())
                  : OptionalInt.empty(),
              e instanceof StoreRefusedException refused && refused.refusal().wantsBackup()));
      throw failure;
    } finally {
      startCalledOff = false;
    }
  }

  /// What has met a damaged database fails because of that, whatever it says.
  private Throwable cause(Throwable met) {
    Composition opened = composition;
    return opened != null && met instanceof RuntimeException failure
        ? opened.refusal(failure)
        : met;
  }

  /// Calls off the start that is under way, or the next one: it fails when its step is done. A
  /// start whose last step is under way comes to its end.
  public void callOffStart() {
    startCalledOff = true;
  }

  private void step(String what) {
    if (startCalledOff) {
      throw new CancellationException("the start was called off before: " + what);
    }
    change(new ServerState.Starting(what));
  }

  private void noteStart(Activity activity) {
    RunBefore.untold(folder, activity.sinceLastStart(), lastFailure).ifPresent(activity::note);
    activity.note(new Happening(Kind.SERVER_STARTED, "", Happening.SERVER));
  }

  /// The listeners are tried before a database is made or opened, which may take long.
  private void prepareListening() {
    openAuthority();
    HttpServer.check(Addresses.listeners(configuration, folder));
    openControl();
    // A third of a start is the database's and a sixth is Helidon's; they need not wait for one
    // another. Not sooner: Java crashes when it keeps its archive while a thread still loads.
    Thread.ofPlatform().daemon().name("http-warm-up").start(HttpServer::warmUp);
  }

  private void openAuthority() {
    if (!configuration.hasHomeAuthority()) {
      return;
    }
    try {
      HomeAuthority opened =
          HomeAuthority.open(
              folder.certificates(),
              ServerName.parse(configuration.serverName()).host(),
              clock,
              random);
      opened.certify(Addresses.atHome(configuration, Addresses.links()));
      authority = opened;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// From now on the command line is told what this server does, also while it starts.
  private void openControl() {
    try {
      control = ControlPort.open(folder, random, new Operations());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      if (launcher.isPresent()) {
        Launcher.keep(folder, launcher.get());
      }
    } catch (IOException | ConfigurationException e) {
      LOG.log(Level.WARNING, "who starts the server again cannot be kept for hearth stop", e);
    }
  }

  /// Stops the server: requests under way may end, what was accepted is made durable.
  ///
  /// @param grace how long requests may take to end
  public synchronized void stop(Duration grace) {
    Composition running = composition;
    if (running == null) {
      return;
    }
    change(new ServerState.Stopping());
    if (control != null) {
      running
          .activity()
          .note(
              new Happening(
                  Kind.SERVER_STOPPED, "", stopAsked ? Happening.OWNER : Happening.SERVER));
    }
    RuntimeException failures = new IllegalStateException("The server did not stop cleanly");
    closeAll(grace, failures);
    if (failures.getSuppressed().length > 0) {
      LOG.log(Level.ERROR, "Something failed while the server stopped", failures);
    }
    change(new ServerState.Stopped());
  }

  /// The same, because the owner asks for it.
  ///
  /// @param grace how long requests may take to end
  public void stopForOwner(Duration grace) {
    stopAsked = true;
    stop(grace);
  }

  @Override
  public void close() {
    stop(GRACE_OF_CLOSE);
  }

  /// What the owner should know of the settings and of this moment, each a sentence.
  ///
  /// @return the same as `hearth status` tells
  public List<String> warnings() {
    Composition running = composition;
    return Stream.of(
            lastFailure.stream(),
            configuration.warnings().stream(),
            running == null ? Stream.<String>empty() : running.warnings().stream())
        .flatMap(each -> each)
        .toList();
  }

  /// How apps connect.
  ///
  /// @return as of now, since a computer changes networks; empty unless the server serves
  public Optional<ConnectSummary> connect() {
    Composition running = composition;
    if (running == null || !(state instanceof ServerState.Running)) {
      return Optional.empty();
    }
    List<WayIn> ways = running.ways();
    return ways.isEmpty()
        ? Optional.empty()
        : Optional.of(
            ConnectSummary.of(
                configuration.serverName(),
                configuration.isOpenToOthers(),
                ways,
                Served.now().features().contains("org.matrix.simplified_msc3575"),
                Optional.ofNullable(authority)
                    .map(own ->
                        new ConnectSummary.Authority(CertificatePage.PATH, own.fingerprint()))));
  }

  /// Whether the server has found its database damaged: another start will find the same.
  ///
  /// @return false unless the server has started and is not stopped
  public boolean isDamaged() {
    Composition running = composition;
    return running != null && running.isDamaged();
  }

  /// Does an operation of the command line.
  ///
  /// @throws ControlException unless it is open, or with what has become of the database if the
  ///   operation has met that
  public JsonNode handle(ControlRequest request) {
    try {
      return control().handle(request);
    } catch (RuntimeException e) {
      Throwable why = cause(e);
      if (why.equals(e) && (serving || !(e instanceof StorageException))) {
        throw e;
      }
      throw new ControlException(
          String.valueOf(StartFailures.explain(why, folder).getMessage()), why);
    }
  }

  private Control control() {
    Composition running = composition;
    if (running == null) {
      throw new ControlException("The server is not running.");
    }
    return new Control(running.admin(), running.backups(), told());
  }

  private Control.Server told() {
    ServerState now = state;
    Optional<String> failed = failureNow().map(how -> how.reason() + " " + how.remedy());
    Optional<ServerState.Running> serving =
        now instanceof ServerState.Running it ? Optional.of(it) : Optional.empty();
    return new Control.Server(
        configuration.serverName(),
        now.getClass().getSimpleName().toLowerCase(Locale.ROOT),
        now instanceof ServerState.Starting(String step) ? Optional.of(step) : Optional.empty(),
        serving.map(ServerState.Running::addresses).orElse(List.of()),
        serving.map(ServerState.Running::since),
        failed,
        ProductVersion.current(),
        warnings(),
        this::connect);
  }

  /// Of a server that stops because it has failed, too.
  private Optional<ServerState.Failed> failureNow() {
    synchronized (listeners) {
      return state instanceof ServerState.Failed how
          ? Optional.of(how)
          : Optional.ofNullable(failure);
    }
  }

  /// What the command line and a second start of the panel ask for.
  private final class Operations implements ControlPort.Handler {
    @Override
    public JsonNode handle(ControlRequest request) {
      if (request.operation().equals(ControlRequest.SHOW_PANEL)) {
        Runnable action = showPanel;
        if (action == null) {
          throw new ControlException("This server runs without a panel.");
        }
        action.run();
      }
      JsonNode answer =
          composition == null
              ? Control.handleWithoutAdmin(request, told())
              : Homeserver.this.handle(request);
      if (request.operation().equals(ControlRequest.STOP) && answer instanceof ObjectNode stop) {
        stop.put(ControlRequest.PROGRAM_STAYS, programStays.getAsBoolean());
      }
      return answer;
    }

    @Override
    public void answered(ControlRequest request) {
      if (request.operation().equals(ControlRequest.STOP)) {
        stopAsked = true;
        endProgram.run();
      }
    }
  }

  /// Closes everything in the reverse order; what fails is added to `failures`.
  private void closeAll(Duration grace, Exception failures) {
    Composition running = composition;
    composition = null;
    if (running != null) {
      running.close(grace, failures);
    }
    // Last, so that who asked for the stop sees its end by the end of the file.
    ControlPort port = control;
    control = null;
    if (port == null) {
      return;
    }
    try (port) {
      if (launcher.isPresent() && !isStartedAgain()) {
        Launcher.forget(folder, launcher.get());
      }
    } catch (RuntimeException | IOException | Error e) {
      failures.addSuppressed(e);
    }
  }

  /// Whether whoever starts the server again will do so.
  private boolean isStartedAgain() {
    synchronized (listeners) {
      return failure != null && !stopAsked;
    }
  }

  /// Something has ended that must not. What still works goes on until the server is stopped, so
  /// that its owner can be told.
  private void failed(ServerState.Failed how) {
    try {
      TOLD.log(Level.ERROR, how.reason() + " " + how.remedy());
    } finally {
      tell(how);
    }
  }

  private void tell(ServerState.Failed how) {
    synchronized (listeners) {
      if (failure != null) {
        return; // What fails after the first fails because of it.
      }
      failure = how;
    }
    try {
      if (serving) {
        // Before anybody is told, since who is told may end the process.
        LastFailure.keep(folder, how.reason());
      }
    } finally {
      synchronized (listeners) {
        if (state instanceof ServerState.Running) {
          change(how);
        }
      }
    }
    // Last: on a thread that is dying this, too, may fail.
    Composition running = composition;
    if (running != null && serving) {
      running.activity().note(new Happening(Kind.SERVER_FAILED, how.reason(), Happening.SERVER));
    }
  }

  /// A server that has failed on its way up does not run.
  private void running(ServerState.Running next) {
    synchronized (listeners) {
      change(next);
      if (failure != null) {
        change(failure);
      }
    }
  }

  private void change(ServerState next) {
    state = next;
    for (Consumer<ServerState> listener : listeners) {
      try {
        listener.accept(next);
      } catch (RuntimeException e) {
        LOG.log(Level.ERROR, "A listener of the server's state failed on " + next, e);
      }
    }
  }
}
