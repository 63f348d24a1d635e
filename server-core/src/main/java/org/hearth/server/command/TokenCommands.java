package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.Amounts;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `hearth token …`: registration tokens, with which people make accounts where `registration.mode`
/// is `token`.
final class TokenCommands {
  private static final String ANY = "any";
  private static final Pattern TIME = Pattern.compile("([1-9][0-9]{0,5})([mhd])");

  private final PrintStream out;

  private TokenCommands(PrintStream out) {
    this.out = out;
  }

  /// The command with those below it.
  static CommandLine line(PrintStream out, PrintStream err) {
    TokenCommands commands = new TokenCommands(out);
    CommandLine line =
        CommandGroup.line(
            "token",
            "make and end tokens for registration (where registration.mode is token)",
            err);
    line.addSubcommand("create", commands.new Create());
    line.addSubcommand("list", commands.new ListAll());
    line.addSubcommand("end", commands.new End());
    return line;
  }

  @Command(name = "create", description = "make a token with which an account can be made")
  private final class Create implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(
        paramLabel = "TOKEN",
        arity = "0..1",
        description = "its text: 1 to 64 of A-Z a-z 0-9 . _ ~ - (default: one is made up)")
    private @Nullable String text;

    @Option(
        names = "--uses",
        paramLabel = "N",
        defaultValue = "1",
        description = "for how many accounts it is good, or \"any\" (default: 1)")
    private String uses = "1";

    @Option(
        names = "--expires",
        paramLabel = "TIME",
        description = "after which time it ends: 30m, 12h or 7d (default: never)")
    private @Nullable String expires;

    @Override
    public Integer call() throws IOException, StartFailedException {
      Map<String, String> arguments = new HashMap<>();
      if (text != null) {
        arguments.put("token", text);
      }
      if (!uses.equals(ANY)) {
        if (!uses.matches("[1-9][0-9]{0,8}")) {
          throw new AdminException("--uses is a number from 1, or any; not " + uses + ".");
        }
        arguments.put("uses", uses);
      }
      if (expires != null) {
        arguments.put("expires", Instant.now().plus(duration(expires)).toString());
      }
      JsonNode made = Commands.perform(setup, "create-token", arguments);
      tell(made);
      if (!made.path("of-use").asBoolean(true)) {
        out.println(
            "No account can be made with it now: set registration.mode to token in hearth.yaml, and restart the server.");
      }
      return 0;
    }
  }

  static Duration duration(String text) {
    Matcher time = TIME.matcher(text);
    if (!time.matches()) {
      throw new AdminException(
          "A time is a number with m, h or d behind it, such as 7d; not " + text + ".");
    }
    long number = Long.parseLong(time.group(1));
    return switch (time.group(2)) {
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      default -> Duration.ofDays(number);
    };
  }

  @Command(name = "list", description = "list the tokens")
  private final class ListAll implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode tokens = Commands.perform(setup, "list-tokens", Map.of()).path("tokens");
      if (tokens.isEmpty()) {
        out.println("There are no tokens.");
      }
      tokens.forEach(TokenCommands.this::tell);
      return 0;
    }
  }

  @Command(name = "end", description = "make a token invalid; accounts made with it stay")
  private final class End implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "TOKEN", description = "the token, as listed")
    private String text = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      Commands.perform(setup, "end-token", Map.of("token", text));
      out.println("The token " + text + " is not valid any more.");
      return 0;
    }
  }

  private void tell(JsonNode token) {
    int used = token.path("used").asInt();
    out.printf(
        "%-24s %s, %s%n",
        token.path("token").asText(),
        token.has("uses")
            ? "%d of %d uses taken".formatted(used, token.path("uses").asInt())
            : "used %d times, without a limit".formatted(used),
        token.has("expires")
            ? "until " + Amounts.moment(Instant.parse(token.path("expires").asText()))
            : "never expires");
  }
}
