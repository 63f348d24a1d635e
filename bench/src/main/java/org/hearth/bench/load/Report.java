package org.hearth.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// Writes what was measured as JSON, as a table and as a picture.
final class Report {
  private Report() {}

  /// @param base the files' path without an ending
  static void write(ObjectNode result, Path base) throws IOException {
    Files.createDirectories(base.toAbsolutePath().getParent());
    Files.writeString(
        sibling(base, ".json"),
        Connection.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(result) + "\n");
    Files.writeString(sibling(base, ".md"), table(result, base.getFileName() + ".svg"));
    Files.writeString(sibling(base, ".svg"), picture(result));
  }

  private static Path sibling(Path base, String ending) {
    return base.resolveSibling(base.getFileName() + ending);
  }

  private static String table(ObjectNode result, String picture) {
    StringBuilder text = new StringBuilder();
    text.append("# ").append(result.path("title").asText()).append("\n\n");
    text.append("```\n").append(result.path("command").asText()).append("\n```\n\n");
    text.append(result.path("machine").asText()).append("\n\n");
    text.append(
        "| load | events/s | send p50 | p95 | p99 | max ms | send to sync p50 | p95 | p99 ms | errors | cores | MiB |\n");
    text.append("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (JsonNode run : result.path("runs")) {
      JsonNode send = run.path("send");
      JsonNode sync = run.path("send_to_sync");
      text.append(
          "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n"
              .formatted(
                  name(run),
                  run.path("events_per_second").asText(),
                  send.path("p50_ms").asText(),
                  send.path("p95_ms").asText(),
                  send.path("p99_ms").asText(),
                  send.path("max_ms").asText(),
                  sync.path("p50_ms").asText(),
                  sync.path("p95_ms").asText(),
                  sync.path("p99_ms").asText(),
                  run.path("errors").asText(),
                  run.path("server_cores").asText(),
                  run.path("server_resident_mib").asText()));
    }
    text.append(
        "\nThis machine's limits, in the same run:\n\n| limit | per second | p50 | p99 ms |\n|---|---|---|---|\n");
    result
        .path("limits")
        .properties()
        .forEach(limit ->
            text.append(
                "| %s | %s | %s | %s |\n"
                    .formatted(
                        limit.getKey(),
                        limit.getValue().path("per_second").asText(),
                        limit.getValue().path("time").path("p50_ms").asText(),
                        limit.getValue().path("time").path("p99_ms").asText())));
    text.append("\n![Times by load](").append(picture).append(")\n");
    return text.toString();
  }

  private static String name(JsonNode run) {
    return "%s users, %s rooms, %s"
        .formatted(
            run.path("users").asText(),
            run.path("rooms").asText(),
            run.has("offered_per_second")
                ? run.path("offered_per_second").asText() + "/s"
                : "flat out");
  }

  /// Bars of p50, p95 and p99 of sending, one group a run, on a scale of decades.
  private static String picture(ObjectNode result) {
    int groups = result.path("runs").size();
    int width = 120 + groups * 150;
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"330\" font-family=\"sans-serif\" font-size=\"12\">\n"
            .formatted(width));
    svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    svg.append(
        "<text x=\"60\" y=\"20\" font-size=\"14\">Time from send to answer: p50, p95, p99</text>\n");
    for (int decade = -1; decade <= 4; decade++) {
      double y = y(Math.pow(10, decade));
      svg.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"60\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/><text x=\"54\" y=\"%.1f\" text-anchor=\"end\">%s ms</text>%n",
              width - 20,
              y,
              y,
              y + 4,
              decade < 0 ? "0.1" : String.valueOf((long) Math.pow(10, decade))));
    }
    String[] colours = {"#9ec1f7", "#4493f8", "#0b4fb3"};
    String[] names = {"p50_ms", "p95_ms", "p99_ms"};
    int group = 0;
    for (JsonNode run : result.path("runs")) {
      for (int i = 0; i < names.length; i++) {
        double top = y(Math.max(0.1, run.path("send").path(names[i]).asDouble()));
        svg.append(
            String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%.1f\" width=\"30\" height=\"%.1f\" fill=\"%s\"/>%n",
                80 + group * 150 + i * 34,
                top,
                y(0.1) - top,
                colours[i]));
      }
      svg.append(
          "<text x=\"%d\" y=\"298\" text-anchor=\"middle\">%s</text><text x=\"%d\" y=\"314\" text-anchor=\"middle\">%s events/s</text>\n"
              .formatted(
                  130 + group * 150,
                  name(run),
                  130 + group * 150,
                  run.path("events_per_second").asText()));
      group++;
    }
    return svg.append("</svg>\n").toString();
  }

  private static double y(double millis) {
    return 280 - (Math.log10(millis) + 1) * 48;
  }
}
