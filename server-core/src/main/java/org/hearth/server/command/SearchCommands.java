package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hearth.server.Homeserver;
import org.hearth.server.LogRouting;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.AdminException;
import org.hearth.server.control.ControlPort;
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

  /// Whoever has the index: the server in its process, or one that was opened here.
  @FunctionalInterface
  private interface Server {
    JsonNode handle(ControlRequest request) throws IOException;
  }

  @Command(name = "rebuild", description = "make the index anew from all messages")
  private final class Rebuild implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException, InterruptedException {
      ControlRequest begin = new ControlRequest("rebuild-search", Map.of());
      if (ControlPort.ask(setup.folder(), begin).isPresent()) {
        return follow(this::ask);
      }
      LogRouting.onlyWarnings();
      try (Homeserver server = new Homeserver(setup.folder(), setup.read())) {
        server.openWithoutListeners();
        server.control().handle(begin);
        return follow(request -> server.control().handle(request));
      }
    }

    private JsonNode ask(ControlRequest request) throws IOException {
      Optional<JsonNode> answer = ControlPort.ask(setup.folder(), request);
      return answer.orElseThrow(() ->
          new AdminException("The server has stopped; it goes on with the index when it starts."));
    }

    private int follow(Server server) throws IOException, InterruptedException {
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
