package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.Amounts;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `hearth federation …`: how this server stands with others.
final class FederationCommands {
  private final PrintStream out;

  private FederationCommands(PrintStream out) {
    this.out = out;
  }

  /// The command with those below it.
  static CommandLine line(PrintStream out, PrintStream err) {
    FederationCommands commands = new FederationCommands(out);
    CommandLine line = CommandGroup.line("federation", "how this server stands with others", err);
    line.addSubcommand("test", commands.new Test());
    line.addSubcommand("failing", commands.new Failing());
    line.addSubcommand("destinations", commands.new Destinations());
    line.addSubcommand("refused", commands.new Refused());
    line.addSubcommand("retry", commands.new Retry());
    line.addSubcommand("keys", commands.new Keys());
    line.addSubcommand("rotate-key", commands.new RotateKey());
    return line;
  }

  /// In one line, whatever the other server put into it.
  private static String shown(JsonNode text) {
    return text.asText().strip().replaceAll("[\\p{Cntrl}\\s]+", " ");
  }

  @Command(name = "failing", description = "list the servers that could not be reached")
  private final class Failing implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode servers = Commands.perform(setup, "list-unreached", Map.of()).path("servers");
      if (servers.isEmpty()) {
        out.println("There is no server that could not be reached.");
      }
      for (JsonNode each : servers) {
        out.printf(
            "%s since %s, next at %s: %s%n",
            each.path("name").asText(),
            Amounts.moment(Instant.parse(each.path("since").asText())),
            Amounts.moment(Instant.parse(each.path("next-try").asText())),
            shown(each.path("error")));
      }
      return 0;
    }
  }

  @Command(
      name = "destinations",
      description = "list the servers that are told what happens here, and how that goes")
  private final class Destinations implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode servers = Commands.perform(setup, "list-destinations", Map.of()).path("servers");
      if (servers.isEmpty()) {
        out.println("No server has been told anything lately.");
      }
      for (JsonNode each : servers) {
        StringBuilder line = new StringBuilder(each.path("name").asText());
        line.append(": ").append(each.path("state").asText());
        line.append(", ").append(each.path("waiting").asLong()).append(" waiting");
        append(line, ", failing since ", each.path("since"));
        append(line, ", next at ", each.path("next-try"));
        if (!each.path("error").asText().isEmpty()) {
          line.append(": ").append(shown(each.path("error")));
        }
        out.println(line);
      }
      return 0;
    }

    private static void append(StringBuilder line, String words, JsonNode moment) {
      if (moment.isTextual()) {
        line.append(words).append(Amounts.moment(Instant.parse(moment.asText())));
      }
    }
  }

  @Command(
      name = "refused",
      description =
          "list events of other servers that did not count since the start, and why: the latest 50 of each server")
  private final class Refused implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(
        paramLabel = "NAME",
        arity = "0..1",
        description = "only those that this server has sent")
    private String name = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      Map<String, String> arguments = name.isEmpty() ? Map.of() : Map.of("name", name);
      JsonNode events = Commands.perform(setup, "list-refused", arguments).path("events");
      if (events.isEmpty()) {
        out.println("No event of another server was refused since the start.");
      }
      for (JsonNode each : events) {
        out.printf(
            "%s %s in %s: %s %s: %s%n",
            Amounts.moment(Instant.parse(each.path("time").asText())),
            each.path("server").asText(),
            shown(each.path("room")),
            shown(each.path("event")),
            shown(each.path("rule")),
            shown(each.path("detail")));
      }
      return 0;
    }
  }

  @Command(name = "retry", description = "let a server be tried again at once")
  private final class Retry implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "NAME", description = "the server's name, as listed")
    private String name = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      Commands.perform(setup, "retry-server", Map.of("name", name));
      out.println(name + " is tried again as soon as it is needed.");
      return 0;
    }
  }

  @Command(
      name = "test",
      description = "go the way to another server and tell what each step finds")
  private final class Test implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "NAME", description = "the server's name, such as matrix.org")
    private String name = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode trace = Commands.perform(setup, "test-federation", Map.of("name", name));
      for (JsonNode each : trace.path("steps")) {
        out.printf(
            "%s %s: %s (%d ms)%n",
            each.path("good").asBoolean() ? "ok  " : "BAD ",
            shown(each.path("what")),
            shown(each.path("found")),
            each.path("millis").asLong());
      }
      for (JsonNode each : trace.path("facts")) {
        out.printf("     %s: %s%n", shown(each.path("what")), shown(each.path("is")));
      }
      boolean good = trace.path("good").asBoolean();
      out.println(
          good
              ? name + " can be reached."
              : name + " cannot be reached: what is marked BAD says why.");
      return good ? 0 : Commands.REFUSED;
    }
  }

  @Command(name = "keys", description = "list the keys that this server signs and has signed with")
  private final class Keys implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException {
      for (JsonNode each : Commands.perform(setup, "list-keys", Map.of()).path("keys")) {
        out.printf(
            "%s %s %s%n",
            each.path("id").asText(),
            each.path("public-key").asText(),
            each.has("expired")
                ? "until " + Amounts.moment(Instant.parse(each.path("expired").asText()))
                : "signs");
      }
      return 0;
    }
  }

  @Command(
      name = "rotate-key",
      description = "sign with a new key from now on; what was signed before stays valid")
  private final class RotateKey implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode key = Commands.perform(setup, "rotate-key", Map.of()).path("keys").path(0);
      out.println("The server signs with " + key.path("id").asText() + " now.");
      out.println(
          "Make a backup (hearth backup): a restored one from before has the old key, and what was signed since would be lost with the new one.");
      return 0;
    }
  }
}
