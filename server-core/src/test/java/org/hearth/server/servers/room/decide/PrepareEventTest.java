package org.hearth.server.servers.room.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventSigner;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.sign.SignatureVerdict;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Events that are made and not added: templates for others, and what others have to sign first.
@Tag("long")
final class PrepareEventTest {
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final UserId ANN = UserId.parse("@ann:hearth.test");
  private static final UserId BOB = UserId.parse("@bob:b.example");
  private static final RoomId OTHER = RoomId.parse("!other:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final Signer signer = new Signer();
  private RunningRooms rooms;

  /// Signs as the server does, once it may, unless it is broken then.
  private static final class Signer implements EventSigner {
    private final EventSigner signer =
        LocalEvents.signer(RunningRooms.SERVER, TestKeys.of(RunningRooms.SERVER));
    private volatile CountDownLatch held = new CountDownLatch(0);
    private volatile boolean broken;

    @Override
    public ObjectNode sign(byte[] essentialBytes) {
      try {
        held.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (broken) {
        throw new IllegalStateException("no signature today");
      }
      return signer.sign(essentialBytes);
    }

    @Override
    public int signaturesBytes() {
      return signer.signaturesBytes();
    }
  }

  static List<RoomVersion> versions() {
    return RoomVersions.all();
  }

  static List<RoomVersion> versionsWithRestrictedJoins() {
    return RoomVersions.all().stream().filter(v -> v.has(RoomRule.RESTRICTED_JOINS)).toList();
  }

  @BeforeEach
  void start() {
    rooms =
        new RunningRooms(
            stores.store(), new LocalEvents(RunningRooms.SERVER, signer, new Random(3)));
  }

  @AfterEach
  void stop() {
    signer.held.countDown();
    rooms.close();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void theJoinOfSomebodyElsewhereIsATemplateThatNobodyHasSigned(RoomVersion version) {
    RoomId room = create(version, joinRule("public"));
    LogPosition before = stores.store().head();

    Pdu template = prepared(new RoomInput.PrepareEvent(room, join(room, BOB)));

    assertThat(template.version()).isEqualTo(version);
    assertThat(template.roomId()).isEqualTo(room);
    assertThat(template.sender()).isEqualTo(BOB);
    assertThat(template.stateKey()).contains(BOB.value());
    assertThat(template.prevEvents()).isEqualTo(rooms.queries().forwardExtremities(room));
    assertThat(template.authEvents()).isNotEmpty();
    assertThat(template.json().path("signatures")).isEmpty();
    assertThat(stores.store().head()).isEqualTo(before);
    assertThat(rooms.queries().membership(room, BOB)).isEmpty();
    assertThat(rooms.queries().event(template.eventId())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void whatIsOursIsSignedAndMayComeIntoTheRoomLater(RoomVersion version) {
    RoomId room = create(version);
    EventDraft invite =
        EventDraft.state(
            room, ALICE, StateKey.member(BOB.value()), object().put("membership", "invite"));

    Pdu event = prepared(new RoomInput.PrepareEvent(room, invite));

    var key = TestKeys.of(RunningRooms.SERVER);
    assertThat(
            EventSignatures.verify(
                event.json(),
                version,
                RunningRooms.SERVER,
                id -> id.equals(key.id()) ? Optional.of(key.verifyKey()) : Optional.empty()))
        .isEqualTo(new SignatureVerdict.Valid(Set.of(key.id())));
    assertThat(rooms.queries().membership(room, BOB)).isEmpty();
    assertThat(rooms.live(event).of(event.eventId())).isEqualTo(new EventVerdict.Accepted());
    assertThat(rooms.queries().membership(room, BOB)).isPresent();
  }

  @Test
  void whatTheRulesForbidIsNotMade() {
    RoomId room = create(RoomVersions.V12);

    assertThat(refused(new RoomInput.PrepareEvent(room, join(room, BOB))).refusal())
        .isEqualTo(Refusal.FORBIDDEN);
    assertThat(refused(new RoomInput.PrepareEvent(OTHER, join(OTHER, BOB))).refusal())
        .isEqualTo(Refusal.UNKNOWN_ROOM);
    ObjectNode wrong = object().put("membership", "join").put("number", 0.5);
    assertThat(
            refused(
                    new RoomInput.PrepareEvent(
                        room, EventDraft.state(room, BOB, StateKey.member(BOB.value()), wrong)))
                .refusal())
        .isEqualTo(Refusal.BAD_CONTENT);
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void whoAuthorisesTheJoinOfARestrictedRoomIsNamed(RoomVersion version) {
    RoomId room = create(version, restricted());

    Pdu template = prepared(new RoomInput.PrepareEvent(room, join(room, BOB), OTHER));

    assertThat(template.content().path("join_authorised_via_users_server").asText())
        .isEqualTo(ALICE.value());
    // Without that room the join is nobody's to authorise.
    assertThat(refused(new RoomInput.PrepareEvent(room, join(room, BOB))).refusal())
        .isEqualTo(Refusal.FORBIDDEN);
    RoomId third = RoomId.parse("!third:hearth.test");
    assertThat(refused(new RoomInput.PrepareEvent(room, join(room, BOB), third)).refusal())
        .isEqualTo(Refusal.FORBIDDEN);
  }

  @Test
  void nobodyHereMayAuthoriseTheJoin() {
    RoomId room = create(RoomVersions.V10, joinRule("public"));
    done(rooms.send(room, join(room, ANN)));
    done(
        rooms.send(
            room,
            state(
                room,
                "m.room.power_levels",
                "{\"invite\": 60, \"users\": {\"%s\": 100}}".formatted(ALICE))));
    done(rooms.send(room, restricted().in(room)));
    assertThat(prepared(new RoomInput.PrepareEvent(room, join(room, BOB), OTHER)).content())
        .hasSize(2);
    done(
        rooms.send(
            room,
            EventDraft.state(
                room, ALICE, StateKey.member(ALICE.value()), object().put("membership", "leave"))));

    assertThat(refused(new RoomInput.PrepareEvent(room, join(room, BOB), OTHER)).refusal())
        .isEqualTo(Refusal.UNABLE_TO_AUTHORISE_JOIN);
  }

  /// It fails if it was built upon what is lost; when the shard comes to it later, it is not.
  private void assertFailsOrStandsOnWhatIsThere(Reply<RoomReply> template, RoomId room) {
    RoomReply reply;
    try {
      reply = RunningRooms.await(template);
    } catch (StorageException _) {
      return;
    }
    assertThat(reply)
        .isInstanceOfSatisfying(
            RoomReply.Prepared.class,
            each ->
                assertThat(each.event().prevEvents())
                    .isEqualTo(rooms.queries().forwardExtremities(room)));
  }

  @Test
  void nothingIsGivenAwayThatRefersToWhatWasNeverCommitted() {
    RoomId room = create(RoomVersions.V12, joinRule("public"));
    signer.held = new CountDownLatch(1);
    signer.broken = true;
    EventDraft message =
        EventDraft.message(room, ALICE, "m.room.message", object().put("body", "lost"));

    Reply<RoomReply> lost = rooms.send(room, message);
    Reply<RoomReply> template = rooms.submitted(new RoomInput.PrepareEvent(room, join(room, BOB)));
    signer.held.countDown();

    assertThatExceptionOfType(StorageException.class).isThrownBy(() -> RunningRooms.await(lost));
    signer.broken = false;
    assertFailsOrStandsOnWhatIsThere(template, room);
    assertThat(prepared(new RoomInput.PrepareEvent(room, join(room, BOB))).prevEvents())
        .isEqualTo(rooms.queries().forwardExtremities(room));
  }

  private Pdu prepared(RoomInput.PrepareEvent command) {
    RoomReply reply = rooms.submit(command);
    assertThat(reply).isInstanceOf(RoomReply.Prepared.class);
    return ((RoomReply.Prepared) reply).event();
  }

  private RoomReply.Refused refused(RoomInput.PrepareEvent command) {
    RoomReply reply = rooms.submit(command);
    assertThat(reply).isInstanceOf(RoomReply.Refused.class);
    return (RoomReply.Refused) reply;
  }

  /// A state event of Alice's for whatever room.
  private interface Rule {
    EventDraft in(RoomId room);
  }

  private static Rule joinRule(String rule) {
    return room -> state(room, "m.room.join_rules", "{\"join_rule\": \"%s\"}".formatted(rule));
  }

  private static Rule restricted() {
    return room ->
        state(
            room,
            "m.room.join_rules",
            """
            {"join_rule": "restricted",
             "allow": [{"type": "m.room_membership", "room_id": "%s"}]}
            """
                .formatted(OTHER));
  }

  private RoomId create(RoomVersion version, Rule... rules) {
    long now = System.currentTimeMillis();
    ObjectNode content = object().put("room_version", version.id()).put("creator", ALICE.value());
    RoomId room = RoomId.parse("!room:hearth.test");
    EventDraft create = EventDraft.create(room, ALICE, content);
    if (version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      create = EventDraft.create(null, ALICE, content);
      room = rooms.queries().newRoomId(version, create, now);
    }
    List<EventDraft> events = new ArrayList<>();
    events.add(join(room, ALICE));
    for (Rule each : rules) {
      events.add(each.in(room));
    }
    assertThat(rooms.submit(new RoomInput.CreateRoom(room, version.id(), now, create, events)))
        .isInstanceOf(RoomReply.Done.class);
    return room;
  }

  private static EventDraft join(RoomId room, UserId user) {
    return EventDraft.state(
        room, user, StateKey.member(user.value()), object().put("membership", "join"));
  }

  private static EventDraft state(RoomId room, String type, String content) {
    return EventDraft.state(room, ALICE, StateKey.of(type), RoomFixture.json(content));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static void done(Reply<RoomReply> reply) {
    assertThat(RunningRooms.await(reply)).isInstanceOf(RoomReply.Done.class);
  }
}
