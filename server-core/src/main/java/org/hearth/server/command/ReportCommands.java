package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.Amounts;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `hearth report …`: what people have reported to the owner.
final class ReportCommands {
  private final PrintStream out;

  private ReportCommands(PrintStream out) {
    this.out = out;
  }

  /// The command with those below it.
  static CommandLine line(PrintStream out, PrintStream err) {
    ReportCommands commands = new ReportCommands(out);
    CommandLine line =
        CommandGroup.line("report", "list and dismiss what people have reported", err);
    line.addSubcommand("list", commands.new ListAll());
    line.addSubcommand("dismiss", commands.new Dismiss());
    return line;
  }

  @Command(name = "list", description = "list the reports, newest first")
  private final class ListAll implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode reports = Commands.perform(setup, "list-reports", Map.of()).path("reports");
      if (reports.isEmpty()) {
        out.println("Nothing is reported.");
      }
      for (JsonNode each : reports) {
        out.printf(
            "%d %s %s reports %s%s%n",
            each.path("number").asLong(),
            Amounts.moment(Instant.parse(each.path("time").asText())),
            each.path("reporter").asText(),
            each.path("about").asText(),
            said(each.path("reason").asText()));
      }
      return 0;
    }

    /// In one line, whatever its writer put into it.
    private static String said(String reason) {
      String line = reason.strip().replaceAll("[\\p{Cntrl}\\s]+", " ");
      return line.isEmpty() ? "" : ": " + line;
    }
  }

  @Command(name = "dismiss", description = "delete a report")
  private final class Dismiss implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "NUMBER", description = "its number, as listed")
    private String number = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      if (!number.matches("[1-9][0-9]{0,17}")) {
        throw new AdminException(
            "A report has a number, as hearth report list tells it; not " + number + ".");
      }
      Commands.perform(setup, "dismiss-report", Map.of("number", number));
      out.println("The report " + number + " is deleted.");
      return 0;
    }
  }
}
