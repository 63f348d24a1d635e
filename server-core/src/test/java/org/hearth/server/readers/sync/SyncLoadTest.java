package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many send while many wait: nobody misses anything, and all hear soon.
class SyncLoadTest {
  private static final int ROOMS = 4;
  private static final int MEMBERS = 16;
  private static final int SENDERS = 8;
  private static final int MESSAGES = 60;

  @TempDir Path folder;

  @Test
  void everyoneHearsEveryMessageOnceAndInOrder() throws Exception {
    try (SyncServer server = new SyncServer(folder);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<RoomId> rooms = new ArrayList<>();
      for (int i = 0; i < ROOMS; i++) {
        RoomId room = server.rooms().open("user0", "shared");
        for (int j = 1; j < MEMBERS; j++) {
          server.rooms().join(room, "user" + j);
        }
        rooms.add(room);
      }
      Map<String, Long> sentAt = new ConcurrentHashMap<>();
      AtomicInteger sending = new AtomicInteger(SENDERS);
      List<Future<List<Long>>> listeners = new ArrayList<>();
      for (int i = 0; i < MEMBERS; i++) {
        SyncClient client =
            server
                .client("user" + i)
                .fillingGaps()
                .with("filter", "{'room':{'timeline':{'limit':200}}}");
        client.sync();
        listeners.add(threads.submit(() -> listen(client, sentAt, sending)));
      }

      List<Future<?>> senders = new ArrayList<>();
      for (int i = 0; i < SENDERS; i++) {
        int sender = i;
        senders.add(
            threads.submit(() -> {
              for (int j = 0; j < MESSAGES; j++) {
                String body = sender + "/" + j;
                sentAt.put(body, System.nanoTime());
                server.rooms().say(rooms.get((sender + j) % ROOMS), "user" + sender, body);
              }
              if (sending.decrementAndGet() == 0) {
                rooms.forEach(each -> server.rooms().say(each, "user0", "end"));
              }
            }));
      }

      for (Future<?> each : senders) {
        each.get(2, TimeUnit.MINUTES);
      }
      List<Long> nanos = new ArrayList<>();
      for (Future<List<Long>> each : listeners) {
        nanos.addAll(each.get(2, TimeUnit.MINUTES));
      }
      assertThat(nanos).hasSize(MEMBERS * SENDERS * MESSAGES);
      System.getLogger(SyncLoadTest.class.getName())
          .log(System.Logger.Level.INFO, "delivery in ms: {0}", percentiles(nanos));
    }
  }

  /// Syncs until every room has come to its end.
  ///
  /// @return how long each message took
  private static List<Long> listen(
      SyncClient client, Map<String, Long> sentAt, AtomicInteger sending) {
    List<Long> took = new ArrayList<>();
    Set<String> heard = new HashSet<>();
    int ended = 0;
    while (ended < ROOMS) {
      JsonNode answer = client.sync(30_000);
      long now = System.nanoTime();
      for (JsonNode section : answer.at("/rooms/join")) {
        assertThat(section.at("/timeline/limited").asBoolean()).isFalse();
        for (JsonNode event : section.at("/timeline/events")) {
          String body = event.at("/content/body").asText();
          if (body.equals("end")) {
            ended++;
          } else {
            assertThat(heard.add(body)).as(body).isTrue();
            took.add(now - Objects.requireNonNull(sentAt.get(body)));
          }
        }
      }
      assertThat(answer.has("rooms")).as("nothing in 30 s, %s send", sending).isTrue();
    }
    return took;
  }

  private static String percentiles(List<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    double[] shares = {0.5, 0.95, 0.99, 1};
    return Arrays.toString(
        Arrays.stream(shares)
            .map(share -> sorted[(int) Math.ceil(share * sorted.length) - 1] / 1e6)
            .toArray());
  }
}
