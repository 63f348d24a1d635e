package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.SavedData;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.Amounts;
import org.hearth.server.admin.BackupShelf;
import org.hearth.server.admin.SavedBackup;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `hearth backup`: makes a backup of the server, which may run meanwhile.
@Command(
    name = "backup",
    description =
        "make a backup of database, pictures and files, keys and configuration; the server may run")
final class BackupCommand implements Callable<Integer> {
  private static final long LOOK_MILLIS = 250;
  private static final long MEGABYTE = 1_000_000;

  private final PrintStream out;

  @Mixin private Commands.Setup setup = new Commands.Setup();

  @Parameters(
      paramLabel = "FOLDER",
      arity = "0..1",
      description = "where the backup's own folder is made (default: backups in the data folder)")
  private @Nullable Path into;

  @ArgGroup private @Nullable Instead instead;

  /// What is done instead of a backup.
  private static final class Instead {
    @Option(names = "--list", required = true, description = "list the backups that there are")
    private boolean list;

    @Option(
        names = "--cancel",
        required = true,
        description = "end the backup that is being made; nothing is left of it")
    private boolean cancel;
  }

  BackupCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException, StartFailedException, InterruptedException {
    if (instead != null && instead.list) {
      return list();
    }
    if (instead != null && instead.cancel) {
      return cancel();
    }
    Map<String, String> arguments = new HashMap<>();
    if (into != null) {
      arguments.put("folder", into.toAbsolutePath().normalize().toString());
    }
    return Commands.follow(
        setup,
        new ControlRequest("begin-backup", arguments),
        "The server has stopped, and the backup may not be made to its end. “hearth status” tells more.",
        this::follow);
  }

  private int cancel() throws IOException {
    JsonNode _ =
        ControlPort.ask(setup.folder(), new ControlRequest("cancel-backup", Map.of()))
            .orElseThrow(() -> new AdminException("No backup is being made."));
    out.println("The backup is being ended; nothing will be left of it.");
    return 0;
  }

  private int list() throws IOException {
    DataFolder folder = setup.folder();
    List<SavedBackup> all = BackupShelf.list(folder, setup.read().backups());
    for (SavedBackup each : all) {
      out.printf(
          "%s  %-16s  %9s  %s%s%n",
          Amounts.moment(each.begun()),
          each.kind().words(),
          each.lengthBytes() == 0 ? "" : Amounts.bytes(each.lengthBytes()),
          each.folder(),
          each.content() == SavedBackup.Content.WHOLE ? "" : " (" + each.content().words() + ")");
    }
    if (all.isEmpty()) {
      out.println("There are no backups.");
    }
    return 0;
  }

  private int follow(Commands.Server maker) throws IOException, InterruptedException {
    String told = "";
    while (true) {
      JsonNode status = maker.handle(new ControlRequest("backup-status", Map.of()));
      switch (status.path("state").asText()) {
        case "running" -> {
          String line = progress(status);
          if (!line.equals(told)) {
            out.println(line);
            told = line;
          }
          Thread.sleep(LOOK_MILLIS);
        }
        case "done" -> {
          String made = status.path("folder").asText();
          out.printf(
              "The backup %s is made: %s.%n",
              made, Amounts.bytes(status.path("total-bytes").asLong()));
          SavedData.elsewhere(Path.of(made)).forEach(out::println);
          return 0;
        }
        default -> throw new AdminException(status.path("failure").asText());
      }
    }
  }

  private static String progress(JsonNode status) {
    String step = status.path("step").asText();
    return step.isEmpty()
        ? "beginning"
        : "%s %,d of %,d MB"
            .formatted(
                step,
                status.path("done-bytes").asLong() / MEGABYTE,
                status.path("total-bytes").asLong() / MEGABYTE);
  }
}
