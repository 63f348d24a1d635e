package org.hearth.bench.load;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What this machine can do at all, measured in the same run as the server.
final class MachineLimits {
  private static final int RECORD_BYTES = 1024;

  private MachineLimits() {}

  /// Forced appends to a file: what one durable write costs on this disk.
  static ObjectNode forcedAppends(Path folder, Duration span) throws IOException {
    Path file = Files.createTempFile(folder, "appends", ".dat");
    Times times = new Times();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer record = ByteBuffer.allocate(RECORD_BYTES);
      long end = System.nanoTime() + span.toNanos();
      while (System.nanoTime() < end) {
        long began = System.nanoTime();
        record.clear();
        while (record.hasRemaining()) {
          channel.write(record);
        }
        channel.force(false);
        times.add(System.nanoTime() - began);
      }
    } finally {
      Files.delete(file);
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("per_second", Math.round(times.count() / (span.toMillis() / 1e3)));
    json.set("time", times.json());
    return json;
  }

  /// A bare Helidon that answers the body of the same request, asked by the same clients: what HTTP
  /// and the load generator leave of this machine.
  static ObjectNode echo(int senders, Duration span) throws IOException, InterruptedException {
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
