package org.hearth.server.command;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.DatabaseCheck;
import org.hearth.server.LogRouting;
import org.hearth.server.SavedData;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `hearth check`: looks whether everything that is stored fits together, or whether a backup is
/// whole.
@Command(name = "check", description = "check that what is stored fits together")
final class CheckCommand implements Callable<Integer> {
  private static final int PROBLEMS = 1;

  private final PrintStream out;

  @Mixin private Commands.Where where = new Commands.Where();

  @ArgGroup(multiplicity = "1")
  private What what = new What();

  CheckCommand(PrintStream out) {
    this.out = out;
  }

  /// What is checked.
  private static final class What {
    @Option(
        names = "--database",
        required = true,
        description =
            "every table of the database, and the events, states and members of its rooms; the server must be stopped")
    private boolean database;

    @Option(
        names = "--backup",
        paramLabel = "BACKUP",
        required = true,
        description =
            "every file of a backup, by its checksum, and whether its database opens: in a copy in the data folder, which is removed again")
    private @Nullable Path backup;
  }

  @Override
  public Integer call() throws IOException {
    Path backup = what.backup;
    if (what.database || backup == null) {
      return checkDatabase();
    }
    Path folder = backup.toAbsolutePath().normalize();
    SavedData.Checked found = SavedData.check(folder, where.folder(), (_, _, _) -> {});
    if (!found.whole()) {
      throw new AdminException(found.sentence());
    }
    out.println(found.sentence());
    SavedData.elsewhere(folder).forEach(out::println);
    return 0;
  }

  private int checkDatabase() throws IOException {
    DataFolder folder = where.folder();
    if (ControlPort.ask(folder, new ControlRequest("status", Map.of())).isPresent()) {
      throw new AdminException("The server is running. Stop it first.");
    }
    if (!folder.hasDatabase()) {
      throw new AdminException("There is no database in " + folder.root() + ".");
    }
    LogRouting.onlyWarnings();
    DatabaseCheck.Found found = DatabaseCheck.look(folder);
    List<String> problems = found.problems();
    problems.forEach(out::println);
    out.println(
        switch (problems.size()) {
          case 0 -> "Everything fits together.";
          case 1 -> "1 problem found.";
          default -> problems.size() + " problems found.";
        });
    found.remedy().ifPresent(out::println);
    return problems.isEmpty() ? 0 : PROBLEMS;
  }
}
