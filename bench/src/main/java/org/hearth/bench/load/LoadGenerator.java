package org.hearth.bench.load;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
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
    Map<String, String> options = options(arguments);
    Load load =
        new Load(
            URI.create(options.getOrDefault("url", "http://127.0.0.1:8008")),
            Integer.parseInt(options.getOrDefault("users", "64")),
            Integer.parseInt(options.getOrDefault("rooms", "16")),
            Double.parseDouble(options.getOrDefault("rate", "0")),
            Duration.ofSeconds(Long.parseLong(options.getOrDefault("warm-up", "10"))),
            Duration.ofSeconds(Long.parseLong(options.getOrDefault("seconds", "20"))),
            Boolean.parseBoolean(options.getOrDefault("follow", "true")),
            Optional.ofNullable(options.get("pid")).map(Long::valueOf));
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("title", options.getOrDefault("title", "Send and sync under load"));
    result.put("command", "bench/run load " + String.join(" ", arguments));
    result.put(
        "machine",
        "%s processors, %s %s, Java %s; load generator on the same machine"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                Runtime.version()));
    if (Boolean.parseBoolean(options.getOrDefault("limits", "true"))) {
      result.set(
          "limits",
          MachineLimits.measure(
              Path.of(options.getOrDefault("disk", ".")), load.users(), LIMIT_SPAN));
    }
    ArrayNode runs = result.putArray("runs");
    if (Boolean.parseBoolean(options.getOrDefault("suite", "false"))) {
      suite(load, runs);
    } else {
      runs.add(new LoadRun(load).measure());
    }
    System.out.println(Connection.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(result));
    if (options.containsKey("out")) {
      Report.write(result, Path.of(options.get("out")));
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

  private static Map<String, String> options(String[] arguments) {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i < arguments.length; i += 2) {
      if (!arguments[i].startsWith("--") || i + 1 == arguments.length) {
        throw new IllegalArgumentException("expected --option value, found " + arguments[i]);
      }
      options.put(arguments[i].substring(2), arguments[i + 1]);
    }
    return options;
  }
}
