package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.Derby;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Nobody waits for the committer for ever.
class PatienceTest {
  @TempDir private Path folder;
  private Opening.Opened opened;
  private Committer committer;
  private final Health health = new Health(new Derby(Path.of("none")));

  @BeforeEach
  void start() throws Exception {
    StoreExtension.layTables(folder);
    opened = new Opening(StoreOptions.of(folder).withMinimumFreeBytes(0), 1).open();
    committer = begin(Duration.ofMillis(200));
  }

  private Committer begin(Duration patience) {
    GroupCommit groupCommit =
        new GroupCommit(opened.derby(), health, opened.mark(), opened.head(), 1);
    Committer begun = new Committer(groupCommit, health, patience);
    begun.start();
    return begun;
  }

  @AfterEach
  void stop() throws Exception {
    committer.drainAndStop();
    opened.mark().close();
    opened.derby().shutDown();
  }

  @Test
  void connectionOfBeforeAReadOnlySpellIsNotUsedAfterIt() throws Exception {
    committer.drainAndStop();
    committer = begin(Duration.ofMinutes(1));
    var _ = committer.commit("before", List.of(), TestLogs.announcements(1));

    health.readOnly(Reason.DISK_FULL, "in this test");
    // As the keeper does when a connection does not open.
    opened.derby().shutDown();
    health.open();

    assertThat(committer.commit("after", List.of(), TestLogs.announcements(1)).value())
        .isEqualTo(opened.head().position() + 2);
    assertThat(health.isOpen()).isTrue();
  }

  @Test
  void commitThatDoesNotComeIsGivenUp() throws InterruptedException {
    try (HeldCommitter _ = HeldCommitter.hold(committer)) {
      assertThatThrownBy(() -> committer.commit("waiting", List.of(), List.of()))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BUSY))
          .hasMessageContaining("waiting");
    }
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void endOfACommitIsNotWaitedForForEver() throws InterruptedException {
    try (HeldCommitter _ = HeldCommitter.hold(committer)) {
      committer.submit(UnitOfWork.alone("waiting", List.of(), List.of()));

      committer.drainAndStop();

      assertThatThrownBy(() -> committer.submit(UnitOfWork.alone("late", List.of(), List.of())))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CLOSED));
    }
  }

  @Test
  void placeInAFullRingIsGivenUp() throws InterruptedException {
    try (HeldCommitter _ = HeldCommitter.hold(committer)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i <= Committer.CAPACITY; i++) {
                  committer.submit(UnitOfWork.alone("unit " + i, List.of(), List.of()));
                }
              })
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BUSY));
    }
    assertThat(committer.waits()).isEqualTo(1);
  }

  @Tag("long")
  @Test
  void aDatabaseThatHasEndedWithoutAWordIsAFailure() {
    readWhileTheDatabaseEnds(() -> {});

    assertThat(health.state())
        .isInstanceOfSatisfying(
            StoreState.Failed.class,
            failed -> assertThat(failed.detail()).contains("the database has ended"));
  }

  @Tag("long")
  @Test
  void aDatabaseThatWasOpenedAgainMeanwhileIsNone() {
    readWhileTheDatabaseEnds(health::open);

    assertThat(health.isOpen()).isTrue();
  }

  private void readWhileTheDatabaseEnds(Runnable after) {
    ReadPool reads = new ReadPool(opened.derby(), 1, Duration.ofSeconds(30), health);
    try {
      assertThatThrownBy(() ->
              reads.read(connection -> {
                opened.derby().shutDown();
                after.run();
                try (Statement statement = connection.createStatement()) {
                  return statement.executeUpdate("VALUES 1");
                }
              }))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FAILED));
    } finally {
      reads.close();
    }
  }
}
