package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hearth.server.Homeserver;
import org.hearth.server.LogRouting;
import org.hearth.server.ProductVersion;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.Control;
import org.hearth.server.control.ControlException;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
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
    Commands commands = new Commands(out, err);
    CommandLine line = new CommandLine(commands.new Hearth());
    if (panel != null) {
      line.addSubcommand("panel", commands.new Panel(panel));
    }
    return commands.execute(line, arguments);
  }

  /// Tells why a command failed: a refusal with its sentence, anything else with where it was
  /// thrown.
  ///
  /// @return the exit code
  static int failed(Exception exception, PrintStream err) {
    if (exception instanceof ConfigurationException
        || exception instanceof ControlException
        || exception instanceof AdminException
        || exception instanceof StartFailedException) {
      err.println("hearth: " + exception.getMessage());
    } else {
      exception.printStackTrace(err);
    }
    return REFUSED;
  }

  private int execute(CommandLine line, String... arguments) {
    line.addSubcommand("serve", new Serve());
    line.addSubcommand("status", new Status());
    line.addSubcommand("stop", new Stop());
    line.addSubcommand("version", new Version());
    line.addSubcommand("check", new CheckCommand(out));
    CommandLine user = new CommandLine(new User());
    user.addSubcommand("create", new CreateUser());
    user.addSubcommand("list", new ListUsers());
    user.addSubcommand("reset-password", new ResetPassword());
    user.addSubcommand("deactivate", new DeactivateUser());
    line.addSubcommand("user", user);
    CommandLine parked = new CommandLine(new Parked());
    parked.addSubcommand("retry", new RetryParked());
    parked.addSubcommand("discard", new DiscardParked());
    line.addSubcommand("parked", parked);
    line.addSubcommand("backup", new BackupCommand(out));
    line.addSubcommand("restore", new RestoreCommand(out));
    line.addSubcommand("accept-loss", new AcceptLossCommand(out));
    line.addSubcommand("token", TokenCommands.line(out, err));
    line.addSubcommand(new CommandLine.HelpCommand());
    explainThemselves(line);
    line.setExecutionExceptionHandler((exception, _, _) -> failed(exception, err));
    line.setOut(new java.io.PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(new java.io.PrintWriter(err, true, StandardCharsets.UTF_8));
    return line.execute(arguments);
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

    DataFolder folder() {
      return dataFolder == null ? DataFolder.ofThisUser() : new DataFolder(dataFolder);
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

    Configuration read() {
      return ConfigurationReader.read(configuration().orElse(folder().configuration()));
    }
  }

  @Command(
      name = "hearth",
      description = "A Matrix homeserver for your home. Without a command: the control panel.")
  private final class Hearth implements Callable<Integer> {
    @Override
    public Integer call() {
      CommandLine.usage(this, err);
      return CommandLine.ExitCode.USAGE;
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
    @Mixin private Where where = new Where();

    @Override
    public Integer call() throws IOException {
      Optional<JsonNode> answer =
          ControlPort.ask(where.folder(), new ControlRequest(ControlRequest.STOP, Map.of()));
      if (answer.isEmpty()) {
        out.println("Not running.");
        return REFUSED;
      }
      ProcessHandle.of(answer.get().path("process").asLong())
          .ifPresent(process -> process.onExit().join());
      out.println("Stopped.");
      return 0;
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

  @Command(
      name = "status",
      description = {
        "say what the server that holds the data folder is doing",
        "ends with 0 if it runs, with 1 if it starts, has failed or does not run"
      })
  private final class Status implements Callable<Integer> {
    @Mixin private Where where = new Where();

    @Option(names = "--json", description = "as JSON")
    private boolean json;

    @Override
    public Integer call() throws IOException {
      Optional<JsonNode> status =
          ControlPort.ask(where.folder(), new ControlRequest(ControlRequest.STATUS, Map.of()));
      if (status.isEmpty()) {
        out.println(json ? "{\"state\":\"not running\"}" : "Not running.");
        return REFUSED;
      }
      int code = status.get().path("state").asText().equals("running") ? 0 : REFUSED;
      if (json) {
        out.println(status.get());
        return code;
      }
      status.get().properties().forEach(entry -> tell(entry.getKey(), entry.getValue()));
      return code;
    }

    private void tell(String name, JsonNode value) {
      if (value.isArray()) {
        value.forEach(each -> tell(name, each));
      } else {
        out.printf("%-20s %s%n", name, value.asText());
      }
    }
  }

  @Command(name = "user", description = "make and manage accounts")
  private final class User implements Callable<Integer> {
    @Override
    public Integer call() {
      CommandLine.usage(this, err);
      return CommandLine.ExitCode.USAGE;
    }
  }

  @Command(name = "create", description = "make an account")
  private final class CreateUser implements Callable<Integer> {
    @Mixin private Setup setup = new Setup();

    @Parameters(paramLabel = "NAME", description = "the part of the id between @ and :")
    private String name = "";

    @Option(names = "--admin", description = "let the person administer the server")
    private boolean admin;

    @Option(names = "--password-stdin", description = "read the password from standard input")
    private boolean fromInput;

    @Override
    public Integer call() throws IOException, StartFailedException {
      NewPassword password = password(fromInput);
      JsonNode made =
          perform(
              setup,
              "create-user",
              Map.of("name", name, "password", password.text(), "admin", String.valueOf(admin)));
      out.println("Made " + made.path("user_id").asText());
      password.tell(out);
      return 0;
    }
  }

  @Command(name = "list", description = "list accounts")
  private final class ListUsers implements Callable<Integer> {
    @Mixin private Setup setup = new Setup();

    @Parameters(paramLabel = "SEARCH", arity = "0..1", description = "a part of the id")
    private String search = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode users = perform(setup, "list-users", Map.of("search", search));
      for (JsonNode user : users.path("users")) {
        out.printf(
            "%-40s %-12s %d devices%n",
            user.path("user_id").asText(),
            user.path("deactivated").asBoolean()
                ? "deactivated"
                : user.path("admin").asBoolean() ? "admin" : "",
            user.path("devices").asInt());
      }
      return 0;
    }
  }

  @Command(name = "reset-password", description = "give an account a new password and sign it out")
  private final class ResetPassword implements Callable<Integer> {
    @Mixin private Setup setup = new Setup();

    @Parameters(paramLabel = "NAME", description = "the user's id or its first part")
    private String name = "";

    @Option(names = "--password-stdin", description = "read the password from standard input")
    private boolean fromInput;

    @Override
    public Integer call() throws IOException, StartFailedException {
      NewPassword password = password(fromInput);
      perform(setup, "reset-password", Map.of("name", name, "password", password.text()));
      out.println("The password of " + name + " is changed, and all its devices are signed out.");
      password.tell(out);
      return 0;
    }
  }

  @Command(name = "deactivate", description = "close an account for good")
  private final class DeactivateUser implements Callable<Integer> {
    @Mixin private Setup setup = new Setup();

    @Parameters(paramLabel = "NAME", description = "the user's id or its first part")
    private String name = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      perform(setup, "deactivate-user", Map.of("name", name));
      out.println("The account " + name + " is closed.");
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
            each.path("since").asText(),
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
    LogRouting.onlyWarnings();
    try (Homeserver server = new Homeserver(setup.folder(), setup.read())) {
      server.openWithoutListeners();
      return server.control().handle(request);
    }
  }

  /// A password with whether it still has to be told to whoever asked.
  private record NewPassword(String text, boolean generated) {
    void tell(PrintStream out) {
      if (generated) {
        out.println("Password: " + text);
      }
    }
  }

  private static NewPassword password(boolean fromInput) throws IOException {
    if (fromInput) {
      BufferedReader input =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      String line = input.readLine();
      if (line == null || line.isEmpty()) {
        throw new AdminException("No password came from standard input.");
      }
      return new NewPassword(line, false);
    }
    Optional<char[]> typed =
        Optional.ofNullable(System.console())
            .filter(Console::isTerminal)
            .map(console -> console.readPassword("Password (empty to have one made): "))
            .filter(characters -> characters.length > 0);
    if (typed.isPresent()) {
      return new NewPassword(new String(typed.get()), false);
    }
    return new NewPassword(generate(new SecureRandom()), true);
  }

  /// Four groups of four letters and digits that cannot be confused: 80 bits.
  private static String generate(SecureRandom random) {
    String alphabet = "abcdefghjkmnpqrstuvwxyz23456789X";
    StringBuilder password = new StringBuilder();
    for (int i = 0; i < 16; i++) {
      if (i > 0 && i % 4 == 0) {
        password.append('-');
      }
      password.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return password.toString();
  }
}
