package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.flywaydb.core.Flyway;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.LogSpec;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.store.derby.CommitHead;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyDataSource;
import org.hearth.server.store.derby.HighWaterMark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  private static final Duration OFTEN = Duration.ofMillis(5);
  private static final Duration AGE = Duration.ofDays(30);
  private static final Instant BEGIN = Instant.parse("2026-11-24T00:00:00Z");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final AtomicReference<Instant> now = new AtomicReference<>(BEGIN);
  private final InstantSource clock = now::get;

  private static FailureHandling failures() {
    return new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system());
  }

  private static LogSpec<String> spec(String name) {
    return new LogSpec<>(
        name, String.class, 64, each -> "key of " + each, new TestLogs.TextCodec());
  }

  private Journal journal(int most) {
    return new Journal(stores.store(), clock, new Journal.Bounds(AGE, most, OFTEN));
  }

  private JournaledLog<String> started(Journal journal, String name) {
    JournaledLog<String> log = journal.log(spec(name), failures());
    log.output().start(stores.store().head());
    return log;
  }

  /// What is in the table, in order: log, position, key, entry.
  private static List<String> rows(Store store) {
    return store
        .reads()
        .read(connection -> {
          List<String> all = new ArrayList<>();
          try (PreparedStatement statement =
                  connection.prepareStatement(
                      "SELECT log, position, partition_key, entry FROM journal ORDER BY 1, 2");
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              String entry = new String(rows.getBytes(4), StandardCharsets.UTF_8);
              all.add(
                  rows.getString(1)
                      + " "
                      + rows.getLong(2)
                      + " "
                      + rows.getString(3)
                      + ": "
                      + entry);
            }
          }
          return all;
        });
  }

  @Test
  void keepsEachEntryWithItsPositionAndKeyInTheUnitThatCausedIt() {
    Rows.create(stores.store());
    try (Journal journal = journal(100)) {
      JournaledLog<String> fruit = started(journal, "fruit");
      JournaledLog<String> trees = started(journal, "trees");

      LogPosition last =
          fruit.writer("Orchard").commit(List.of(Rows.insert("a", 1)), List.of("apple", "pear"));
      trees.writer("Forest").commit(List.of(), List.of("oak"));

      assertThat(last).isEqualTo(new LogPosition(2));
      assertThat(Rows.all(stores.store())).containsExactly(new Rows.Row(2, "a"));
      assertThat(rows(stores.store()))
          .containsExactly(
              "fruit 1 key of apple: apple",
              "fruit 2 key of pear: pear",
              "trees 3 key of oak: oak");
      assertThat(fruit.writers().getFirst().box()).isEqualTo("Orchard");
      assertThat(fruit.writers().getFirst().written()).isEqualTo(2);
    }
  }

  @Test
  void readerThatIsBehindReadsItsLogFromTheTable() throws InterruptedException {
    try (Journal journal = journal(100)) {
      started(journal, "fruit").writer("Orchard").commit(List.of(), List.of("apple", "pear"));
      started(journal, "trees").writer("Forest").commit(List.of(), List.of("oak"));
    }
    Store store = stores.reopen();

    try (Journal journal = new Journal(store, clock)) {
      JournaledLog<String> fruit = journal.log(spec("fruit"), failures());
      Collecting reader = new Collecting();
      fruit.output().register(reader);
      fruit.output().start(store.head());

      Eventually.until("the reader has both", () -> reader.entries.size() == 2);
      assertThat(reader.entries).containsExactly("apple", "pear");
      fruit.output().drainAndStop(Duration.ofSeconds(5));
    }
  }

  @Test
  void readerThatIsFurtherBehindThanWhatWasRemovedIsTold() throws InterruptedException {
    try (Journal journal = journal(2)) {
      JournalWriter<String> writer = started(journal, "fruit").writer("Orchard");
      started(journal, "trees").writer("Forest").commit(List.of(), List.of("oak"));
      writer.commit(List.of(), List.of("apple", "pear", "plum", "cherry"));
      journal.start();
      Eventually.until("two are gone", () -> rows(stores.store()).size() == 3);
    }
    Store store = stores.reopen();

    try (Journal journal = new Journal(store, clock)) {
      for (String name : List.of("fruit", "trees")) {
        JournaledLog<String> log = journal.log(spec(name), failures());
        Collecting reader = new Collecting();
        log.output().register(reader);
        log.output().start(store.head());
        assertThat(log.output().awaitReader(reader.name(), store.head(), Duration.ofSeconds(60)))
            .isTrue();
        log.output().drainAndStop(Duration.ofSeconds(5));
        assertThat(reader.entries)
            .containsExactlyElementsOf(
                name.equals("fruit") ? List.of("lost 0-3", "plum", "cherry") : List.of("oak"));
      }
    }
  }

  @Test
  void readerThatIsBehindIsToldOfALossIfTheRowOfWhatWasRemovedIsDamaged()
      throws InterruptedException {
    try (Journal journal = journal(100)) {
      started(journal, "fruit").writer("Orchard").commit(List.of(), List.of("apple", "pear"));
    }
    RowChange damage =
        RowChange.of(Journal.FLOOR, "INSERT INTO journal_floor VALUES ('fruit', -7)", (_, _) -> {});
    var _ = stores.store().committer().commit("test", List.of(damage), List.of());
    Store store = stores.reopen();

    try (Journal journal = new Journal(store, clock)) {
      JournaledLog<String> fruit = journal.log(spec("fruit"), failures());
      Collecting reader = new Collecting();
      fruit.output().register(reader);
      fruit.output().start(store.head());

      assertThat(fruit.output().awaitReader(reader.name(), store.head(), Duration.ofSeconds(20)))
          .isTrue();
      assertThat(reader.entries).containsExactly("lost 0-" + store.head());
      fruit.output().drainAndStop(Duration.ofSeconds(5));
    }
  }

  private static final class Collecting implements LogReader<String> {
    private final List<String> entries = new CopyOnWriteArrayList<>();

    @Override
    public void onLost(LogPosition after, LogPosition upTo) {
      entries.add("lost " + after + "-" + upTo);
    }

    @Override
    public String name() {
      return "collecting";
    }

    @Override
    public LogPosition position() {
      return LogPosition.ORIGIN;
    }

    @Override
    public void onBatch(List<Positioned<String>> batch) {
      batch.forEach(each -> entries.add(each.entry()));
    }
  }

  @Test
  void removesOldEntriesWhileItRunsAndNoOthers() {
    try (Journal journal = journal(100)) {
      JournalWriter<String> writer = started(journal, "fruit").writer("Orchard");
      writer.commit(List.of(), List.of("apple", "pear"));
      journal.start();
      now.set(BEGIN.plus(AGE));
      writer.commit(List.of(), List.of("plum"));
      assertThat(rows(stores.store())).hasSize(3);

      now.set(BEGIN.plus(AGE).plusMillis(1));

      Eventually.until("the old ones are gone", () -> rows(stores.store()).size() < 3);
      assertThat(rows(stores.store())).containsExactly("fruit 3 key of plum: plum");
    }
  }

  @Test
  void goesOnRemovingAfterAnError() {
    AtomicInteger looks = new AtomicInteger();
    InstantSource failing =
        () -> {
          if (looks.getAndIncrement() == 1) {
            throw new StackOverflowError("as if");
          }
          return now.get();
        };
    try (Journal journal =
        new Journal(stores.store(), failing, new Journal.Bounds(AGE, 100, OFTEN))) {
      started(journal, "fruit").writer("Orchard").commit(List.of(), List.of("apple"));
      now.set(BEGIN.plus(AGE).plusMillis(1));

      journal.start();

      Eventually.until("the old one is gone", () -> rows(stores.store()).isEmpty());
    }
  }

  @Test
  void removesWhatIsTooManyAndTheOldestFirst() {
    try (Journal journal = journal(3)) {
      JournalWriter<String> fruit = started(journal, "fruit").writer("Orchard");
      JournalWriter<String> trees = started(journal, "trees").writer("Forest");
      trees.commit(List.of(), List.of("oak", "elm"));
      fruit.commit(List.of(), Collections.nCopies(1_200, "grape"));
      fruit.commit(List.of(), List.of("apple", "pear", "plum"));

      journal.start();

      Eventually.until("three are left", () -> rows(stores.store()).size() == 5);
      assertThat(rows(stores.store()))
          .containsExactly(
              "fruit 1203 key of apple: apple",
              "fruit 1204 key of pear: pear",
              "fruit 1205 key of plum: plum",
              "trees 1 key of oak: oak",
              "trees 2 key of elm: elm");
    }
  }

  @Test
  void refusesAnEntryThatARowCannotHold() {
    try (Journal journal = journal(100)) {
      JournalWriter<String> writer = started(journal, "fruit").writer("Orchard");

      assertThatThrownBy(() -> writer.commit(List.of(), List.of("x".repeat((1 << 20) + 1))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1048576");
      assertThat(rows(stores.store())).isEmpty();
      assertThat(writer.written()).isZero();
    }
  }

  @Test
  void takesOverTheEntriesOfAccountOutputFromASchemaBeforeIt(@TempDir Path folder)
      throws Exception {
    StoreOptions options = StoreOptions.of(folder).withMinimumFreeBytes(0);
    makeDatabaseOfSchema(9, options);

    try (Store store = Store.open(options)) {
      assertThat(rows(store)).containsExactly("account-output 1 : {\"kept\":1}");
      assertThat(store.identity().schemaVersion()).isEqualTo(Schema.newestKnown());
      assertThat(bytesOfAccountData(store)).isEqualTo(10);
    }
  }

  private static int bytesOfAccountData(Store store) {
    return store
        .reads()
        .read(connection -> {
          try (PreparedStatement statement =
                  connection.prepareStatement("SELECT content_bytes FROM account_data");
              ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getInt(1);
          }
        });
  }

  /// A database as that version of the schema made it, with one entry and one item in it.
  private static void makeDatabaseOfSchema(int version, StoreOptions options) throws Exception {
    Path folder = Files.createDirectories(options.databaseFolder());
    Derby.configure(folder, 8 << 20);
    Derby derby = new Derby(options.derbyFolder());
    derby.create();
    Flyway.configure(Schema.class.getClassLoader())
        .dataSource(new DerbyDataSource(derby))
        .locations("classpath:db/migration")
        .loggers("slf4j")
        .target(Integer.toString(version))
        .load()
        .migrate();
    UUID id = UUID.randomUUID();
    Schema.identify(derby, id, version, BEGIN);
    byte[] entry = "{\"kept\":1}".getBytes(StandardCharsets.UTF_8);
    try (Connection connection = derby.connect();
        PreparedStatement output =
            connection.prepareStatement("INSERT INTO account_output VALUES (1, 1, ?, 5)");
        PreparedStatement data =
            connection.prepareStatement(
                "INSERT INTO account_data VALUES ('@a:b', '', 'm.direct', ?, 1)")) {
      output.setBytes(1, entry);
      output.executeUpdate();
      data.setBytes(1, entry);
      data.executeUpdate();
    }
    HighWaterMark.begin(folder, id, CommitHead.START).close();
    derby.shutDown();
  }

  /// A cache of the rows would else keep what it read between the two.
  @Test
  void whatIsRememberedIsForgottenAgainWhenAGivenUpUnitIsCommitted() throws InterruptedException {
    Rows.create(stores.store());
    JournalWriter<String> writer = started(journal(100), "one").writer("Box");
    List<Integer> rowsSeen = new CopyOnWriteArrayList<>();

    try (HeldCommitter _ = HeldCommitter.hold(stores.store().committer())) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() ->
              writer.commit(
                  List.of(Rows.insert("late", 0)),
                  List.of("entry"),
                  () ->
                      rowsSeen.add(
                          // An interrupted thread reads nothing.
                          Thread.currentThread().isInterrupted()
                              ? 0
                              : Rows.all(stores.store()).size())))
          .isInstanceOfSatisfying(
              StorageException.class,
              e -> assertThat(e.reason()).isEqualTo(StorageException.Reason.BUSY));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(rowsSeen).containsExactly(0);
    }

    Eventually.until("forgotten again", () -> rowsSeen.size() == 2);
    assertThat(rowsSeen).containsExactly(0, 1);
  }
}
