package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.StartFailedException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `hearth notice`: says something to a user, or to everybody, in the server's name.
@Command(
    name = "notice",
    description = "send a message in the server's name",
    customSynopsis = {"hearth notice [OPTIONS] NAME TEXT", "hearth notice [OPTIONS] --all TEXT"})
final class NoticeCommand implements Callable<Integer> {
  private final PrintStream out;
  @Mixin private Commands.Setup setup = new Commands.Setup();
  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--all", description = "to everybody who has an account; guests are left out")
  private boolean all;

  @Parameters(
      arity = "1..2",
      paramLabel = "NAME TEXT",
      description = "the part of the id between @ and :, or the whole id; and what is to be said")
  private List<String> words = List.of();

  NoticeCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, StartFailedException {
    if (words.size() != (all ? 1 : 2)) {
      throw new CommandLine.ParameterException(
          java.util.Objects.requireNonNull(spec, "picocli sets it").commandLine(),
          all ? "With --all there is only the text." : "Give a name and a text.");
    }
    return all ? toAll(words.getFirst()) : toOne(words.getFirst(), words.getLast());
  }

  private int toOne(String name, String text) throws IOException, StartFailedException {
    Commands.perform(setup, "send-notice", Map.of("name", name, "text", text));
    out.println("Sent.");
    return 0;
  }

  /// In steps, so that no answer is waited for long.
  private int toAll(String text) throws IOException, StartFailedException {
    int sent = 0;
    int failed = 0;
    Map<String, String> arguments = new HashMap<>(Map.of("text", text));
    JsonNode step;
    do {
      step = Commands.perform(setup, "send-notices", arguments);
      sent += step.path("sent").asInt();
      for (JsonNode each : step.path("failures")) {
        failed++;
        out.println(each.asText());
      }
      arguments.put("after", step.path("next").asText());
    } while (step.has("next"));
    out.println(sent == 1 ? "Sent to 1 person." : "Sent to %d people.".formatted(sent));
    return failed == 0 ? 0 : Commands.REFUSED;
  }
}
