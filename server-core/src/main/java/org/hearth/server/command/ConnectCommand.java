package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.hearth.server.admin.QrCode;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `hearth connect`: what apps have to be given, and which of them work.
@Command(
    name = "connect",
    description = "tell which address apps are given, and which apps work with it")
final class ConnectCommand implements Callable<Integer> {
  private final PrintStream out;

  @Mixin private Commands.Where where = new Commands.Where();

  @Option(
      names = "--person",
      paramLabel = "NAME",
      description = "whose account the link is for (default: anybody's)")
  private @Nullable String person;

  @Option(names = "--qr", description = "also draw the link as a code for a phone's camera")
  private boolean qr;

  ConnectCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws IOException {
    Map<String, String> arguments = person == null ? Map.of() : Map.of("person", person);
    Optional<JsonNode> answer =
        ControlPort.ask(where.folder(), new ControlRequest("connect", arguments));
    if (answer.isEmpty()) {
      out.println(Commands.notRunning(where.folder()));
      return Commands.REFUSED;
    }
    tell(answer.get());
    return 0;
  }

  private void tell(JsonNode connect) {
    connect
        .path("addresses")
        .forEach(each ->
            row(
                "Address",
                each.path("address").asText()
                    + (each.has("over") ? " (%s)".formatted(each.path("over").asText()) : "")));
    row("Link", connect.path("link").asText());
    connect.path("notes").forEach(note -> row("Note", note.asText()));
    connect
        .path("apps")
        .forEach(each ->
            row(
                each.path("app").asText(),
                "%-9s %s".formatted(each.path("verdict").asText(), each.path("why").asText())));
    if (qr) {
      out.println();
      QrCode.of(connect.path("link").asText()).lines().forEach(out::println);
    }
  }

  private void row(String name, String value) {
    out.printf("%-12s %s%n", name, value);
  }
}
