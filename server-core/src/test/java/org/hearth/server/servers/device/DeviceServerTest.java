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
import java.util.Random;
import java.util.SplittableRandom;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.store.Journal;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.hearth.server.store.Unavailable;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The Device Server on its own logs and a real database: its bounds, and what is repeated.
@Tag("long")
class DeviceServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int DEVICES = 200;
  private static final ServerName HERE = ServerName.parse("hearth.test");
  private static final UserId DAVE = UserId.parse("@dave:peer.test");
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
    Journal journal = new Journal(stores.store(), clock);
    RoomServer rooms =
        new RoomServer(
            stores.store(),
            HERE,
            TestKeys.of(HERE),
            clock,
            new SplittableRandom(1),
            RoomServerOptions.standard());
    DeviceServer server =
        new DeviceServer(
            new DeviceServer.Needs(
                HERE,
                stores.store(),
                new Accounts(stores.store().reads(), HERE),
                new Keys(stores.store().reads()),
                rooms.queries(),
                rooms.peerQueries(),
                inboxes,
                new RemoteDevices(stores.store().reads()),
                new Random(1)),
            new DeviceServer.Followed(
                journal.log(Logs.ACCOUNT_OUTPUT, failures).output(), rooms.output()),
            journal.log(Logs.DEVICE_OUTPUT, failures),
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
        .list()
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

  /// What is counted for a call that is refused is not stored, and what was to make place for it
  /// does not go.
  @Test
  void aCallThatIsRefusedLeavesTheBoundOfAnInboxWhereItIs() throws Exception {
    List<Reply<LogPosition>> replies = new ArrayList<>();
    for (int i = 0; i < Inboxes.MOST_MESSAGES; i++) {
      replies.add(send(i));
    }
    for (Reply<LogPosition> each : replies) {
      var _ = each.await(PATIENCE);
    }
    logIn(CAROL, DEVICES);
    Map<UserId, Map<String, ObjectNode>> tooMuch = new LinkedHashMap<>();
    tooMuch.put(BOB, Map.of(PHONE.value(), content(-1)));
    tooMuch.put(CAROL, Map.of("*", content(0).put("a", "x".repeat(60 << 10))));

    for (int i = 0; i < 3; i++) {
      Reply<LogPosition> refused = submit("refused" + i, tooMuch);
      assertThatThrownBy(() -> refused.await(PATIENCE)).isInstanceOf(MatrixException.class);
    }
    for (int i = 0; i < 20; i++) {
      var _ = send(Inboxes.MOST_MESSAGES + i).await(PATIENCE);
    }

    assertThat(inbox()).hasSizeLessThanOrEqualTo(Inboxes.MOST_MESSAGES);
  }

  @Test
  void aSilentDevicesInboxHasABoundInBytes() throws Exception {
    int messageBytes = 60 << 10;
    int many = 2 * Inboxes.MOST_MESSAGE_BYTES / messageBytes;
    for (int i = 0; i < many; i++) {
      ObjectNode content = content(i).put("a", "x".repeat(messageBytes));
      var _ = submit("txn" + i, Map.of(BOB, Map.of(PHONE.value(), content))).await(PATIENCE);
    }

    long bytes =
        stores
            .store()
            .reads()
            .select("SELECT SUM(LENGTH(content)) FROM device_message", row -> row.getLong(1))
            .getFirst();
    assertThat(bytes)
        .isLessThanOrEqualTo(Inboxes.MOST_MESSAGE_BYTES)
        .isGreaterThan(Inboxes.MOST_MESSAGE_BYTES / 2);
    DeviceMessages first =
        inboxes.messages(
            BOB, PHONE, LogPosition.ORIGIN, new LogPosition(Long.MAX_VALUE), 1_000_000);
    assertThat(first.areAll()).isFalse();
    assertThat(first.list()).hasSize(DeviceQueries.MOST_BYTES / messageBytes + 1);
  }

  /// What was announced, of that kind.
  private <E> List<E> told(Class<E> kind) {
    return stores
        .store()
        .reads()
        .select(
            "SELECT codec_version, entry FROM journal WHERE log = 'device-output' ORDER BY"
                + " position",
            row -> Logs.DEVICE_OUTPUT.codec().decode(row.getInt(1), row.getBytes(2)))
        .stream()
        .filter(kind::isInstance)
        .map(kind::cast)
        .toList();
  }

  @Test
  void messagesToUsersElsewhereGoOutOnceInEdusOfTheirSize() throws Exception {
    Map<String, ObjectNode> devices = new LinkedHashMap<>();
    for (int i = 0; i < 10; i++) {
      devices.put("D" + i, content(i).put("a", "x".repeat(20 << 10)));
    }
    UserId erin = UserId.parse("@erin:other.test");
    Map<UserId, Map<String, ObjectNode>> messages = new LinkedHashMap<>();
    messages.put(BOB, Map.of("*", content(7)));
    messages.put(DAVE, devices);
    messages.put(erin, Map.of("*", content(8)));

    var _ = submit("txn", messages).await(PATIENCE);
    var _ = submit("txn", messages).await(PATIENCE);

    List<DeviceOutput.MessagesSent> sent = told(DeviceOutput.MessagesSent.class);
    assertThat(sent)
        .allSatisfy(each -> {
          assertThat(each.user()).isEqualTo(ALICE);
          assertThat(each.type()).isEqualTo("m.test");
          assertThat(each.messageId()).hasSizeBetween(1, 32);
          assertThat(each.messages().keySet()).allMatch(user -> user.isOn(each.server()));
          assertThat(new Edu(each).bytes()).isLessThan(64 << 10);
        });
    assertThat(sent).extracting(DeviceOutput.MessagesSent::messageId).doesNotHaveDuplicates();
    Map<String, ObjectNode> together = new LinkedHashMap<>();
    sent.stream()
        .filter(each -> each.server().equals(DAVE.server()))
        .forEach(each -> together.putAll(each.messages().getOrDefault(DAVE, Map.of())));
    assertThat(together).isEqualTo(devices);
    assertThat(sent)
        .filteredOn(each -> each.server().equals(erin.server()))
        .singleElement()
        .satisfies(
            each -> assertThat(each.messages()).isEqualTo(Map.of(erin, Map.of("*", content(8)))));
    assertThat(inbox()).containsExactly(7);
  }

  /// What an EDU with that takes.
  private record Edu(DeviceOutput.MessagesSent entry) {
    int bytes() {
      return Logs.DEVICE_OUTPUT.codec().encode(entry).length;
    }
  }

  @Test
  void aMessageThatDoesNotFitIntoAnEduIsRefused() {
    ObjectNode large = content(1).put("a", "x".repeat(Elsewhere.MOST_EDU_BYTES));

    assertThatThrownBy(() -> submit("txn", Map.of(DAVE, Map.of("*", large))).await(PATIENCE))
        .isInstanceOfSatisfying(
            MatrixException.class, e -> assertThat(e.errcode()).isEqualTo("M_TOO_LARGE"));
    assertThat(told(DeviceOutput.MessagesSent.class)).isEmpty();
  }

  private Reply<LogPosition> receive(
      UserId from, String id, Map<UserId, Map<String, ObjectNode>> messages) throws Exception {
    return writer.submit(new DeviceInput.ReceiveMessages(from, id, "m.test", messages), PATIENCE);
  }

  @Test
  void aMessageOfAnotherServerIsGivenToDevicesOnce() throws Exception {
    logIn(CAROL, 3);
    Map<UserId, Map<String, ObjectNode>> messages =
        Map.of(BOB, Map.of(PHONE.value(), content(1)), CAROL, Map.of("*", content(2)));

    Reply<LogPosition> first = receive(DAVE, "m1", messages);
    Reply<LogPosition> atOnce = receive(DAVE, "m1", messages);
    var _ = first.await(PATIENCE);
    var _ = atOnce.await(PATIENCE);
    var _ = receive(DAVE, "m1", messages).await(PATIENCE);
    // The id is the server's: another one has its own.
    var _ =
        receive(
                UserId.parse("@dave:other.test"),
                "m1",
                Map.of(BOB, Map.of(PHONE.value(), content(3))))
            .await(PATIENCE);

    assertThat(inbox()).containsExactly(1, 3);
    assertThat(rows("device_message")).isEqualTo(2 + 3);
    assertThat(told(DeviceOutput.MessageArrived.class)).hasSize(2 + 3);
  }

  /// Row 44: nothing is stored for whom is not here.
  @Test
  void messagesOfAnotherServerToNobodyLeaveNothing() throws Exception {
    List<Reply<LogPosition>> replies = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      UserId nobody = UserId.parse("@nobody%d:hearth.test".formatted(i));
      UserId third = UserId.parse("@user:third.test");
      replies.add(
          receive(
              DAVE,
              "m" + i,
              Map.of(
                  nobody, Map.of("*", content(i)),
                  third, Map.of("*", content(i)),
                  BOB, Map.of("NONE", content(i)))));
    }
    for (Reply<LogPosition> each : replies) {
      var _ = each.await(PATIENCE);
    }

    assertThat(rows("device_message")).isZero();
    assertThat(rows("device_message_received")).isZero();
    assertThat(rows("journal")).isZero();
  }

  /// Row 43.
  @Test
  void nobodyElseSpeaksForUsersOfThisServer() {
    assertThatThrownBy(
            () -> receive(ALICE, "m1", Map.of(BOB, Map.of("*", content(1)))).await(PATIENCE))
        .isInstanceOf(MatrixException.class);
    assertThatThrownBy(() ->
            writer
                .submit(
                    new DeviceInput.ReceiveDeviceUpdate(BOB, PHONE, 1, List.of(), true, null, null),
                    PATIENCE)
                .await(PATIENCE))
        .isInstanceOf(MatrixException.class);
    assertThat(inbox()).isEmpty();
  }

  @Test
  void whatIsKnownOfMessagesOfOtherServersHasABound() {
    ReceivedIds ids = new ReceivedIds(stores.store().reads(), 20, 50);
    for (int server = 0; server < 10; server++) {
      ServerName name = ServerName.parse("s%d.test".formatted(server));
      for (int i = 0; i < 30; i++) {
        List<RowChange> rows = ids.add(new ReceivedIds.Id(name, "m" + i));
        UnitOwner owner = new UnitOwner("test");
        stores
            .store()
            .committer()
            .commit(
                new UnitOfWork(owner, owner.generation(), rows, 1, List.of(), Outcome.ignored()));
      }
      assertThat(ids.isKnown(new ReceivedIds.Id(name, "m29"))).isTrue();
      assertThat(ids.isKnown(new ReceivedIds.Id(name, "m0"))).isFalse();
    }

    assertThat(rows("device_message_received")).isBetween(20L, 50L);
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
