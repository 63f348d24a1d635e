package org.hearth.server.command;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hearth.server.LogRouting;
import org.hearth.server.SavedData;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.DataFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `hearth accept-loss`: goes on with a database that has lost what was acknowledged.
@Command(
    name = "accept-loss",
    description = "go on with a database that lacks what it once had; apps sync anew after that")
final class AcceptLossCommand implements Callable<Integer> {
  private final PrintStream out;

  @Mixin private Commands.Where where = new Commands.Where();

  @Mixin private Agreement agreement = new Agreement();

  AcceptLossCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    DataFolder folder = where.folder();
    LogRouting.onlyWarnings();
    Optional<String> loss = SavedData.loss(folder);
    if (loss.isEmpty()) {
      out.println("Nothing is lost: the database opens as it is, and all of it can be read.");
      return 0;
    }
    out.println(loss.get());
    if (!agreement.to("Go on with what is there?")) {
      throw new AdminException(
          "Nothing was changed. If no backup is newer, type the same again with --yes.");
    }
    SavedData.acceptLoss(folder);
    out.println("The loss is accepted, and the server can be started.");
    return 0;
  }
}
