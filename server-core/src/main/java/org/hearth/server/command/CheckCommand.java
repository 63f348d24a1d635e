package org.hearth.server.command;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.DatabaseCheck;
import org.hearth.server.LogRouting;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `hearth check --database`: looks whether everything that is stored fits together.
@Command(name = "check", description = "check that what is stored fits together")
final class CheckCommand implements Callable<Integer> {
  private static final int PROBLEMS = 1;

  private final PrintStream out;

  @Mixin private Commands.Where where = new Commands.Where();

  @Option(
      names = "--database",
      required = true,
      description =
          "the rooms in the database: events, states, members; the server must be stopped")
  private boolean database;

  CheckCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    if (!database) {
      throw new AdminException("Say what to check: --database.");
    }
    DataFolder folder = where.folder();
    if (ControlPort.ask(folder, new ControlRequest("status", Map.of())).isPresent()) {
      throw new AdminException("The server is running. Stop it first.");
    }
    LogRouting.onlyWarnings();
    List<String> problems = DatabaseCheck.problems(folder);
    problems.forEach(out::println);
    out.println(
        switch (problems.size()) {
          case 0 -> "Everything fits together.";
          case 1 -> "1 problem found.";
          default -> problems.size() + " problems found.";
        });
    return problems.isEmpty() ? 0 : PROBLEMS;
  }
}
