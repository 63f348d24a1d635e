package org.hearth.bench.start;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.hearth.bench.load.Connection;
import org.hearth.bench.load.Options;

/// The command line.
///
/// ```
/// StartTimes prepare --launcher COMMAND --folder FOLDER [--messages 1000000]
/// StartTimes measure --checkout COMMAND --image COMMAND --folder FOLDER [--runs 5] [--out FILE]
/// StartTimes sync --checkout COMMAND --image COMMAND --data FOLDER --state FILE
///     [--runs 3] [--settle 1] [--out FILE]
/// ```
///
/// `prepare` makes the data folder with many events, `measure` measures. Both keep what they make
/// below FOLDER. One start before those that count lets the checkout make its class archive and the
/// system read the files. `sync` measures the first initial sync after a start, with the data
/// folder and the file of `FullSyncs prepare`, a start of one launcher after one of the other; so
/// many seconds after the first answer, and three after the start the server warms up.
public final class StartTimes {
  private static final int CLIENTS = 20;
  private static final Duration SETTLE = Duration.ofSeconds(10);
  private static final Duration MEASURED = Duration.ofSeconds(60);

  private StartTimes() {}

  /// Runs it.
  ///
  /// @param arguments as above
  /// @throws IOException if a server does not start or does not answer as a homeserver
  /// @throws InterruptedException never in practice
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length == 0 || !List.of("prepare", "measure", "sync").contains(arguments[0])) {
      throw new IllegalArgumentException("expected prepare, measure or sync");
    }
    Options options = Options.of(arguments, 1);
    if (arguments[0].equals("sync")) {
      options.tell(firstSyncs(options));
      return;
    }
    Path folder = Path.of(options.required("folder"));
    Files.createDirectories(folder);
    Path many = folder.resolve("many");
    if (arguments[0].equals("prepare")) {
      ManyEvents.make(
          List.of(options.required("launcher")), many, options.number("messages", 1000000));
      return;
    }
    int runs = options.number("runs", 5);
    List<String> checkout = List.of(options.required("checkout"));
    List<String> image = List.of(options.required("image"));
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put(
        "machine",
        "%s processors, %s %s"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.version")));
    ObjectNode starts = result.putObject("milliseconds_to_first_answer");
    starts.set("checkout", starts(checkout, folder.resolve("checkout"), runs));
    starts.set("image", starts(image, folder.resolve("image"), runs));
    if (Files.exists(many)) {
      starts.set("image_many_events", starts(image, many, runs));
    }
    result.set("image_idle", idle(image, folder.resolve("idle")));
    options.tell(result);
  }

  private static ObjectNode firstSyncs(Options options) throws IOException, InterruptedException {
    Path data = Path.of(options.required("data"));
    String token =
        Connection.JSON
            .readTree(Path.of(options.required("state")).toFile())
            .path("members")
            .path(0)
            .asText();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    for (int run = 0; run < options.number("runs", 3); run++) {
      for (String launcher : List.of("checkout", "image")) {
        try (Launched server = Launched.start(List.of(options.required(launcher)), data)) {
          Thread.sleep(options.seconds("settle", 1));
          result.withArray(launcher).add(firstSync(server, token));
        }
      }
    }
    return result;
  }

  private static ObjectNode firstSync(Launched server, String token) throws IOException {
    ObjectNode sync = JsonNodeFactory.instance.objectNode();
    try (Connection connection = new Connection(server.address())) {
      double cpu = server.figures().cpuSeconds();
      long start = System.nanoTime();
      Connection.Answer answer =
          connection.ask("GET", "/_matrix/client/v3/sync?timeout=0", token, "");
      sync.put("milliseconds", Duration.ofNanos(System.nanoTime() - start).toMillis());
      sync.put(
          "server_cpu_milliseconds", Math.round((server.figures().cpuSeconds() - cpu) * 1_000));
      sync.put("status", answer.status());
    }
    return sync;
  }

  private static ArrayNode starts(List<String> launcher, Path data, int runs)
      throws IOException, InterruptedException {
    long[] millis = new long[runs];
    for (int run = -1; run < runs; run++) {
      try (Launched server = Launched.start(launcher, data)) {
        if (run >= 0) {
          millis[run] = server.untilFirstAnswer().toMillis();
        }
      }
    }
    Arrays.sort(millis);
    ArrayNode sorted = JsonNodeFactory.instance.arrayNode();
    Arrays.stream(millis).forEach(sorted::add);
    return sorted;
  }

  private static ObjectNode idle(List<String> launcher, Path data)
      throws IOException, InterruptedException {
    // The accounts are made in a run before, as they would be: that costs memory, and waiting none.
    List<People.Account> accounts;
    try (Launched server = Launched.start(launcher, data)) {
      accounts = People.register(server.address(), "client" + System.currentTimeMillis(), CLIENTS);
      People.makeRooms(server.address(), accounts, 2);
    }
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    try (Launched server = Launched.start(launcher, data)) {
      Thread.sleep(SETTLE);
      result.put("resident_mib_after_start", server.figures().residentMib());
      WaitingClients.Idle idle = WaitingClients.measure(server, accounts, SETTLE, MEASURED);
      result.put("clients", CLIENTS);
      result.put("seconds", MEASURED.toSeconds());
      result.put("percent_of_a_core", Math.round(idle.cores() * 10_000) / 100.0);
      result.put("long_polls", idle.polls());
      result.put("resident_mib_with_clients", idle.residentMib());
    }
    return result;
  }
}
