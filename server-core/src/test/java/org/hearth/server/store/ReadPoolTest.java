package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.hearth.server.store.StorageException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ReadPoolTest {
  @RegisterExtension
  final StoreExtension stores =
      new StoreExtension(options -> options.withReaders(1, Duration.ofMillis(250)));

  @Test
  void connectionCannotWrite() {
    Rows.create(stores.store());

    assertThatThrownBy(() ->
            stores
                .store()
                .reads()
                .read(connection -> {
                  try (Statement statement = connection.createStatement()) {
                    return statement.executeUpdate("DELETE FROM test_row");
                  }
                }))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_QUERY));
  }

  @Test
  void connectionReadsWhatIsCommitted() {
    int isolation = stores.store().reads().read(Connection::getTransactionIsolation);

    assertThat(isolation).isEqualTo(Connection.TRANSACTION_READ_COMMITTED);
  }

  @Test
  void wrongQueryIsToldFromABrokenStore() {
    assertThatThrownBy(() ->
            stores
                .store()
                .reads()
                .read(connection -> connection.prepareStatement("SELECT nothing FROM nowhere")))
        .isInstanceOfSatisfying(
            StorageException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.BAD_QUERY);
              assertThat(e.isUnavailable()).isFalse();
            });
    assertThat(stores.store().state()).isEqualTo(new StoreState.Open());
  }

  @Test
  void aRowThatCannotBeReadIsLeftOut() {
    Store store = stores.store();
    Rows.create(store);
    store
        .committer()
        .commit(
            "test",
            List.of(Rows.insert("1", 0), Rows.insert("damaged", 1), Rows.insert("3", 2)),
            List.of());

    assertThat(
            store
                .reads()
                .selectReadable(
                    "SELECT name FROM test_row ORDER BY name",
                    _ -> {},
                    row -> Integer.parseInt(row.getString(1))))
        .containsExactly(1, 3);
  }

  @Test
  void rowsOfOneStatementComeInTheirOrderWithTheirValuesBound() {
    Store store = stores.store();
    Rows.create(store);
    store
        .committer()
        .commit(
            "test",
            List.of(Rows.insert("a", 0), Rows.insert("b", 1), Rows.insert("c", 2)),
            List.of());
    ReadPool reads = store.reads();
    String after = "SELECT name FROM test_row WHERE name > ? ORDER BY name DESC";

    assertThat(reads.select("SELECT name FROM test_row ORDER BY name", row -> row.getString(1)))
        .containsExactly("a", "b", "c");
    assertThat(reads.select(after, values -> values.setString(1, "a"), row -> row.getString(1)))
        .containsExactly("c", "b");
    assertThat(reads.first(after, values -> values.setString(1, "a"), row -> row.getString(1)))
        .contains("c");
    assertThat(reads.first(after, values -> values.setString(1, "c"), row -> row.getString(1)))
        .isEmpty();
  }

  @Test
  void whoFindsNoConnectionWithinTheDeadlineIsTold() throws InterruptedException {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    Thread slow =
        Thread.ofVirtual()
            .start(() ->
                stores
                    .store()
                    .reads()
                    .read(_ -> {
                      reading.countDown();
                      await(released);
                      return 0;
                    }));
    reading.await();

    assertThatThrownBy(() -> stores.store().reads().read(Connection::getAutoCommit))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BUSY));
    released.countDown();
    slow.join();
    assertThat(stores.store().reads().read(Connection::getAutoCommit)).isFalse();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
