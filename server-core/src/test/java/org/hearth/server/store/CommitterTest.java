package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.store.Rows.Row;
import org.hearth.server.store.StorageException.Reason;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CommitterTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final UnitOwner owner = new UnitOwner("shard");

  @BeforeEach
  void createTable() {
    Rows.create(stores.store());
  }

  @Test
  void unitIsThereWhenItsCommitReturns() {
    LogPosition first = commit(unit("a"));

    assertThat(first).isEqualTo(new LogPosition(1));
    assertThat(stores.store().head()).isEqualTo(first);
    assertThat(Rows.all(stores.store())).containsExactly(new Row(1, "a"));
  }

  @Test
  void unitWithSeveralAnnouncementsTakesConsecutivePositions() {
    commit(unit("a"));

    LogPosition first =
        commit(unit(List.of(Rows.insert("b", 0), Rows.insert("c", 1), Rows.insert("d", 2)), 3));
    LogPosition next = commit(unit("e"));

    assertThat(first.value()).isEqualTo(2);
    assertThat(next.value()).isEqualTo(5);
    assertThat(Rows.all(stores.store())).last().isEqualTo(new Row(5, "e"));
  }

  @Test
  void unitWithoutAnnouncementsTakesNoPosition() {
    commit(unit("a"));

    LogPosition without = commit(unit(List.of(update("a", "b")), 0));

    assertThat(without.value()).isEqualTo(1);
    assertThat(Rows.all(stores.store())).containsExactly(new Row(1, "b"));
  }

  @Test
  void positionsThatAreNotAnnouncedReachNoReader() throws InterruptedException {
    OutputLog<String> log = TestLogs.log();
    VisibleRows reader = new VisibleRows(stores.store());
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    LogPosition first =
        commit(
            new UnitOfWork(
                owner,
                owner.generation(),
                List.of(Rows.insert("silent", 0), Rows.insert("told", 1)),
                3,
                List.of(new Announcement<>(1, log, "told")),
                Outcome.ignored()));
    LogPosition next = commit(unit("next"));

    assertThat(first.value()).isEqualTo(1);
    assertThat(log.head().value()).isEqualTo(2);
    assertThat(next.value()).isEqualTo(4);
    assertThat(log.awaitReader(reader.name(), log.head(), Duration.ofSeconds(10))).isTrue();
    assertThat(reader.seen).containsExactly("told");
    assertThat(log.drainAndStop(Duration.ofSeconds(10))).isTrue();
  }

  @Test
  void unitHearsItsPositionOnceAnAttemptBeforeItIsBound() {
    commit(unit("taken"));
    Queue<String> told = new ConcurrentLinkedQueue<>();
    RowChange noting =
        RowChange.of(
            Rows.TABLE,
            "DELETE FROM test_row WHERE position = -1",
            (_, first) -> told.add("bound at " + first));
    Outcome outcome =
        new Outcome() {
          @Override
          public void placed(LogPosition first) {
            told.add("placed at " + first);
          }

          @Override
          public void committed(LogPosition first) {
            told.add("committed at " + first);
          }

          @Override
          public void failed(StorageException failure) {}
        };

    whileCommitterWaits(() -> {
      submit(unit("taken"));
      submit(unit(List.of(noting, noting), 1, outcome));
    });
    awaitEndOfBatch();

    assertThat(told)
        .endsWith("placed at 2", "bound at 2", "bound at 2", "committed at 2")
        .startsWith("placed at 3")
        .filteredOn(each -> each.startsWith("placed"))
        .hasSize(2);
  }

  @Test
  void unitsThatWaitAreCommittedTogetherInTheirOrder() throws InterruptedException {
    long before = stores.store().figures().commits();
    CountDownLatch done = new CountDownLatch(50);
    List<Long> firsts = new ArrayList<>();

    whileCommitterWaits(() -> {
      for (int i = 0; i < 50; i++) {
        stores
            .store()
            .committer()
            .submit(
                unit(
                    List.of(Rows.insert("n" + i, 0)),
                    1,
                    Outcome.of(
                        first -> {
                          firsts.add(first.value());
                          done.countDown();
                        },
                        _ -> {})));
      }
    });
    done.await();

    assertThat(firsts).containsExactlyElementsOf(LongStream.rangeClosed(1, 50).boxed().toList());
    // The unit that held the committer up, and all that waited.
    assertThat(stores.store().figures().commits() - before).isEqualTo(2);
    assertThat(Rows.all(stores.store()))
        .containsExactlyElementsOf(
            IntStream.range(0, 50).mapToObj(i -> new Row(i + 1L, "n" + i)).toList());
  }

  @Test
  void laterChangeOfEqualKeyReplacesTheEarlierInOneCommit() {
    commit(unit("a"));
    long before = stores.store().figures().rows();

    whileCommitterWaits(() -> {
      submit(unit(List.of(coalescing("a", "first")), 0));
      submit(unit(List.of(coalescing("a", "second")), 0));
      submit(unit(List.of(coalescing("a", "third")), 0));
    });
    commit(unit("b"));

    assertThat(Rows.all(stores.store())).containsExactly(new Row(1, "third"), new Row(2, "b"));
    assertThat(stores.store().figures().rows() - before).isLessThanOrEqualTo(3);
  }

  @Test
  void badUnitFailsAloneAndPositionsStayDense() {
    commit(unit("taken"));
    Queue<String> told = new ConcurrentLinkedQueue<>();
    UnitOwner other = new UnitOwner("other");

    whileCommitterWaits(() -> {
      submit(named("a", new UnitOwner("one"), told));
      submit(named("taken", other, told));
      submit(named("b", new UnitOwner("two"), told));
    });
    commit(unit("last"));
    awaitEndOfBatch();

    assertThat(told).containsExactly("a at 2", "b at 3", "taken BAD_UNIT");
    assertThat(Rows.all(stores.store()))
        .containsExactly(new Row(1, "taken"), new Row(2, "a"), new Row(3, "b"), new Row(4, "last"));
    assertThat(other.generation()).isEqualTo(1);
    assertThat(stores.store().figures().repeatedCommits()).isEqualTo(1);
  }

  @Test
  void unitsBehindABadOneOfTheSameOwnerFailUntilTheOwnerStartsOver() {
    commit(unit("taken"));
    Queue<String> told = new ConcurrentLinkedQueue<>();
    long generation = owner.generation();

    whileCommitterWaits(() -> {
      submit(named("before", owner, told));
      submit(named("taken", owner, told));
      submit(named("behind", owner, told));
    });
    commit(unit("flush"));
    awaitEndOfBatch();

    assertThat(told).containsExactly("before at 2", "taken BAD_UNIT", "behind SUPERSEDED");
    assertThat(owner.generation()).isEqualTo(generation + 1);
    assertThatThrownBy(() ->
            commit(new UnitOfWork(owner, generation, List.of(), List.of(), Outcome.ignored())))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SUPERSEDED));
    assertThat(commit(named("again", owner, told)).value()).isEqualTo(4);
  }

  @Test
  void unitsThatFailOrChangeNothingAreHandledToo() {
    commit(unit("taken"));
    awaitEndOfBatch();
    assertThatThrownBy(() -> commit(unit("taken"))).isInstanceOf(StorageException.class);

    stores.store().close();

    StoreFigures figures = stores.store().figures();
    long taken = figures.taken().values().stream().mapToLong(Long::longValue).sum();
    assertThat(figures.handled()).isEqualTo(taken).isGreaterThanOrEqualTo(3);
    assertThat(figures.units() + figures.failedUnits()).isLessThan(taken);
  }

  @Test
  void changeThatThrowsWhenBoundIsABadUnit() {
    RowChange broken =
        RowChange.of(
            Rows.TABLE,
            "DELETE FROM test_row WHERE position = ?",
            (_, _) -> {
              throw new IllegalStateException("cannot bind");
            });

    assertThatThrownBy(() -> commit(unit(List.of(Rows.insert("half", 0), broken), 1)))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_UNIT))
        .hasMessageContaining("cannot bind");

    assertThat(Rows.all(stores.store())).isEmpty();
    assertThat(commit(unit("whole")).value()).isEqualTo(1);
  }

  @Test
  void whatIsToldAsCommittedCanBeReadAtOnce() throws InterruptedException {
    Queue<String> missing = new ConcurrentLinkedQueue<>();
    CountDownLatch done = new CountDownLatch(40);

    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 40; i++) {
        String name = "n" + i;
        readers.execute(() -> {
          LogPosition first =
              stores
                  .store()
                  .committer()
                  .commit("reader", List.of(Rows.insert(name, 0)), TestLogs.announcements(1));
          if (!Rows.all(stores.store()).contains(new Row(first.value(), name))
              || first.isAfter(stores.store().head())) {
            missing.add(name);
          }
          done.countDown();
        });
      }
      done.await();
    }

    assertThat(missing).isEmpty();
    assertThat(Rows.all(stores.store())).hasSize(40);
  }

  @Test
  void readersOfALogAreToldAfterTheCommitInOrder() throws InterruptedException {
    OutputLog<String> log = TestLogs.log();
    VisibleRows reader = new VisibleRows(stores.store());
    log.register(reader);
    log.start(LogPosition.ORIGIN);
    LogPosition last = LogPosition.ORIGIN;

    for (int i = 0; i < 20; i++) {
      String name = "n" + i;
      last =
          stores
              .store()
              .committer()
              .commit(
                  "test", List.of(Rows.insert(name, 0)), List.of(new Announcement<>(log, name)));
      assertThat(log.head()).isEqualTo(last);
    }

    assertThat(log.awaitReader(reader.name(), last, Duration.ofSeconds(60))).isTrue();
    assertThat(reader.seen)
        .containsExactlyElementsOf(IntStream.range(0, 20).mapToObj(i -> "n" + i).toList());
    assertThat(log.drainAndStop(Duration.ofSeconds(60))).isTrue();
  }

  /// Notes the entries whose rows are in the database when it is told of them.
  private static final class VisibleRows implements LogReader<String> {
    private final Store store;
    private final Queue<String> seen = new ConcurrentLinkedQueue<>();

    VisibleRows(Store store) {
      this.store = store;
    }

    @Override
    public String name() {
      return "visible-rows";
    }

    @Override
    public LogPosition position() {
      return LogPosition.ORIGIN;
    }

    @Override
    public void onBatch(List<Positioned<String>> batch) {
      List<Row> rows = Rows.all(store);
      batch.stream()
          .filter(each -> rows.contains(new Row(each.position().value(), each.entry())))
          .map(Positioned::entry)
          .forEach(seen::add);
    }
  }

  @Test
  void manyWritersGetDensePositions() throws Exception {
    int writers = 16;
    int each = 100;
    List<Future<List<Long>>> results = new ArrayList<>();

    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int w = 0; w < writers; w++) {
        int writer = w;
        results.add(
            threads.submit(() -> {
              List<Long> firsts = new ArrayList<>();
              for (int i = 0; i < each; i++) {
                firsts.add(
                    stores
                        .store()
                        .committer()
                        .commit(
                            "writer",
                            List.of(Rows.insert(writer + "-" + i, 0)),
                            TestLogs.announcements(1))
                        .value());
              }
              return firsts;
            }));
      }
    }

    List<Long> all = new ArrayList<>();
    for (Future<List<Long>> result : results) {
      assertThat(result.get()).isSorted();
      all.addAll(result.get());
    }
    assertThat(all)
        .containsExactlyInAnyOrderElementsOf(
            LongStream.rangeClosed(1, (long) writers * each).boxed().toList());
    assertThat(Rows.all(stores.store()))
        .extracting(Row::position)
        .containsExactlyElementsOf(
            LongStream.rangeClosed(1, (long) writers * each).boxed().toList());
  }

  @Test
  void outcomeThatThrowsDisturbsNobody() {
    submit(
        unit(
            List.of(Rows.insert("a", 0)),
            1,
            Outcome.of(
                _ -> {
                  throw new IllegalStateException("a defect of the owner");
                },
                _ -> {})));

    assertThat(commit(unit("b")).value()).isEqualTo(2);
  }

  @Test
  void positionsGoOnAfterARestart() {
    commit(unit("a"));
    commit(unit("b"));

    Store reopened = stores.reopen();

    assertThat(reopened.head().value()).isEqualTo(2);
    assertThat(Rows.all(reopened)).containsExactly(new Row(1, "a"), new Row(2, "b"));
    assertThat(
            reopened
                .committer()
                .commit("test", List.of(Rows.insert("c", 0)), TestLogs.announcements(1))
                .value())
        .isEqualTo(3);
  }

  @Test
  void closedStoreTakesNothing() {
    Committer committer = stores.store().committer();
    stores.reopen();

    assertThatThrownBy(() -> committer.submit(unit("late")))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CLOSED));
  }

  @Test
  void whatWasSubmittedBeforeTheCloseIsCommitted() {
    for (int i = 0; i < 300; i++) {
      submit(unit("n" + i));
    }

    Store reopened = stores.reopen();

    assertThat(Rows.all(reopened)).hasSize(300);
  }

  /// Runs `action` while the committer's thread is held up, so that what it submits is one batch.
  private void whileCommitterWaits(Runnable action) {
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    submit(
        new UnitOfWork(
            new UnitOwner("holder"),
            List.of(update("nobody", "nobody")),
            List.of(),
            Outcome.of(
                _ -> {
                  reached.countDown();
                  awaitUninterrupted(released);
                },
                _ -> reached.countDown())));
    awaitUninterrupted(reached);
    action.run();
    released.countDown();
  }

  /// A commit may return before the bad units of its own batch have been told: an empty unit of the
  /// next batch waits for them.
  private void awaitEndOfBatch() {
    stores.store().committer().commit("end of batch", List.of(), List.of());
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private LogPosition commit(UnitOfWork unit) {
    return stores.store().committer().commit(unit);
  }

  private void submit(UnitOfWork unit) {
    stores.store().committer().submit(unit);
  }

  private static UnitOfWork unit(String name) {
    return unit(List.of(Rows.insert(name, 0)), 1);
  }

  private static UnitOfWork unit(List<RowChange> changes, int announcements) {
    return unit(changes, announcements, Outcome.ignored());
  }

  private static UnitOfWork unit(List<RowChange> changes, int announcements, Outcome outcome) {
    return new UnitOfWork(
        new UnitOwner("test"), changes, TestLogs.announcements(announcements), outcome);
  }

  private static UnitOfWork named(String name, UnitOwner owner, Queue<String> told) {
    return new UnitOfWork(
        owner,
        List.of(Rows.insert(name, 0)),
        TestLogs.announcements(1),
        Outcome.of(
            first -> told.add(name + " at " + first),
            failure -> told.add(name + " " + failure.reason())));
  }

  private static RowChange update(String from, String to) {
    return RowChange.of(
        Rows.TABLE,
        "UPDATE test_row SET name = ? WHERE name = ?",
        (statement, _) -> {
          statement.setString(1, to);
          statement.setString(2, from);
        });
  }

  private static RowChange coalescing(String name, String to) {
    return RowChange.coalescing(
        Rows.TABLE,
        "UPDATE test_row SET name = ? WHERE position = 1",
        name,
        (statement, _) -> statement.setString(1, to));
  }
}
