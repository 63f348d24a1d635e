package org.hearth.server.command;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.InPlaceRestore;
import org.hearth.server.LogRouting;
import org.hearth.server.SavedData;
import org.hearth.server.SecondStart;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `hearth restore`: puts a backup into a data folder that holds no server, or in the place of the
/// one that it holds.
@Command(
    name = "restore",
    description = "put a backup into an empty data folder; apps sync anew after that")
final class RestoreCommand implements Callable<Integer> {
  private final PrintStream out;

  @Mixin private Commands.Where where = new Commands.Where();

  @Parameters(paramLabel = "BACKUP", description = "the folder of the backup")
  private Path backup = Path.of("");

  @Option(
      names = "--in-place",
      description =
          "put it in the place of what the data folder holds, which is kept in a folder of its own in there; the settings stay as they are; the server must be stopped")
  private boolean inPlace;

  RestoreCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    DataFolder folder = where.folder();
    LogRouting.onlyWarnings();
    out.println("Checking and restoring " + backup);
    Path from = backup.toAbsolutePath().normalize();
    List<String> told = inPlace ? inPlace(from, folder) : SavedData.restore(from, folder);
    out.println("The backup is restored into " + folder.root() + ".");
    told.forEach(out::println);
    out.println("To start it, type: " + SecondStart.command("hearth", folder));
    return 0;
  }

  private static List<String> inPlace(Path from, DataFolder folder) throws IOException {
    if (ControlPort.ask(folder, new ControlRequest("status", Map.of())).isPresent()) {
      throw new AdminException("The server is running. Stop it first.");
    }
    try (InPlaceRestore prepared =
        InPlaceRestore.prepare(from, folder, Instant.now(), (_, _, _) -> {})) {
      InPlaceRestore.Done done = prepared.putInPlace();
      List<String> told = new ArrayList<>(done.told());
      told.add(
          "What was there before is in %s; remove that when all is well.".formatted(done.aside()));
      return told;
    }
  }
}
