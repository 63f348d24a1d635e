package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.AdminException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `hearth user …`: accounts, on a server that runs or not.
final class UserCommands {
  private final PrintStream out;

  private UserCommands(PrintStream out) {
    this.out = out;
  }

  /// The command with those below it.
  static CommandLine line(PrintStream out, PrintStream err) {
    UserCommands commands = new UserCommands(out);
    CommandLine line = CommandGroup.line("user", "make and manage accounts", err);
    line.addSubcommand("create", commands.new Create());
    line.addSubcommand("list", commands.new ListAll());
    line.addSubcommand("reset-password", commands.new ResetPassword());
    line.addSubcommand(
        commands.standing(
            "make-owner", "let a person administer the server", " is an owner of this server."));
    line.addSubcommand(
        commands.standing(
            "make-member",
            "let an owner administer the server no longer",
            " is a member of this server, and no owner."));
    line.addSubcommand("deactivate", commands.new Deactivate());
    return line;
  }

  @Command(name = "create", description = "make an account")
  private final class Create implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

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
          Commands.perform(
              setup,
              "create-user",
              Map.of("name", name, "password", password.text(), "admin", String.valueOf(admin)));
      String id = made.path("user_id").asText();
      out.println("Made " + id);
      if (!id.startsWith("@" + name.strip() + ":")) {
        out.println("The ids of users have no capitals: " + name.strip() + " became " + id + ".");
      }
      password.tell(out);
      return 0;
    }
  }

  @Command(name = "list", description = "list accounts")
  private final class ListAll implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "SEARCH", arity = "0..1", description = "a part of the id")
    private String search = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode told = Commands.perform(setup, "list-users", Map.of("search", search));
      JsonNode users = told.path("users");
      if (users.isEmpty()) {
        out.println(
            search.isEmpty() ? "There are no accounts." : "No account is found by " + search + ".");
      }
      for (JsonNode user : users) {
        int devices = user.path("devices").asInt();
        out.printf(
            "%-40s %-12s %s%n",
            user.path("user_id").asText(),
            user.path("deactivated").asBoolean()
                ? "closed"
                : user.path("admin").asBoolean() ? "owner" : "member",
            devices == 1 ? "1 device" : devices + " devices");
      }
      if (told.path("more").asBoolean()) {
        out.printf(
            "There are more than these %,d: type a part of the id to have others listed.%n",
            users.size());
      }
      return 0;
    }
  }

  @Command(name = "reset-password", description = "give an account a new password and sign it out")
  private final class ResetPassword implements Callable<Integer> {
    @Mixin private Whom whom = new Whom();

    @Option(names = "--password-stdin", description = "read the password from standard input")
    private boolean fromInput;

    @Override
    public Integer call() throws IOException, StartFailedException {
      NewPassword password = password(fromInput);
      whom.perform("reset-password", Map.of("password", password.text()));
      out.println(
          "The password of " + whom.name + " is changed, and all its devices are signed out.");
      password.tell(out);
      return 0;
    }
  }

  /// Makes an owner of a member, or a member of an owner.
  private final class Standing implements Callable<Integer> {
    private final String operation;
    private final String outcome;

    @Mixin private Whom whom = new Whom();

    Standing(String operation, String outcome) {
      this.operation = operation;
      this.outcome = outcome;
    }

    @Override
    public Integer call() throws IOException, StartFailedException {
      whom.perform(operation);
      out.println(whom.name + outcome);
      return 0;
    }
  }

  private CommandLine standing(String name, String description, String outcome) {
    CommandLine line = new CommandLine(new Standing(name, outcome));
    line.getCommandSpec().name(name).usageMessage().description(description);
    return line;
  }

  @Command(name = "deactivate", description = "close an account for good")
  private final class Deactivate implements Callable<Integer> {
    @Mixin private Whom whom = new Whom();
    @Mixin private Agreement agreement = new Agreement();

    @Override
    public Integer call() throws IOException, StartFailedException {
      if (!agreement.to(
          "Close the account %s for good? It leaves all rooms, and its name is never given again."
              .formatted(whom.name))) {
        throw new AdminException(
            "Nothing was changed. If %s is to be closed for good, type the same again with --yes."
                .formatted(whom.name));
      }
      whom.perform("deactivate-user");
      out.println("The account " + whom.name + " is closed.");
      return 0;
    }
  }

  /// Whose account it is.
  static final class Whom {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "NAME", description = "the user's id or its first part")
    private String name = "";

    void perform(String operation) throws IOException, StartFailedException {
      perform(operation, Map.of());
    }

    /// @param more arguments of the operation, beside the name
    void perform(String operation, Map<String, String> more)
        throws IOException, StartFailedException {
      Map<String, String> arguments = new HashMap<>(more);
      arguments.put("name", name);
      var _ = Commands.perform(setup, operation, arguments);
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
