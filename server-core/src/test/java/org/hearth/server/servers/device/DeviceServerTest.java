package org.hearth.server.servers.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.store.Journal;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.hearth.server.store.Unavailable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The Device Server on its own logs and a real database: its bounds, and what is repeated.
class DeviceServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int DEVICES = 200;
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final UserId CAROL = UserId.parse("@carol:hearth.test");
  private static final DeviceId PHONE = new DeviceId("D0");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private LogSet logs;
  private Inboxes inboxes;
  private LogWriter<DeviceInput, LogPosition> writer;

  @BeforeEach
  void start() {
    InstantSource clock = InstantSource.system();
    FailureHandling failures = new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock);
    inboxes = new Inboxes(stores.store().reads());
    DeviceServer server =
        new DeviceServer(
            new Accounts(stores.store().reads(), ServerName.parse("hearth.test")),
            new Keys(stores.store().reads()),
            inboxes,
            new Journal(stores.store(), clock).log(Logs.DEVICE_OUTPUT, failures),
            failures);
    writer = server.input().writer("test");
    logIn(BOB, 1);
    var _ = stores.store().committer().commit("test", List.of(device(ALICE, "SENDING")), List.of());
    logs = new LogSet(server.logs());
    logs.start(stores.store().head());
  }

  @AfterEach
  void stop() throws InterruptedException {
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();
  }

  /// Logs in a user's devices.
  private void logIn(UserId user, int devices) {
    List<RowChange> rows = new ArrayList<>();
    for (int i = 0; i < devices; i++) {
      rows.add(device(user, "D" + i));
    }
    var _ = stores.store().committer().commit("test", rows, List.of());
  }

  private static RowChange device(UserId user, String id) {
    return RowChange.of(
        new Table("device", "a test's", "the test"),
        "INSERT INTO device (user_id, device_id, created_millis) VALUES (?, ?, 1)",
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, id);
        });
  }

  private static ObjectNode content(int number) {
    return JsonNodeFactory.instance.objectNode().put("n", number);
  }

  private Reply<LogPosition> submit(
      String transaction, Map<UserId, Map<String, ObjectNode>> messages) throws Exception {
    return writer.submit(
        new DeviceInput.SendMessages(ALICE, "SENDING", "m.test", transaction, messages), PATIENCE);
  }

  private Reply<LogPosition> send(int number) throws Exception {
    return submit("txn" + number, Map.of(BOB, Map.of(PHONE.value(), content(number))));
  }

  private List<Integer> inbox() {
    return inboxes
        .messages(BOB, PHONE, LogPosition.ORIGIN, new LogPosition(Long.MAX_VALUE), 1_000_000)
        .stream()
        .map(each -> each.content().path("n").intValue())
        .toList();
  }

  private long rows(String table) {
    return stores
        .store()
        .reads()
        .select("SELECT COUNT(*) FROM " + table, row -> row.getLong(1))
        .getFirst();
  }

  @Test
  void aSilentDevicesInboxAndWhatIsKnownOfTransactionsHaveABound() throws Exception {
    List<Reply<LogPosition>> replies = new ArrayList<>();
    for (int i = 0; i < Inboxes.MOST_MESSAGES; i++) {
      replies.add(send(i));
    }
    for (Reply<LogPosition> each : replies) {
      var _ = each.await(PATIENCE);
    }
    int last = Inboxes.MOST_MESSAGES + 20;
    for (int i = Inboxes.MOST_MESSAGES; i <= last; i++) {
      var _ = send(i).await(PATIENCE);
    }

    List<Integer> kept = inbox();
    assertThat(kept)
        .hasSizeLessThanOrEqualTo(Inboxes.MOST_MESSAGES)
        .hasSizeGreaterThan(Inboxes.MOST_MESSAGES * 8 / 10)
        .isSorted()
        .doesNotHaveDuplicates()
        .endsWith(last);
    assertThat(kept.getFirst()).as("the oldest go").isEqualTo(last - kept.size() + 1);
    assertThat(rows("device_transaction")).isLessThanOrEqualTo(Inboxes.MOST_TRANSACTIONS);
    var _ = send(last).await(PATIENCE);
    assertThat(inbox()).as("a late transaction is known").hasSameSizeAs(kept);
  }

  @Test
  void oneCallSendsABoundedNumberOfMessages() throws Exception {
    int users = DeviceServer.MOST_MESSAGES_A_CALL / DEVICES;
    Map<UserId, Map<String, ObjectNode>> messages = new LinkedHashMap<>();
    for (int i = 0; i < users; i++) {
      UserId user = UserId.parse("@user%d:hearth.test".formatted(i));
      logIn(user, DEVICES);
      messages.put(user, Map.of("*", content(i)));
    }
    var _ = submit("most", messages).await(PATIENCE);
    assertThat(rows("device_message")).isEqualTo(DeviceServer.MOST_MESSAGES_A_CALL);

    messages.put(BOB, Map.of(PHONE.value(), content(0)));
    Reply<LogPosition> reply = submit("more", messages);

    assertThatThrownBy(() -> reply.await(PATIENCE))
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.errcode()).isEqualTo("M_TOO_LARGE"));
    assertThat(rows("device_message")).isEqualTo(DeviceServer.MOST_MESSAGES_A_CALL);
    assertThat(inbox()).isEmpty();
  }

  @Test
  void oneCallSendsABoundedNumberOfBytesToAllDevicesTogether() throws Exception {
    ObjectNode large = JsonNodeFactory.instance.objectNode().put("a", "x".repeat(60 << 10));
    int some = DeviceServer.MOST_BYTES_A_CALL / (60 << 10);
    assertThat(some).isLessThan(DEVICES);
    logIn(CAROL, DEVICES);

    Reply<LogPosition> reply = submit("large", Map.of(CAROL, Map.of("*", large)));

    assertThatThrownBy(() -> reply.await(PATIENCE))
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.errcode()).isEqualTo("M_TOO_LARGE"));
    assertThat(rows("device_message")).isZero();
    var _ = submit("large", Map.of(BOB, Map.of(PHONE.value(), large))).await(PATIENCE);
    assertThat(rows("device_message")).as("what was refused may be sent smaller").isEqualTo(1);
  }

  @Test
  void aTransactionThatIsRepeatedWhileItIsUnderWaySendsOnce() throws Exception {
    List<Reply<LogPosition>> replies = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      replies.add(send(i));
      replies.add(send(i));
      replies.add(send(i));
    }
    for (Reply<LogPosition> each : replies) {
      var _ = each.await(PATIENCE);
    }

    assertThat(inbox()).hasSize(50).isSorted().doesNotHaveDuplicates();
  }
}
