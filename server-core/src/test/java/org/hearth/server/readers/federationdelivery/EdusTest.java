package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.Presence;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.TestInternet.Asked;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is told that is no event.
@Timeout(180)
@Tag("long")
class EdusTest {
  private static final String BOB = DeliveryServer.user("bob", 1);
  private static final ServerName PEER = DeliveryServer.server(1);
  private static final UserId ALICE = DeliveryServer.alice();
  private static final String TAKEN = "{\"pdus\": {}}";

  @RegisterExtension final DeliveryServer server = new DeliveryServer();

  private final AtomicBoolean up = new AtomicBoolean(true);

  @BeforeEach
  void serve() {
    server.serve(
        1,
        (Asked _, OutputStream out) ->
            TestInternet.respond(out, up.get() ? 200 : 503, "", up.get() ? TAKEN : ""));
  }

  private void awaitIdle() {
    Eventually.until(
        "all is taken", () -> server.destination(PEER).state() == DestinationState.State.IDLE);
  }

  private void fail(RoomId room) {
    up.set(false);
    var _ = server.say(room, "which is not taken");
    awaitLeftAlone();
  }

  private void awaitLeftAlone() {
    Eventually.until(
        "it is left alone",
        () -> server.destination(PEER).state() == DestinationState.State.LEFT_ALONE);
  }

  /// When no attempt is under way: a sign of life during one that fails counts ten seconds later.
  private void comeBack() {
    awaitLeftAlone();
    up.set(true);
    server.federation().signOfLife(PEER);
    awaitIdle();
  }

  // --- typing

  @Test
  void whoTypesIsToldAndWhoStops() {
    RoomId room = server.room(BOB);

    server.types(room, ALICE, UserId.parse(BOB));
    Eventually.until("it is told", () -> server.edus(1, "m.typing").size() == 1);
    server.types(room, UserId.parse(BOB));
    Eventually.until("the end is told", () -> server.edus(1, "m.typing").size() == 2);

    assertThat(server.edus(1, "m.typing"))
        .containsExactly(
            DeliveryServer.json(
                "{'room_id':'%s','user_id':'%s','typing':true}".formatted(room, ALICE)),
            DeliveryServer.json(
                "{'room_id':'%s','user_id':'%s','typing':false}".formatted(room, ALICE)));
  }

  /// Other servers do not believe it for long; and each time it is another transaction, though it
  /// says the same.
  @Test
  void whoTypesForLongIsToldAgain() {
    RoomId room = server.room(BOB);

    server.types(room, ALICE);
    Eventually.until("it is told", () -> server.edus(1, "m.typing").size() == 1);
    server.advance(TypingReader.AGAIN);

    Eventually.until("it is told again", () -> server.edus(1, "m.typing").size() == 2);
    assertThat(server.sent(1)).extracting(Sent::id).doesNotHaveDuplicates();
  }

  @Test
  void whoTypesIsNotToldToWhoIsAway() throws Exception {
    RoomId room = server.room(BOB);
    fail(room);

    server.types(room, ALICE);
    server.types(room);
    var _ = server.say(room, "a message");
    server.awaitReaders();
    comeBack();

    assertThat(server.edus(1, "m.typing")).isEmpty();
  }

  // --- receipts

  @Test
  void publicReceiptsAreToldOnceTheLatestOfEachKind() {
    RoomId room = server.room(BOB);
    EventId one = server.say(room, "one");
    EventId two = server.say(room, "two");
    server.awaitEvent(1, two);
    awaitIdle();

    server.read(room, one, ReceiptType.READ, null);
    server.read(room, two, ReceiptType.READ, null);
    server.read(room, one, ReceiptType.READ, ReceiptOutput.MAIN);
    server.read(room, two, ReceiptType.READ_PRIVATE, null);
    server.advanceUntil(
        "it is told", Queues.COLLECTING, () -> server.edus(1, "m.receipt").size() >= 2);

    List<JsonNode> receipts = server.edus(1, "m.receipt");
    assertThat(receipts).hasSize(2);
    Map<String, String> read = new HashMap<>();
    for (JsonNode each : receipts) {
      JsonNode of = each.path(room.value());
      assertThat(of.properties()).extracting(Map.Entry::getKey).containsExactly("m.read");
      JsonNode receipt = of.path("m.read").path(ALICE.value());
      assertThat(receipt.path("data").path("ts").isIntegralNumber()).isTrue();
      assertThat(receipt.path("event_ids")).hasSize(1);
      read.put(
          receipt.path("data").path("thread_id").asText("none"),
          receipt.path("event_ids").path(0).asText());
    }
    assertThat(read).isEqualTo(Map.of("none", two.value(), "main", one.value()));
  }

  @Test
  void privateReceiptsAreNeverTold() {
    RoomId room = server.room(BOB);
    EventId one = server.say(room, "one");
    EventId two = server.say(room, "two");
    server.read(room, one, ReceiptType.READ_PRIVATE, null);
    server.read(room, one, ReceiptType.READ, null);
    server.advanceUntil(
        "the public one is told", Queues.COLLECTING, () -> !server.edus(1, "m.receipt").isEmpty());

    server.read(room, two, ReceiptType.READ_PRIVATE, null);
    server.awaitEvent(1, server.say(room, "three"));

    assertThat(server.sent(1))
        .allSatisfy(each -> assertThat(each.content().toString()).doesNotContain("m.read.private"));
    assertThat(server.edus(1, "m.receipt")).hasSize(1);
  }

  @Test
  void receiptsAreToldToWhoWasAwayAlsoAfterARestart() throws Exception {
    RoomId room = server.room(BOB);
    EventId one = server.say(room, "one");
    server.awaitEvent(1, one);
    awaitIdle();
    fail(room);
    server.read(room, one, ReceiptType.READ, null);
    server.awaitReaders();
    server.restart();

    comeBack();

    assertThat(server.edus(1, "m.receipt")).isNotEmpty();
  }

  /// A receipt of each thread is an EDU of its own, and a transaction has a hundred at most.
  @Test
  void receiptsOfManyThreadsAreAllTold() throws Exception {
    Map<RoomId, EventId> said = new LinkedHashMap<>();
    for (int i = 0; i < 14; i++) {
      RoomId room = server.room(BOB);
      said.put(room, server.say(room, "one"));
      server.awaitEvent(1, said.get(room));
    }
    awaitIdle();
    Set<String> read = new HashSet<>();
    said.forEach((room, event) -> {
      for (String thread : List.of("$one", "$two", "$three")) {
        server.read(room, event, ReceiptType.READ, thread);
        read.add(room.value() + thread);
      }
    });
    server.awaitReaders();

    server.advanceUntil("all are told", Queues.COLLECTING, () -> threadsRead().containsAll(read));
  }

  /// One user may have read more threads of a room than a transaction has place for.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void receiptsOfManyThreadsOfOneRoomAreAllTold(boolean restarted) throws Exception {
    RoomId room = server.room(BOB);
    EventId event = server.say(room, "one");
    server.awaitEvent(1, event);
    awaitIdle();
    fail(room);
    Set<String> read = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      server.read(room, event, ReceiptType.READ, "$thread" + i);
      read.add(room.value() + "$thread" + i);
    }
    server.awaitReaders();
    if (restarted) {
      server.restart();
    }

    comeBack();

    assertThat(threadsRead()).isEqualTo(read);
    server.advance(Checkpoints.PAUSE);
    Eventually.until("no row is left", () -> server.rows("delivery_debt") == 0);
  }

  private Set<String> threadsRead() {
    Set<String> read = new HashSet<>();
    for (JsonNode each : server.edus(1, "m.receipt")) {
      each.properties()
          .forEach(room ->
              read.add(
                  room.getKey()
                      + room.getValue()
                          .path("m.read")
                          .path(ALICE.value())
                          .path("data")
                          .path("thread_id")
                          .asText()));
    }
    return read;
  }

  // --- presence

  private PresenceOutput presence(Presence presence, PresenceOutput.Why why) {
    return new PresenceOutput(
        ALICE, presence, server.millis() - 5_000, presence == Presence.ONLINE, "here", why);
  }

  @Test
  void presenceIsToldToServersThatShareARoom() throws Exception {
    server.serve(2);
    var _ = server.room(BOB);

    server.presence(presence(Presence.UNAVAILABLE, PresenceOutput.Why.SEEN));
    server.presence(presence(Presence.ONLINE, PresenceOutput.Why.SAID));
    server.presence(presence(Presence.ONLINE, PresenceOutput.Why.ACTIVITY));
    server.awaitReaders();
    assertThat(server.destination(PEER).waiting()).isEqualTo(1);
    server.advance(Queues.COLLECTING);

    Eventually.until("it is told", () -> !server.edus(1, "m.presence").isEmpty());
    assertThat(server.edus(1, "m.presence"))
        .singleElement()
        .satisfies(each -> {
          assertThat(each.path("push")).hasSize(1);
          JsonNode one = each.path("push").path(0);
          assertThat(one.path("user_id").asText()).isEqualTo(ALICE.value());
          assertThat(one.path("presence").asText()).isEqualTo("online");
          assertThat(one.path("status_msg").asText()).isEqualTo("here");
          assertThat(one.path("currently_active").asBoolean()).isTrue();
          assertThat(one.path("last_active_ago").asLong()).isBetween(5_000L, 6_000L);
        });
    assertThat(server.sent(2)).isEmpty();
  }

  @Test
  void presenceIsNotToldToWhoIsAway() throws Exception {
    RoomId room = server.room(BOB);
    fail(room);

    server.presence(presence(Presence.ONLINE, PresenceOutput.Why.SAID));
    var _ = server.say(room, "a message");
    server.awaitReaders();
    comeBack();

    assertThat(server.edus(1, "m.presence")).isEmpty();
  }

  // --- devices

  @Test
  void messagesForDevicesAreToldOnceWithTheirIds() {
    server.announce(
        DeliveryServer.message(1, "one", DeliveryServer.json("{'body':'hello'}")),
        new DeviceOutput.MessageArrived(ALICE, DeliveryServer.device("PHONE")));

    Eventually.until("it is told", () -> !server.edus(1, "m.direct_to_device").isEmpty());
    awaitIdle();
    assertThat(server.edus(1, "m.direct_to_device"))
        .containsExactly(
            DeliveryServer.json(
                "{'sender':'%s','type':'m.test','message_id':'one','messages':{'%s':{'PHONE':{'body':'hello'}}}}"
                    .formatted(ALICE, BOB)));
    assertThat(server.rows("delivery_edu")).isZero();
  }

  @Test
  void messagesForDevicesAreNeverLost() throws Exception {
    up.set(false);
    server.announce(DeliveryServer.message(1, "one", DeliveryServer.json("{'n':1}")));
    Eventually.until("it is kept", () -> server.rows("delivery_edu") == 1);
    server.announce(DeliveryServer.message(1, "two", DeliveryServer.json("{'n':2}")));
    server.crash();
    server.announce(DeliveryServer.message(1, "three", DeliveryServer.json("{'n':3}")));
    Eventually.until("all are kept", () -> server.rows("delivery_edu") == 3);
    server.advance(Duration.ofDays(3));
    server.crash();

    int before = server.sent(1).size();
    comeBack();

    assertThat(
            server.sent(1).subList(before, server.sent(1).size()).stream()
                .flatMap(each -> each.edus("m.direct_to_device").stream())
                .map(each -> each.path("message_id").asText()))
        .contains("one", "two", "three");
    Eventually.until("no row is left", () -> server.rows("delivery_edu") == 0);
  }

  /// Row 83: no transaction is larger than the bound, whatever is sent to devices.
  @Test
  void largeMessagesAreSplitOverEdusAndTransactions() {
    Map<UserId, Map<String, ObjectNode>> messages = new LinkedHashMap<>();
    Map<String, ObjectNode> devices = new LinkedHashMap<>();
    for (int i = 0; i < 20; i++) {
      devices.put("D" + i, DeliveryServer.json("{}").put("body", "x".repeat(20_000)));
    }
    messages.put(UserId.parse(BOB), devices);
    server.announce(
        new DeviceOutput.MessagesSent(
            ALICE, PEER, "m.test", "an id of thirty-two characters!!", messages));
    for (int i = 0; i < 30; i++) {
      server.announce(
          DeliveryServer.message(
              1, "m" + i, DeliveryServer.json("{}").put("body", "y".repeat(60_000))));
    }

    Eventually.until(
        "all are told",
        () ->
            server.edus(1, "m.direct_to_device").stream()
                    .filter(each -> each.path("message_id").asText().startsWith("m"))
                    .count()
                == 30);
    awaitIdle();
    Set<String> told = new HashSet<>();
    Set<String> ids = new HashSet<>();
    for (JsonNode each : server.edus(1, "m.direct_to_device")) {
      each.path("messages").path(BOB).fieldNames().forEachRemaining(told::add);
      assertThat(ids.add(each.path("message_id").asText())).isTrue();
      assertThat(each.path("message_id").asText()).hasSizeLessThanOrEqualTo(32);
      assertThat(each.toString().length()).isLessThan(65_536);
    }
    assertThat(told).containsAll(devices.keySet());
    assertThat(server.internet().asked())
        .allSatisfy(
            each -> assertThat(each.body().length()).isLessThan((int) Composer.MOST_BYTES + 1_000));
    assertThat(server.sent(1))
        .allSatisfy(each ->
            assertThat(each.content().path("edus").size()).isLessThanOrEqualTo(Plan.MOST_EDUS));
  }

  /// What cannot be signed keeps nothing else from being sent.
  @Test
  void aMessageThatNoServerCouldCheckIsLeftOut() {
    server.announce(DeliveryServer.message(1, "bad", DeliveryServer.json("{'n':1.5}")));
    server.announce(DeliveryServer.message(1, "good", DeliveryServer.json("{'n':1}")));

    Eventually.until("it is told", () -> !server.edus(1, "m.direct_to_device").isEmpty());
    awaitIdle();
    assertThat(server.edus(1, "m.direct_to_device"))
        .extracting(each -> each.path("message_id").asText())
        .containsExactly("good");
  }

  @Test
  void changedDevicesAndKeysAreToldToServersThatShareARoom() {
    server.serve(2);
    var _ = server.room(BOB);

    server.announce(
        new DeviceOutput.DeviceListChanged(ALICE, DeliveryServer.device("PHONE"), 7, List.of(5L)),
        new DeviceOutput.SigningKeysChanged(ALICE),
        new DeviceOutput.RemoteDevicesChanged(UserId.parse(BOB)));

    Eventually.until("it is told", () -> !server.edus(1, "m.signing_key_update").isEmpty());
    assertThat(server.edus(1, "m.device_list_update"))
        .singleElement()
        .satisfies(each -> {
          assertThat(each.path("user_id").asText()).isEqualTo(ALICE.value());
          assertThat(each.path("device_id").asText()).isEqualTo("PHONE");
          assertThat(each.path("stream_id").asLong()).isEqualTo(7);
          assertThat(each.path("prev_id")).hasSize(1);
          // There is no such device.
          assertThat(each.path("deleted").asBoolean()).isTrue();
          assertThat(each.has("device_display_name")).isFalse();
        });
    assertThat(server.edus(1, "m.signing_key_update"))
        .singleElement()
        .satisfies(each -> assertThat(each.path("user_id").asText()).isEqualTo(ALICE.value()));
    assertThat(server.sent(2)).isEmpty();
  }

  /// Of a device the latest update is told: the receiver asks for the whole list at a gap.
  @Test
  void manyUpdatesOfADeviceAreOneRow() {
    RoomId room = server.room(BOB);
    fail(room);
    for (long i = 1; i <= 20; i++) {
      server.announce(
          new DeviceOutput.DeviceListChanged(
              ALICE, DeliveryServer.device("PHONE"), i, i == 1 ? List.of() : List.of(i - 1)));
    }
    server.announce(DeliveryServer.message(1, "last", DeliveryServer.json("{}")));
    Eventually.until("all are kept", () -> server.rows("delivery_edu") == 1);
    assertThat(server.rows("delivery_change")).isEqualTo(1);

    comeBack();

    assertThat(server.edus(1, "m.device_list_update"))
        .extracting(each -> each.path("stream_id").asLong())
        .containsExactly(20L);
  }

  private static DeviceOutput changed(String device, long stream) {
    return new DeviceOutput.DeviceListChanged(
        ALICE, DeliveryServer.device(device), stream, List.of());
  }

  private List<String> devicesTold() {
    return server.edus(1, "m.device_list_update").stream()
        .map(each -> each.path("device_id").asText())
        .distinct()
        .toList();
  }

  /// Who was not told before a crash is told after it: whether it was away for long, or was just
  /// about to be told.
  @Test
  void changesOfDevicesAreNeverLost() throws Exception {
    RoomId room = server.room(BOB);
    fail(room);
    server.announce(changed("ONE", 1));
    Eventually.until("it is kept", () -> server.rows("delivery_change") == 1);
    server.crash();
    server.announce(changed("TWO", 2));
    Eventually.until("both are kept", () -> server.rows("delivery_change") == 2);
    server.advance(Duration.ofDays(3));
    server.crash();
    server.announce(changed("THREE", 3));
    Eventually.until("all are kept", () -> server.rows("delivery_change") == 3);
    server.restart();

    comeBack();

    Eventually.until("all are told", () -> devicesTold().size() == 3);
    assertThat(devicesTold()).containsExactly("ONE", "TWO", "THREE");
    Eventually.until("no row is left", () -> server.rows("delivery_edu") == 0);
  }

  /// A user may have more devices than are looked at in one turn.
  @Test
  void allOfManyChangesAreTold() {
    RoomId room = server.room(BOB);
    fail(room);
    int many = 2 * DeviceChanges.MOST_AT_ONCE + 7;
    for (int i = 1; i <= many; i++) {
      server.announce(changed("D" + i, i));
    }
    Eventually.until("all are kept", () -> server.rows("delivery_change") == many);

    comeBack();

    Eventually.until("all are told", () -> devicesTold().size() == many);
  }

  /// Who shares no room any more when it has its turn is not told.
  @Test
  void whoSharesNoRoomAnyMoreIsNotTold() {
    RoomId room = server.room(BOB);
    fail(room);
    server.announce(changed("ONE", 1));
    Eventually.until("it is kept", () -> server.rows("delivery_change") == 1);
    var _ = server.change(room, BOB, Membership.BAN);

    comeBack();

    assertThat(devicesTold()).isEmpty();
  }

  @Test
  void messagesBeyondTheBoundRemoveTheOldest() throws Exception {
    DeliveryRows rows = new DeliveryRows(server.store().reads());
    up.set(false);
    for (int i = 0; i < 5; i++) {
      server.announce(DeliveryServer.message(1, "m" + i, DeliveryServer.json("{}")));
    }
    Eventually.until("all are kept", () -> server.rows("delivery_edu") == 5);

    assertThat(rows.messagesBeyond(PEER, 5)).isEmpty();
    List<DeliveryRows.Key> beyond = rows.messagesBeyond(PEER, 3);

    assertThat(beyond).hasSize(2);
    assertThat(rows.edus(PEER, 2)).extracting(DeliveryRows.Edu::key).isEqualTo(beyond);
  }
}
