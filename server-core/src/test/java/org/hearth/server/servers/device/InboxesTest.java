package org.hearth.server.servers.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What is under way to a device, or from it, while it is removed.
class InboxesTest {
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final DeviceRows.Key PHONE = new DeviceRows.Key("@alice:hearth.test", "PHONE");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private void commit(RowChange... rows) {
    var _ = stores.store().committer().commit("test", List.of(rows), List.of());
  }

  private static RowChange logIn() {
    return RowChange.of(
        new Table("device", "a test's", "the test"),
        "INSERT INTO device (user_id, device_id, created_millis) VALUES (?, ?, 0)",
        (statement, _) -> {
          statement.setString(1, PHONE.user());
          statement.setString(2, PHONE.device());
        });
  }

  private static RowChange message() {
    return message(0);
  }

  private static RowChange message(int index) {
    return Inboxes.insert(PHONE, BOB, "m.test", "{}".getBytes(StandardCharsets.UTF_8), index);
  }

  private static Inboxes.Transaction transaction(String device) {
    return new Inboxes.Transaction(new DeviceRows.Key(PHONE.user(), device), "m.test", "1");
  }

  private int messages() {
    return stores
        .store()
        .reads()
        .select("SELECT 1 FROM device_message", row -> row.getInt(1))
        .size();
  }

  @Test
  void messagesAndTransactionsOfADeviceThatIsThereAreKept() {
    commit(logIn());

    commit(message(), Inboxes.insert(transaction(PHONE.device())));

    assertThat(messages()).isOne();
    assertThat(new Inboxes(stores.store().reads()).isDone(transaction(PHONE.device()))).isTrue();
  }

  @Test
  void nothingIsKeptOfADeviceThatIsGone() {
    commit(message(), Inboxes.insert(transaction(PHONE.device())));

    assertThat(messages()).isZero();
    assertThat(new Inboxes(stores.store().reads()).isDone(transaction(PHONE.device()))).isFalse();
  }

  @Test
  void transactionsOfATokenWithoutADeviceAreKept() {
    commit(Inboxes.insert(transaction("")));

    assertThat(new Inboxes(stores.store().reads()).isDone(transaction(""))).isTrue();
  }

  /// What asks for a page waits for news if there is nothing in it.
  @Test
  void aPageOfNothingButDamagedMessagesIsPassed() {
    commit(logIn());
    commit(message(0), message(1), message(2), message(3));
    commit(damage("position < (SELECT MAX(position) FROM device_message)"));

    DeviceMessages found = page();
    assertThat(found.list()).hasSize(1);
    assertThat(found.last()).isEqualTo(found.list().getFirst().position());
    assertThat(found.areAll()).isTrue();

    commit(damage("1 = 1"));
    assertThat(page()).isEqualTo(new DeviceMessages(List.of(), found.last(), true));
  }

  private static RowChange damage(String which) {
    return RowChange.of(
        Inboxes.MESSAGE,
        "UPDATE device_message SET content = CAST(X'7B7B' AS BLOB) WHERE " + which,
        (_, _) -> {});
  }

  private DeviceMessages page() {
    return new Inboxes(stores.store().reads())
        .messages(
            UserId.parse(PHONE.user()),
            new DeviceId(PHONE.device()),
            LogPosition.ORIGIN,
            new LogPosition(Long.MAX_VALUE),
            1);
  }
}
