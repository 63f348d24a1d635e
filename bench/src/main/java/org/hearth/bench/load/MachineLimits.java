package org.hearth.bench.load;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hearth.bench.store.ForcedAppends;
import org.hearth.bench.store.Latencies;
import org.hearth.bench.store.PipelineLimit;

/// What this machine can do at all, measured in the same run as the server.
final class MachineLimits {
  private MachineLimits() {}

  /// All of them: what a durable write costs on this disk, what the bare store takes from as many
  /// senders and from one, and what HTTP and the load generator leave of this machine.
  ///
  /// @param folder on the disk of the server's data
  static ObjectNode measure(Path folder, int senders, Duration span)
      throws IOException, InterruptedException {
    ObjectNode limits = JsonNodeFactory.instance.objectNode();
    ForcedAppends.Result appends = ForcedAppends.measure(folder, span);
    limits.set("forced appends of 1 KiB to a file", json(appends.latencies(), appends.perSecond()));
    for (PipelineLimit.Result each : PipelineLimit.measure(folder, span, List.of(senders, 1))) {
      ObjectNode pipeline = json(each.latencies(), each.perSecond());
      pipeline.put("units_per_commit", Math.round(each.unitsPerCommit() * 10) / 10.0);
      limits.set("bare ring to Derby, senders: " + each.producers(), pipeline);
    }
    limits.set("bare Helidon echo of the same request", echo(senders, span));
    return limits;
  }

  private static ObjectNode json(Latencies latencies, double perSecond) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("per_second", Math.round(perSecond));
    json.putObject("time")
        .put("count", latencies.count())
        .put("p50_ms", rounded(latencies.p50Millis()))
        .put("p95_ms", rounded(latencies.p95Millis()))
        .put("p99_ms", rounded(latencies.p99Millis()))
        .put("max_ms", rounded(latencies.maxMillis()));
    return json;
  }

  private static double rounded(double millis) {
    return Math.round(millis * 1e3) / 1e3;
  }

  /// A bare Helidon that answers the body of the same request, asked by the same clients: what HTTP
  /// and the load generator leave of this machine.
  private static ObjectNode echo(int senders, Duration span)
      throws IOException, InterruptedException {
    WebServer server =
        WebServer.builder()
            .address(InetAddress.getLoopbackAddress())
            .port(0)
            .routing(routing ->
                routing.any(
                    "/*", (request, response) -> response.send(request.content().as(byte[].class))))
            .build()
            .start();
    try {
      URI address = URI.create("http://127.0.0.1:" + server.port());
      Times times = new Times();
      long end = System.nanoTime() + span.toNanos();
      List<Thread> threads = new ArrayList<>();
      List<IOException> failures = new ArrayList<>();
      for (int i = 0; i < senders; i++) {
        int sender = i;
        threads.add(
            Thread.startVirtualThread(() -> {
              try (Connection connection = new Connection(address)) {
                for (int message = 0; System.nanoTime() < end; message++) {
                  long began = System.nanoTime();
                  connection.ask(
                      "PUT",
                      "/_matrix/client/v3/rooms/!r/send/m.room.message/" + message,
                      "token",
                      "{\"msgtype\":\"m.text\",\"body\":\"Message %d of %d, long enough to be one that a person would write.\"}"
                          .formatted(message, sender));
                  times.add(System.nanoTime() - began);
                }
              } catch (IOException e) {
                synchronized (failures) {
                  failures.add(e);
                }
              }
            }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      if (!failures.isEmpty()) {
        throw failures.getFirst();
      }
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      json.put("per_second", Math.round(times.count() / (span.toMillis() / 1e3)));
      json.set("time", times.json());
      return json;
    } finally {
      server.stop();
    }
  }
}
