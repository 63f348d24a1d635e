package org.hearth.server.command;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.hearth.server.LogRouting;
import org.hearth.server.SavedData;
import org.hearth.server.SecondStart;
import org.hearth.server.configuration.DataFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `hearth restore`: puts a backup into a data folder that holds no server.
@Command(
    name = "restore",
    description = "put a backup into an empty data folder; apps sync anew after that")
final class RestoreCommand implements Callable<Integer> {
  private final PrintStream out;

  @Mixin private Commands.Where where = new Commands.Where();

  @Parameters(paramLabel = "BACKUP", description = "the folder of the backup")
  private Path backup = Path.of("");

  RestoreCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    DataFolder folder = where.folder();
    LogRouting.onlyWarnings();
    out.println("Checking and restoring " + backup);
    List<String> told = SavedData.restore(backup.toAbsolutePath().normalize(), folder);
    out.println("The backup is restored into " + folder.root() + ".");
    told.forEach(out::println);
    out.println("To start it, type: " + SecondStart.command("hearth", folder));
    return 0;
  }
}
