package org.hearth.bench.load;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// The command line of the load generator.
///
/// ```
/// LoadGenerator --url http://127.0.0.1:8008 [--pid N] [--users 64] [--rooms 16] [--seconds 20] [--warm-up 10]
///               [--rate 0|N|half] [--follow true] [--suite true] [--limits true]
///               [--disk FOLDER] [--title TEXT] [--out BASE]
/// ```
///
/// With `--suite true`: one sender alone, everybody flat out without and with followers, and
/// everybody at half of that rate. Accounts are made by open registration. Load only what is yours.
public final class LoadGenerator {
  private static final Duration LIMIT_SPAN = Duration.ofSeconds(5);

  private LoadGenerator() {}

  /// Runs it.
  ///
  /// @param arguments as above
  /// @throws IOException if the server does not answer as a homeserver
  /// @throws InterruptedException never in practice
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Options options = Options.of(arguments, 0);
    Load load =
        new Load(
            options.server(),
            options.number("users", 64),
            options.number("rooms", 16),
            Double.parseDouble(options.text("rate", "0")),
            options.seconds("warm-up", 10),
            options.seconds("seconds", 20),
            options.flag("follow", true),
            options.process());
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("title", options.text("title", "Send and sync under load"));
    result.put("command", "bench/run load " + String.join(" ", arguments));
    result.put(
        "machine",
        "%s processors, %s %s, Java %s; load generator on the same machine"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                Runtime.version()));
    if (options.flag("limits", true)) {
      result.set(
          "limits",
          MachineLimits.measure(Path.of(options.text("disk", ".")), load.users(), LIMIT_SPAN));
    }
    ArrayNode runs = result.putArray("runs");
    if (options.flag("suite", false)) {
      suite(load, runs);
    } else {
      runs.add(new LoadRun(load).measure());
    }
    System.out.println(Connection.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(result));
    Optional<Path> out = options.out();
    if (out.isPresent()) {
      Report.write(result, out.get());
    }
  }

  private static void suite(Load load, ArrayNode runs) throws IOException, InterruptedException {
    Load unfollowed =
        new Load(
            load.server(),
            load.users(),
            load.rooms(),
            0,
            load.warmUp(),
            load.measured(),
            false,
            load.process());
    runs.add(new LoadRun(unfollowed).measure());
    runs.add(new LoadRun(unfollowed.with(1, 1)).measure());
    ObjectNode flatOut = new LoadRun(load.at(0)).measure();
    runs.add(flatOut);
    double half = Math.max(1, Math.floor(flatOut.path("events_per_second").asDouble() / 2));
    runs.add(new LoadRun(load.at(half)).measure());
  }
}
