package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hearth.server.LastFailure;
import org.hearth.server.admin.Amounts;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.control.Launcher;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `hearth status`: what the server is doing, in words for a person or as JSON for a program.
@Command(
    name = "status",
    description = {
      "say what the server that holds the data folder is doing",
      "ends with 0 if it runs, with 1 if it starts, has failed or does not run"
    })
final class StatusCommand implements Callable<Integer> {
  private final PrintStream out;

  @Mixin private Commands.Where where = new Commands.Where();

  @Option(names = "--json", description = "as JSON")
  private boolean json;

  StatusCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    Optional<JsonNode> answer =
        ControlPort.ask(where.folder(), new ControlRequest(ControlRequest.STATUS, Map.of()));
    if (answer.isEmpty()) {
      DataFolder folder = where.folder();
      out.println(json ? notRunning(folder) : Commands.notRunning(folder));
      return Commands.REFUSED;
    }
    JsonNode status = answer.get();
    if (json) {
      out.println(status);
    } else {
      tell(status);
    }
    return status.path("state").asText().equals("running") ? 0 : Commands.REFUSED;
  }

  private static JsonNode notRunning(DataFolder folder) throws IOException {
    Optional<ProcessHandle> launcher = Launcher.of(folder);
    ObjectNode status = JsonNodeFactory.instance.objectNode();
    status.put("state", launcher.isPresent() ? "restarting" : "not running");
    launcher
        .flatMap(each -> LastFailure.inThePause(folder, each))
        .or(() -> LastFailure.kept(folder))
        .ifPresent(why -> status.put("failure", why));
    return status;
  }

  private void tell(JsonNode status) {
    row("Server", status.path("server-name").asText());
    String state = status.path("state").asText();
    row(
        "State",
        status.has("uptime-seconds")
            ? state
                + " for "
                + Amounts.duration(Duration.ofSeconds(status.path("uptime-seconds").asLong()))
            : state);
    row("Step", status.path("step").asText());
    row("Failure", status.path("failure").asText());
    status.path("addresses").forEach(address -> row("Address", address.asText()));
    if (status.has("people")) {
      row("People", count(status, "people"));
      row("Rooms", count(status, "rooms"));
      row("Events", count(status, "messages") + " since the start");
      row(
          "Requests",
          "%s since the start, %s at the moment"
              .formatted(count(status, "requests"), count(status, "requests-in-flight")));
      row("Memory", Amounts.bytes(status.path("heap-bytes").asLong()) + " in use");
      row(
          "Database",
          "%s, %s free on its disk"
              .formatted(
                  Amounts.bytes(status.path("database-bytes").asLong()),
                  Amounts.bytes(status.path("free-bytes").asLong())));
      row("Storage", status.path("storage").asText());
    }
    row("Backup", status.path("backup-failure").asText());
    status.path("warnings").forEach(warning -> row("Warning", warning.asText()));
    row("Program", "Hearth " + status.path("version").asText());
    row("Process", status.path("process").asText());
  }

  private void row(String name, String value) {
    if (!value.isEmpty()) {
      out.printf("%-10s %s%n", name, value);
    }
  }

  private static String count(JsonNode status, String field) {
    return String.format(Locale.ROOT, "%,d", status.path(field).asLong());
  }
}
