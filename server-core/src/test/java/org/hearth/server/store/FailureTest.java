package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.Rows.Row;
import org.hearth.server.store.StorageException.Reason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What the units of a batch hear when one of them fails, or an [Error] is thrown in the middle.
@Tag("long")
class FailureTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final UnitOwner owner = new UnitOwner("shard");
  private final Queue<String> told = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void createTable() {
    Rows.create(stores.store());
  }

  /// Where an outcome throws.
  enum Call {
    PLACED,
    DURABLE,
    COMMITTED,
    FAILED
  }

  /// Notes each call with the generation that the owner has then, and throws an [Error] in one.
  private record Noting(
      String name, UnitOwner owner, Queue<String> told, CountDownLatch ends, @Nullable Call broken)
      implements Outcome {

    @Override
    public void placed(LogPosition first) {
      note(Call.PLACED);
    }

    @Override
    public void durable(LogPosition first) {
      note(Call.DURABLE);
    }

    @Override
    public void committed(LogPosition first) {
      try {
        note(Call.COMMITTED);
      } finally {
        ends.countDown();
      }
    }

    @Override
    public void failed(StorageException failure) {
      try {
        note(Call.FAILED);
      } finally {
        ends.countDown();
      }
    }

    private void note(Call call) {
      told.add("%s %s %d".formatted(name, call, owner.generation()));
      if (call == broken) {
        throw new OutOfMemoryError("as if, in " + call);
      }
    }
  }

  /// The owner may start over when it sees the new generation: by then all before it is durable, in
  /// the database and in memory.
  @Test
  void generationRisesWhenEverythingEarlierIsSettled() throws InterruptedException {
    CountDownLatch ends = new CountDownLatch(4);

    whileCommitterWaits(() -> {
      submit("one", null, ends, Rows.insert("one", 0));
      submit("two", null, ends, Rows.insert("two", 0));
      submit("bad", null, ends, Rows.insert("one", 0));
      submit("behind", null, ends, Rows.insert("behind", 0));
    });
    await(ends);

    assertThat(told.stream().filter(each -> !each.contains("PLACED")))
        .containsExactly(
            "one DURABLE 0",
            "two DURABLE 0",
            "one COMMITTED 0",
            "two COMMITTED 0",
            "bad FAILED 1",
            "behind FAILED 1");
    assertThat(Rows.all(stores.store())).extracting(Row::name).containsExactly("one", "two");
  }

  /// Keeps in memory what is durable, as a server does, and starts over from that as soon as the
  /// generation rises, while the committer is at work.
  @Test
  void whatAnOwnerStartsOverWithLacksNothing() throws InterruptedException {
    for (int round = 0; round < 50; round++) {
      String name = "round " + round;
      UnitOwner shard = new UnitOwner("shard");
      Queue<String> memory = new ConcurrentLinkedQueue<>();
      CountDownLatch ends = new CountDownLatch(1);
      Outcome remembering =
          new Outcome() {
            @Override
            public void durable(LogPosition first) {
              memory.add(name);
            }

            @Override
            public void committed(LogPosition first) {}

            @Override
            public void failed(StorageException failure) {}
          };
      whileCommitterWaits(() -> {
        stores.store().committer().submit(unit(shard, remembering, Rows.insert(name, 0)));
        stores
            .store()
            .committer()
            .submit(unit(shard, Outcome.of(_ -> {}, _ -> ends.countDown()), Rows.insert(name, 0)));
      });
      while (shard.generation() == 0) {
        Thread.onSpinWait();
      }

      assertThat(memory).containsExactly(name);
      await(ends);
    }
  }

  @ParameterizedTest
  @EnumSource(Call.class)
  void errorInAnOutcomeLeavesNobodyWaiting(Call broken) throws InterruptedException {
    CountDownLatch ends = new CountDownLatch(3);

    whileCommitterWaits(() -> {
      submit("a", null, ends, Rows.insert("a", 0));
      submit("broken", broken, ends, Rows.insert(broken == Call.FAILED ? "a" : "broken", 0));
      submit("b", null, ends, Rows.insert("b", 0));
    });
    await(ends);

    assertFailed();
    assertEachHeardOnce("a", "broken", "b");
    List<String> committed =
        told.stream()
            .filter(each -> each.contains("COMMITTED"))
            .map(each -> each.substring(0, each.indexOf(' ')))
            .toList();
    assertThat(Rows.all(stores.reopen()))
        .extracting(Row::name)
        .containsExactlyElementsOf(committed);
  }

  @Test
  void errorWhileBindingLeavesNobodyWaiting() throws InterruptedException {
    CountDownLatch ends = new CountDownLatch(3);
    RowChange broken =
        RowChange.of(
            Rows.TABLE,
            "DELETE FROM test_row WHERE position = ?",
            (_, _) -> {
              throw new OutOfMemoryError("as if, while binding");
            });

    whileCommitterWaits(() -> {
      submit("a", null, ends, Rows.insert("a", 0));
      submit("broken", null, ends, broken);
      submit("b", null, ends, Rows.insert("b", 0));
    });
    await(ends);

    assertFailed();
    assertEachHeardOnce("a", "broken", "b");
    assertThat(told).noneMatch(each -> each.contains("COMMITTED"));
    assertThat(Rows.all(stores.reopen())).isEmpty();
  }

  static Stream<Error> errorsOfAUnit() {
    return Stream.of(
        new StackOverflowError("as if"),
        new AssertionError("as if"),
        new NoClassDefFoundError("as if"));
  }

  @ParameterizedTest
  @MethodSource("errorsOfAUnit")
  void errorOfAUnitsOwnCodeCostsThatUnitOnly(Error error) throws InterruptedException {
    CountDownLatch ends = new CountDownLatch(4);
    RowChange broken =
        RowChange.of(
            Rows.TABLE,
            "DELETE FROM test_row WHERE position = ?",
            (_, _) -> {
              throw error;
            });
    Outcome brokenOutcome =
        new Outcome() {
          @Override
          public void placed(LogPosition first) {
            throw error;
          }

          @Override
          public void committed(LogPosition first) {}

          @Override
          public void failed(StorageException failure) {
            ends.countDown();
          }
        };

    whileCommitterWaits(() -> {
      submit("a", null, ends, Rows.insert("a", 0));
      stores
          .store()
          .committer()
          .submit(unit(new UnitOwner("other"), brokenOutcome, Rows.insert("other", 0)));
      submit("broken", null, ends, broken);
      submit("b", null, ends, Rows.insert("b", 0));
    });
    await(ends);

    assertEachHeardOnce("a", "broken", "b");
    assertThat(told).contains("a COMMITTED 0", "broken FAILED 1", "b FAILED 1");
    assertThat(stores.store().state()).isInstanceOf(StoreState.Open.class);
    assertThat(Rows.all(stores.store())).extracting(Row::name).containsExactly("a");
    stores
        .store()
        .committer()
        .commit("later", List.of(Rows.insert("later", 0)), TestLogs.announcements(1));
  }

  private void assertFailed() {
    Eventually.until("failed", () -> stores.store().state() instanceof StoreState.Failed);
    assertThatThrownBy(() -> stores.store().committer().commit("later", List.of(), List.of()))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FAILED));
  }

  private void assertEachHeardOnce(String... names) {
    for (String name : names) {
      assertThat(told)
          .filteredOn(
              each -> each.startsWith(name + " COMMITTED") || each.startsWith(name + " FAILED"))
          .hasSize(1);
    }
  }

  private void submit(String name, @Nullable Call broken, CountDownLatch ends, RowChange change) {
    stores
        .store()
        .committer()
        .submit(unit(owner, new Noting(name, owner, told, ends, broken), change));
  }

  private static UnitOfWork unit(UnitOwner owner, Outcome outcome, RowChange change) {
    return new UnitOfWork(owner, List.of(change), TestLogs.announcements(1), outcome);
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
  }

  /// Runs `action` while the committer's thread is held up, so that what it submits is one batch.
  private void whileCommitterWaits(Runnable action) throws InterruptedException {
    try (HeldCommitter _ = HeldCommitter.hold(stores.store().committer())) {
      action.run();
    }
  }
}
