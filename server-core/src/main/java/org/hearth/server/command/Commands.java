package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.Homeserver;
import org.hearth.server.LastFailure;
import org.hearth.server.LogRouting;
import org.hearth.server.ProductVersion;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.Amounts;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.Umask;
import org.hearth.server.control.Control;
import org.hearth.server.control.ControlException;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.control.Launcher;
import org.hearth.server.control.NoAnswerException;
import org.hearth.server.control.Processes;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The command line. What it does to a server is done by [Control]: in the process that holds the
/// data folder if one does, else here, on the opened database.
final class Commands {
  /// The server now runs in this process; the program must not end.
  static final int SERVING = -1;

  /// The exit code of what could not be done.
  static final int REFUSED = 1;

  /// The exit code of a server that served and then failed: its launcher starts it again. Java's
  /// own for want of memory is 3.
  static final int FAILED = 70;

  /// The exit code of one that has met a damaged page in its database: its launcher starts it
  /// again, and not twice in a row.
  static final int DAMAGED = 74;

  /// The exit code of what could not be done because the disk is full: a server's launcher tries it
  /// again until there is room.
  static final int NO_ROOM = 75;

  /// The exit code of what could not be done because another process has the data folder: the
  /// launcher of a server that was there before tries it again, since a command may have had it.
  static final int HELD = 76;

  /// From when a server holds the folder until it answers commands.
  private static final Duration PATIENCE_FOR_START = Duration.ofSeconds(5);

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final PrintStream out;
  private final PrintStream err;

  private Commands(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /// Runs one command.
  ///
  /// @param panel what the command `panel` opens; null in a program without
  /// @return the exit code, or [#SERVING]
  static int run(
      @Nullable ControlPanel panel, PrintStream out, PrintStream err, String... arguments) {
    Umask.ownerOnly();
    Commands commands = new Commands(out, err);
    CommandLine line =
        CommandGroup.line(
            "hearth",
            "A Matrix homeserver for your home. Without a command: the control panel.",
            err);
    line.getCommandSpec()
        .version("Hearth " + ProductVersion.current())
        .addOption(
            OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("print the version and do nothing")
                .build());
    if (panel != null) {
      line.addSubcommand("panel", commands.new Panel(panel));
    }
    return commands.execute(line, arguments);
  }

  /// Tells why a command failed: a refusal, or what could not be read or written, with its
  /// sentence, anything else with where it was thrown.
  ///
  /// @return the exit code
  static int failed(Exception exception, PrintStream err) {
    Throwable told =
        exception instanceof UncheckedIOException && exception.getCause() instanceof IOException io
            ? io
            : exception;
    switch (told) {
      case ConfigurationException _,
          ControlException _,
          NoAnswerException _,
          AdminException _,
          StartFailedException _ ->
          err.println("hearth: " + sentence(String.valueOf(told.getMessage())));
      case AccessDeniedException denied ->
          err.printf(
              "hearth: The user %s may not read or write %s.%n",
              System.getProperty("user.name"), denied.getFile());
      case FileSystemException file ->
          err.printf(
              "hearth: %s cannot be used: %s.%n",
              file.getFile(),
              file instanceof NoSuchFileException
                  ? "it does not exist"
                  : Objects.requireNonNullElse(file.getReason(), "the system refuses"));
      case IOException io when io.getMessage() != null ->
          err.printf("hearth: Reading or writing failed: %s.%n", io.getMessage());
      default -> exception.printStackTrace(err);
    }
    if (told instanceof StartFailedException start) {
      return start.wantsRoom() ? NO_ROOM : start.isHeld() ? HELD : REFUSED;
    }
    return StartFailedException.isOfFullDisk(exception) ? NO_ROOM : REFUSED;
  }

  private static String sentence(String text) {
    return text.endsWith(".") || text.endsWith("?") ? text : text + ".";
  }

  private int execute(CommandLine line, String... arguments) {
    line.addSubcommand("serve", new Serve());
    line.addSubcommand("status", new StatusCommand(out));
    line.addSubcommand("connect", new ConnectCommand(out));
    line.addSubcommand("stop", new Stop());
    line.addSubcommand("version", new Version());
    line.addSubcommand("check", new CheckCommand(out));
    line.addSubcommand("user", UserCommands.line(out, err));
    CommandLine parked = new CommandLine(new Parked());
    parked.addSubcommand("retry", new RetryParked());
    parked.addSubcommand("discard", new DiscardParked());
    line.addSubcommand("parked", parked);
    line.addSubcommand("backup", new BackupCommand(out));
    line.addSubcommand("restore", new RestoreCommand(out));
    line.addSubcommand("accept-loss", new AcceptLossCommand(out));
    line.addSubcommand("token", TokenCommands.line(out, err));
    line.addSubcommand("report", ReportCommands.line(out, err));
    line.addSubcommand("notice", new NoticeCommand(out));
    line.addSubcommand("search", SearchCommands.line(out, err));
    line.addSubcommand("media", MediaCommands.line(out, err));
    line.addSubcommand("federation", FederationCommands.line(out, err));
    line.addSubcommand(new CommandLine.HelpCommand());
    explainThemselves(line);
    line.setExecutionExceptionHandler((exception, _, _) -> failed(exception, err));
    CommandLine.IParameterExceptionHandler usual = line.getParameterExceptionHandler();
    line.setParameterExceptionHandler((exception, words) ->
        exception instanceof CommandLine.UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption()
            ? notUnderstood(unmatched)
            : usual.handleParseException(exception, words));
    line.setOut(new java.io.PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(new java.io.PrintWriter(err, true, StandardCharsets.UTF_8));
    return line.execute(arguments);
  }

  private int notUnderstood(CommandLine.UnmatchedArgumentException unmatched) {
    String command = unmatched.getCommandLine().getCommandSpec().qualifiedName();
    err.printf(
        "hearth: “%s” is not understood after “%s”; “%s --help” tells what is.%n",
        String.join(" ", unmatched.getUnmatched()), command, command);
    return CommandLine.ExitCode.USAGE;
  }

  /// That no server holds a folder; also whether one ever did, for who has mistyped its name.
  static String notRunning(DataFolder folder) throws IOException {
    Optional<ProcessHandle> launcher = Launcher.of(folder);
    if (launcher.isPresent()) {
      String fault =
          LastFailure.inThePause(folder, launcher.get())
              .map(why -> "a fault has ended the server: " + why)
              .orElse("a fault has ended the server.");
      return "Not running: %s It is started again in a moment, unless \"hearth stop\" ends that."
          .formatted(fault);
    }
    if (folder.belongings().isEmpty()) {
      return "Not running: there is no server's data in %s.".formatted(folder.root());
    }
    return LastFailure.kept(folder).map(why -> "Not running: " + why).orElse("Not running.");
  }

  /// Gives each command the option `--help`.
  private static void explainThemselves(CommandLine line) {
    if (line.getCommandSpec().findOption("--help") == null) {
      line.getCommandSpec()
          .addOption(
              OptionSpec.builder("-h", "--help")
                  .usageHelp(true)
                  .description("show this and do nothing")
                  .build());
    }
    line.getSubcommands().values().forEach(Commands::explainThemselves);
  }

  /// Where the server's data is.
  static final class Where {
    @Option(
        names = "--data-dir",
        paramLabel = "DIR",
        description = "the data folder (default: where this system keeps a program's data)")
    private @Nullable Path dataFolder;

    /// @throws ConfigurationException if this user may not look into it
    DataFolder folder() {
      DataFolder folder = dataFolder == null ? DataFolder.ofThisUser() : new DataFolder(dataFolder);
      return folder.requireReadable();
    }

    @Nullable Path asTyped() {
      return dataFolder;
    }
  }

  /// Where the server's data and its configuration are.
  static final class Setup {
    @Mixin private Where where = new Where();

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "the configuration (default: hearth.yaml in the data folder)")
    private @Nullable Path configuration;

    DataFolder folder() {
      return where.folder();
    }

    Optional<Path> configuration() {
      return Optional.ofNullable(configuration);
    }

    /// @throws ConfigurationException if there is none, or it says something wrong
    Configuration read() {
      DataFolder folder = folder();
      if (configuration == null && Files.notExists(folder.configuration())) {
        throw new ConfigurationException(
            "There is no configuration at %s. Name the data folder of your server with --data-dir"
                .formatted(folder.configuration()));
      }
      return ConfigurationReader.read(configuration().orElse(folder.configuration()));
    }
  }

  @Command(name = "serve", description = "run the server without a panel, until it is ended")
  private final class Serve implements Callable<Integer> {
    @Mixin private Setup setup = new Setup();

    @Option(
        names = "--server-name",
        paramLabel = "NAME",
        description = "for a new data folder: the permanent name of the server")
    private @Nullable String serverName;

    @Override
    public Integer call() throws Exception {
      return new StartCommand(false, setup.where.asTyped(), setup.configuration, serverName)
          .run(null, out, err);
    }
  }

  @Command(name = "panel", description = "open the control panel (without a display: serve)")
  private final class Panel implements Callable<Integer> {
    private final ControlPanel panel;
    @Mixin private Where where = new Where();

    Panel(ControlPanel panel) {
      this.panel = panel;
    }

    @Override
    public Integer call() throws Exception {
      return new StartCommand(true, where.asTyped(), null, null).run(panel, out, err);
    }
  }

  @Command(name = "stop", description = "stop the server that holds the data folder, in order")
  private final class Stop implements Callable<Integer> {
    /// Requests and the database are let end.
    private static final Duration PATIENCE_FOR_STOP = Duration.ofMinutes(3);

    @Mixin private Where where = new Where();

    @Override
    public Integer call() throws IOException {
      DataFolder folder = where.folder();
      Optional<ProcessHandle> launcher = Launcher.of(folder);
      Optional<JsonNode> answer =
          ControlPort.ask(folder, new ControlRequest(ControlRequest.STOP, Map.of()));
      if (answer.isEmpty()) {
        launcher.ifPresent(Stop::end);
        out.println(
            launcher.isPresent()
                ? "Stopped: a fault had ended the server; it is not started again."
                : notRunning(folder));
        return launcher.isPresent() ? 0 : REFUSED;
      }
      Optional<ProcessHandle> process = ProcessHandle.of(answer.get().path("process").asLong());
      if (answer.get().path(ControlRequest.PROGRAM_STAYS).asBoolean()) {
        if (process.isPresent()) {
          ControlPort.awaitStopped(folder, process.get());
        }
        out.println("Stopped. The panel stays open.");
      } else {
        process.ifPresent(each -> awaitEnd(each, PATIENCE_FOR_STOP));
        // That of a server which was failing when it was asked would start it again.
        launcher.ifPresent(Stop::end);
        out.println("Stopped.");
      }
      return 0;
    }

    private static void end(ProcessHandle launcher) {
      if (!launcher.destroy() && launcher.isAlive()) {
        throw new ControlException(
            "The process %d, which starts the server again, cannot be ended by this user."
                .formatted(launcher.pid()));
      }
      awaitEnd(launcher, PATIENCE_FOR_STOP);
    }

    private static void awaitEnd(ProcessHandle process, Duration patience) {
      if (!Processes.awaitEnd(process, patience)) {
        throw new ControlException(
            "The process %d was asked to end and still runs after %d s. Look again later (hearth status), or end it yourself."
                .formatted(process.pid(), patience.toSeconds()));
      }
    }
  }

  @Command(name = "version", description = "print the version")
  private final class Version implements Callable<Integer> {
    @Override
    public Integer call() {
      out.println("Hearth " + ProductVersion.current());
      return 0;
    }
  }

  @Command(name = "parked", description = "list entries that could not be handled")
  private final class Parked implements Callable<Integer> {
    @Mixin private Setup setup = new Setup();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode all = perform(setup, "list-parked", Map.of()).path("parked");
      if (all.isEmpty()) {
        out.println("Nothing is parked.");
      }
      for (JsonNode each : all) {
        out.printf(
            "%s %s %s: %s since %s: %s%n",
            each.path("log").asText(),
            each.path("reader").asText(),
            each.path("key").asText(),
            each.path("entries").asInt() == 1
                ? "1 entry"
                : "%d entries".formatted(each.path("entries").asInt()),
            Amounts.moment(Instant.parse(each.path("since").asText())),
            each.path("failure").asText());
      }
      return 0;
    }
  }

  @Command(name = "retry", description = "have parked entries handled again")
  private final class RetryParked implements Callable<Integer> {
    @Mixin private Setup setup = new Setup();
    @Mixin private ParkedPlace place = new ParkedPlace();

    @Override
    public Integer call() throws IOException, StartFailedException {
      return tellReleased(perform(setup, "retry-parked", place.arguments()));
    }
  }

  @Command(
      name = "discard",
      description = "drop the parked entry that failed, and have those behind it handled")
  private final class DiscardParked implements Callable<Integer> {
    @Mixin private Setup setup = new Setup();
    @Mixin private ParkedPlace place = new ParkedPlace();

    @Override
    public Integer call() throws IOException, StartFailedException {
      return tellReleased(perform(setup, "discard-parked", place.arguments()));
    }
  }

  /// Where entries are parked, as `hearth parked` lists it.
  static final class ParkedPlace {
    @Parameters(index = "0", paramLabel = "LOG", description = "the log, as listed")
    private String log = "";

    @Parameters(index = "1", paramLabel = "READER", description = "its reader, as listed")
    private String reader = "";

    @Parameters(index = "2", paramLabel = "KEY", description = "the room or person, as listed")
    private String key = "";

    Map<String, String> arguments() {
      return Map.of("log", log, "reader", reader, "key", key);
    }
  }

  private int tellReleased(JsonNode released) {
    out.printf(
        "%d handled, %d discarded, %d parked still%n",
        released.path("handled").asInt(),
        released.path("discarded").asInt(),
        released.path("remaining").asInt());
    return released.path("remaining").asInt() == 0 ? 0 : REFUSED;
  }

  /// Has the server that holds the data folder do something, or does it here if none does.
  static JsonNode perform(Setup setup, String operation, Map<String, String> arguments)
      throws IOException, StartFailedException {
    ControlRequest request = new ControlRequest(operation, new LinkedHashMap<>(arguments));
    Optional<JsonNode> answer = ControlPort.ask(setup.folder(), request);
    if (answer.isPresent()) {
      return answer.get();
    }
    try {
      return opened(setup, server -> server.handle(request));
    } catch (StartFailedException e) {
      return askedOfHolder(setup.folder(), request, e);
    }
  }

  /// Asks a server that holds the folder already and is about to answer commands.
  private static JsonNode askedOfHolder(
      DataFolder folder, ControlRequest request, StartFailedException refused)
      throws IOException, StartFailedException {
    if (refused.isHeld()) {
      long end = System.nanoTime() + PATIENCE_FOR_START.toNanos();
      do {
        Optional<JsonNode> answer = ControlPort.ask(folder, request);
        if (answer.isPresent()) {
          return answer.get();
        }
        LockSupport.parkNanos(LOOK_NANOS);
      } while (System.nanoTime() - end < 0);
    }
    throw refused;
  }

  /// Whoever does what is asked: the server in its process, or one that was opened here.
  @FunctionalInterface
  interface Server {
    JsonNode handle(ControlRequest request) throws IOException;
  }

  /// What is done with a server.
  @FunctionalInterface
  interface Work<T, X extends Exception> {
    T with(Server server) throws IOException, X;
  }

  /// Has the server that holds the data folder begin something, or begins it here if none does, and
  /// follows that to its end.
  ///
  /// @param gone what it means if the server ends meanwhile
  /// @return the exit code
  static int follow(
      Setup setup, ControlRequest begin, String gone, Work<Integer, InterruptedException> follow)
      throws IOException, StartFailedException, InterruptedException {
    if (ControlPort.ask(setup.folder(), begin).isPresent()) {
      return follow.with(request ->
          ControlPort.ask(setup.folder(), request).orElseThrow(() -> new AdminException(gone)));
    }
    return opened(
        setup,
        server -> {
          server.handle(begin);
          return follow.with(server);
        });
  }

  private static <T, X extends Exception> T opened(Setup setup, Work<T, X> work)
      throws IOException, StartFailedException, X {
    LogRouting.onlyWarnings();
    try (Homeserver server = new Homeserver(setup.folder(), setup.read())) {
      server.openWithoutListeners();
      return work.with(server::handle);
    }
  }
}
