package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import org.hearth.bench.load.Options;

/// What federation costs, part by part, each against a server of its own without data.
///
/// ```
/// FederationFigures inbound  FOLDER [--rooms 16] [--origins 4] [--events 60000] [--warm-up 30000]
/// FederationFigures join     FOLDER [--members 50000] [--servers 100] [--every-ms 50]
/// FederationFigures delivery FOLDER [--servers 100] [--messages 240] [--warm-up 60]
///     [--every-ms 500]
/// FederationFigures dead     FOLDER [--servers 1000] [--settle 60] [--seconds 60] [--spans 10]
/// FederationFigures behind   FOLDER [--rooms 100] [--events 10000]
/// ```
///
/// All take `--heap 512m`, which is the server's, and `--out FILE`. FOLDER must not have data yet.
public final class FederationFigures {
  private FederationFigures() {}

  /// A part.
  @FunctionalInterface
  private interface Part {
    void measure(Stage stage, ObjectNode figures) throws IOException, InterruptedException;
  }

  /// Runs one.
  ///
  /// @param arguments as above
  /// @throws IOException if a server does not start or does not answer as a homeserver
  /// @throws InterruptedException never in practice
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length < 2) {
      throw new IllegalArgumentException("expected a part and a folder");
    }
    Options options = Options.of(arguments, 2);
    Part part =
        switch (arguments[0]) {
          case "inbound" -> Inbound::measure;
          case "join" -> LargeJoin::measure;
          case "delivery" -> Delivery::measure;
          case "dead" -> DeadServers::measure;
          case "behind" -> CatchUp::measure;
          default ->
              throw new IllegalArgumentException(
                  "expected inbound, join, delivery, dead or behind, found " + arguments[0]);
        };
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    figures.put("command", "bench/run federation " + String.join(" ", arguments));
    figures.put(
        "machine",
        "%d processors, Java %s"
            .formatted(Runtime.getRuntime().availableProcessors(), Runtime.version()));
    try (Stage stage = Stage.open(Path.of(arguments[1]), options)) {
      part.measure(stage, figures);
      stage.server().memory(figures);
    }
    options.tell(figures);
  }

  /// A number with that many places.
  static double rounded(double value, int places) {
    double scale = Math.pow(10, places);
    return Math.round(value * scale) / scale;
  }
}
