package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.Rows.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A process that writes as fast as it can is killed at random times; everything it has reported as
/// committed is there afterwards, nothing is half there, and the positions have no holes.
@Tag("long")
class CrashTest {
  private static final int WRITERS = 4;
  private static final Table PAIR = new Table("test_pair", "a test's", "the test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  @Test
  void everyAcknowledgedWriteOutlivesFourKills() throws IOException, InterruptedException {
    killRepeatedly(4, 4_711);
  }

  @Test
  void everyAcknowledgedWriteOutlivesFortyKills() throws IOException, InterruptedException {
    killRepeatedly(40, 4_713);
  }

  @Test
  @Tag("whole")
  void everyAcknowledgedWriteOutlivesTwoHundredKills() throws IOException, InterruptedException {
    killRepeatedly(200, 4_712);
  }

  private void killRepeatedly(int rounds, long seed) throws IOException, InterruptedException {
    Rows.create(stores.store());
    Rows.execute(
        stores.store(),
        "CREATE TABLE test_pair (name VARCHAR(255) NOT NULL PRIMARY KEY, position BIGINT NOT NULL)");
    stores.store().close();
    Random random = new Random(seed);
    Set<Row> acknowledged = new HashSet<>();

    for (int round = 0; round < rounds; round++) {
      List<Row> before = List.copyOf(acknowledged);
      acknowledged.addAll(writeAndKill(round, Duration.ofMillis(random.nextInt(250))));

      String context = "seed %d, round %d".formatted(seed, round);
      assertThat(acknowledged.size()).as(context).isGreaterThan(before.size());
      try (Store store = Store.open(stores.options())) {
        assertWhole(store, acknowledged, context);
      }
    }
  }

  private List<Row> writeAndKill(int round, Duration afterFirst)
      throws IOException, InterruptedException {
    Process child =
        ChildProcess.start(Writers.class, stores.folder().toString(), Integer.toString(round));
    List<Row> rows = new ArrayList<>();
    List<String> other = new ArrayList<>();
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      Thread killer = null;
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        if (!line.startsWith("ack ") || !line.endsWith(".")) {
          other.add(line); // What the log says, or half a line.
          continue;
        }
        String[] parts = line.substring(0, line.length() - 1).split(" ", -1);
        rows.add(new Row(Long.parseLong(parts[1]), parts[2]));
        if (killer == null) {
          killer = Thread.ofVirtual().start(() -> killAfter(child, afterFirst));
        }
      }
      if (killer != null) {
        killer.join();
      }
    }
    assertThat(child.waitFor()).as(() -> String.join("\n", other)).isEqualTo(128 + 9);
    return rows;
  }

  private static void killAfter(Process child, Duration delay) {
    long until = System.nanoTime() + delay.toNanos();
    while (System.nanoTime() < until) {
      LockSupport.parkNanos(until - System.nanoTime());
    }
    child.toHandle().destroyForcibly(); // Process.destroyForcibly would close what it said, unread.
  }

  private static void assertWhole(Store store, Set<Row> acknowledged, String context) {
    List<Row> rows = Rows.all(store);
    assertThat(new HashSet<>(rows).containsAll(acknowledged)).as(context).isTrue();
    // Positions are a primary key, so distinct: as many as the greatest of them is all of them.
    assertThat(rows.getFirst().position()).as(context).isEqualTo(1);
    assertThat(rows.getLast().position()).as(context).isEqualTo(rows.size());
    assertThat(store.head()).as(context).isEqualTo(new LogPosition(rows.size()));
    assertThat(number(store, "SELECT COUNT(*) FROM test_pair")).as(context).isEqualTo(rows.size());
    assertThat(
            number(
                store,
                "SELECT COUNT(*) FROM test_row r JOIN test_pair p ON p.name = r.name"
                    + " AND p.position = r.position"))
        .as(context)
        .isEqualTo(rows.size());
    for (String table : List.of("TEST_ROW", "TEST_PAIR", "COMMIT_HEAD")) {
      assertThat(number(store, "VALUES SYSCS_UTIL.SYSCS_CHECK_TABLE('APP', '" + table + "')"))
          .as(context + ", " + table)
          .isEqualTo(1);
    }
  }

  private static long number(Store store, String sql) {
    return store
        .reads()
        .read(connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
          }
        });
  }

  /// The child: writes until it is killed, and says what was acknowledged.
  static final class Writers {
    public static void main(String[] args) throws InterruptedException {
      Store store = Store.open(StoreOptions.of(Path.of(args[0])).withMinimumFreeBytes(0));
      PrintStream out = System.out;
      List<Thread> threads = new ArrayList<>();
      for (int w = 0; w < WRITERS; w++) {
        String prefix = args[1] + "-" + w + "-";
        threads.add(Thread.ofPlatform().start(() -> write(store, prefix, out)));
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }

    private static void write(Store store, String prefix, PrintStream out) {
      for (int i = 0; ; i++) {
        String name = prefix + i;
        long position =
            store
                .committer()
                .commit(
                    "writer", List.of(Rows.insert(name, 0), pair(name)), TestLogs.announcements(1))
                .value();
        String line = "ack " + position + " " + name + ".\n";
        synchronized (out) {
          out.print(line);
          out.flush();
        }
      }
    }

    private static RowChange pair(String name) {
      return RowChange.of(
          PAIR,
          "INSERT INTO test_pair (name, position) VALUES (?, ?)",
          (statement, first) -> {
            statement.setString(1, name);
            statement.setLong(2, first.value());
          });
    }
  }
}
