package org.hearth.bench.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.EntryCodec;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSpec;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.store.Announcement;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreFigures;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOfWork;

/// How many messages a second the bare store takes, without HTTP and without Matrix: producers,
/// each waiting for its commit before it goes on, insert rows shaped like events. A server can only
/// be slower.
public final class PipelineLimit {
  private static final int ROOMS = 16;
  private static final int JSON_BYTES = 900;
  private static final Table EVENT = new Table("bench_event", "a test's", "the test");
  private static final List<String> TABLES =
      List.of(
          """
          CREATE TABLE bench_event (
            stream_pos BIGINT NOT NULL PRIMARY KEY,
            room       BIGINT NOT NULL,
            depth      BIGINT NOT NULL,
            event_id   VARCHAR(255) NOT NULL,
            type       VARCHAR(255) NOT NULL,
            json       VARCHAR(32672) FOR BIT DATA NOT NULL)\
          """,
          "CREATE UNIQUE INDEX bench_event_id ON bench_event (event_id)",
          "CREATE INDEX bench_event_room ON bench_event (room, depth DESC)");
  private static final String INSERT =
      "INSERT INTO bench_event (stream_pos, room, depth, event_id, type, json) VALUES (?, ?, ?, ?, ?, ?)";

  private PipelineLimit() {} // no instance

  /// What so many producers reached.
  ///
  /// @param unitsPerCommit how many were committed together, on average
  public record Result(
      int producers, double perSecond, Latencies latencies, double unitsPerCommit) {}

  /// Measures with a new database each time.
  ///
  /// @param folder on the disk to be measured; what is made in it is removed
  /// @param time for each number of producers, after a warm-up of the same length at most 3 s
  public static List<Result> measure(Path folder, Duration time, List<Integer> producers)
      throws IOException, InterruptedException {
    List<Result> results = new ArrayList<>();
    for (int each : producers) {
      Path data = Files.createTempDirectory(folder, "pipeline");
      try (Store store = Store.open(StoreOptions.of(data))) {
        for (String sql : TABLES) {
          store
              .committer()
              .commit("bench", List.of(RowChange.of(EVENT, sql, (_, _) -> {})), List.of());
        }
        List<Announcement<?>> announcements = List.of(new Announcement<>(unreadLog(), "entry"));
        Duration warmUp = time.compareTo(Duration.ofSeconds(3)) < 0 ? time : Duration.ofSeconds(3);
        run(store, announcements, "warm", each, warmUp);
        results.add(run(store, announcements, "timed", each, time));
      } finally {
        remove(data);
      }
    }
    return results;
  }

  private static Result run(
      Store store, List<Announcement<?>> announcements, String phase, int producers, Duration time)
      throws InterruptedException {
    StoreFigures before = store.figures();
    long begun = System.nanoTime();
    long end = begun + time.toNanos();
    List<Future<Latencies.Recorder>> recorders = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int p = 0; p < producers; p++) {
        Producer producer = new Producer(store, announcements, phase, p, end);
        recorders.add(threads.submit(producer::produce));
      }
    }
    long nanos = System.nanoTime() - begun;
    StoreFigures after = store.figures();
    Latencies latencies =
        Latencies.of(
            recorders.stream().map(PipelineLimit::result).toArray(Latencies.Recorder[]::new));
    return new Result(
        producers,
        latencies.perSecond(nanos),
        latencies,
        (double) (after.units() - before.units()) / (after.commits() - before.commits()));
  }

  private static Latencies.Recorder result(Future<Latencies.Recorder> future) {
    try {
      return future.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("a producer failed", e);
    }
  }

  /// Sends one message after the other. **Thread**: one.
  private record Producer(
      Store store, List<Announcement<?>> announcements, String phase, int number, long end) {
    Latencies.Recorder produce() {
      Latencies.Recorder recorder = new Latencies.Recorder();
      String sender = "@user%d:bench.example".formatted(number);
      for (long i = 0, now = System.nanoTime(); now < end; i++) {
        store.committer().commit(UnitOfWork.alone(sender, List.of(row(sender, i)), announcements));
        long after = System.nanoTime();
        recorder.add(after - now);
        now = after;
      }
      return recorder;
    }

    private RowChange row(String sender, long count) {
      // Event ids are hashes: their order in the index is random.
      String id = "$%016x%016x".formatted(mix(number * 0x100000001L + count), phase.hashCode());
      byte[] json = json(sender, id);
      return RowChange.of(
          EVENT,
          INSERT,
          (statement, first) -> {
            statement.setLong(1, first.value());
            statement.setLong(2, number % ROOMS);
            statement.setLong(3, count);
            statement.setString(4, id);
            statement.setString(5, "m.room.message");
            statement.setBytes(6, json);
          });
    }

    private static byte[] json(String sender, String id) {
      String start = "{\"sender\":\"%s\",\"event_id\":\"%s\",\"body\":\"".formatted(sender, id);
      return (start + "x".repeat(Math.max(0, JSON_BYTES - start.length())) + "\"}")
          .getBytes(StandardCharsets.UTF_8);
    }

    private static long mix(long value) {
      long z = value * 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }
  }

  /// A log that nobody reads: what is measured ends with the reply.
  private static OutputLog<String> unreadLog() {
    EntryCodec<String> codec =
        new EntryCodec<>() {
          @Override
          public int version() {
            return 1;
          }

          @Override
          public byte[] encode(String entry) {
            return entry.getBytes(StandardCharsets.UTF_8);
          }

          @Override
          public String decode(int version, byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
          }
        };
    OutputLog<String> log =
        new OutputLog<>(
            new LogSpec<>("bench-output", String.class, 1024, Object::toString, codec),
            (_, _, _) -> List.of(),
            new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system()));
    log.start(LogPosition.ORIGIN);
    return log;
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path each : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
