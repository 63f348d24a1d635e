package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.StartFailedException;
import org.hearth.server.control.ControlRequest;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `hearth search …`: the index in which users search.
final class SearchCommands {
  private static final long LOOK_MILLIS = 250;

  private final PrintStream out;

  private SearchCommands(PrintStream out) {
    this.out = out;
  }

  /// The command with those below it.
  static CommandLine line(PrintStream out, PrintStream err) {
    CommandLine line = CommandGroup.line("search", "the index in which users search", err);
    line.addSubcommand("rebuild", new SearchCommands(out).new Rebuild());
    return line;
  }

  @Command(name = "rebuild", description = "make the index anew from all messages")
  private final class Rebuild implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException, InterruptedException {
      return Commands.follow(
          setup,
          new ControlRequest("rebuild-search", Map.of()),
          "The server has stopped; it goes on with the index when it starts.",
          this::follow);
    }

    private int follow(Commands.Server server) throws IOException, InterruptedException {
      long told = -1;
      while (true) {
        JsonNode progress = server.handle(new ControlRequest("search-progress", Map.of()));
        long indexed = progress.path("indexed").asLong();
        long newest = progress.path("newest").asLong();
        if (indexed >= newest) {
          out.println("The search index is made.");
          return 0;
        }
        long percent = 100 * indexed / newest;
        if (percent != told) {
          told = percent;
          out.printf("%d %%%n", percent);
        }
        Thread.sleep(LOOK_MILLIS);
      }
    }
  }
}
