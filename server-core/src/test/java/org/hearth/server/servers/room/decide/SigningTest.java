package org.hearth.server.servers.room.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventLinks;
import org.hearth.server.matrix.event.EventSigner;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.sign.SignatureVerdict;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.servers.room.shard.Signers;
import org.hearth.server.servers.room.state.StoredJson;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Events are signed off the shard's thread: what is stored and told is signed all the same.
@Tag("long")
final class SigningTest {
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final HeldSigner signer = new HeldSigner();
  private RunningRooms rooms;

  static List<RoomVersion> versions() {
    return RoomVersions.all();
  }

  /// Signs as the server does, unless it is told to fail or to wait.
  private static final class HeldSigner implements EventSigner {
    private final EventSigner signer =
        LocalEvents.signer(RunningRooms.SERVER, TestKeys.of(RunningRooms.SERVER));
    private final Set<String> threads = ConcurrentHashMap.newKeySet();
    private volatile boolean broken;
    private volatile CountDownLatch held = new CountDownLatch(0);
    private volatile CountDownLatch begun = new CountDownLatch(1);

    /// From now on signatures wait for [#release].
    void hold() {
      begun = new CountDownLatch(1);
      held = new CountDownLatch(1);
    }

    void release() {
      held.countDown();
    }

    @Override
    public ObjectNode sign(byte[] essentialBytes) {
      threads.add(Thread.currentThread().getName());
      begun.countDown();
      await(held);
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

  @BeforeEach
  void start() {
    rooms =
        new RunningRooms(
            stores.store(), new LocalEvents(RunningRooms.SERVER, signer, new Random(3)));
  }

  @AfterEach
  void stop() {
    signer.release();
    rooms.close();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void whatIsStoredAndToldIsSignedInItsOrder(RoomVersion version) {
    RoomId room = create(version);

    List<Reply<RoomReply>> replies = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      replies.add(rooms.send(room, message(room, "message " + i)));
    }
    replies.forEach(SigningTest::done);

    List<Pdu> told = told();
    assertThat(told).hasSize(302);
    assertThat(told).allSatisfy(event -> assertSigned(event, version));
    assertThat(told.stream().skip(2).map(each -> each.content().path("body").asText()))
        .containsExactlyElementsOf(numbered(300));
    for (int i = 1; i < told.size(); i++) {
      assertThat(told.get(i).prevEvents()).containsExactly(told.get(i - 1).eventId());
    }
    for (Pdu event : told) {
      byte[] stored = StoredJson.of(stores.store(), event.eventId());
      assertThat(stored).isEqualTo(event.canonicalBytes());
      assertSigned(Pdu.parse(stored, version), version);
    }
    assertThat(signer.threads).isNotEmpty().noneMatch(each -> each.startsWith("room-input"));
  }

  @Test
  void whatReplacesAnEventUnderWayIsToldWithItSigned() {
    RoomId room = create(RoomVersions.V12);
    signer.hold();
    StateKey name = StateKey.of("m.room.name");

    Reply<RoomReply> first =
        rooms.send(room, EventDraft.state(room, ALICE, name, object().put("name", "one")));
    Reply<RoomReply> second =
        rooms.send(room, EventDraft.state(room, ALICE, name, object().put("name", "two")));
    signer.release();
    done(first);
    done(second);

    RoomOutput.EventAdded last = (RoomOutput.EventAdded) rooms.told().getLast().entry();
    Pdu replaced = Objects.requireNonNull(last.replaces());
    assertThat(replaced.content().path("name").asText()).isEqualTo("one");
    assertSigned(replaced, RoomVersions.V12);
  }

  @Test
  void withoutItsSignatureAnEventIsNeitherAnsweredNorTold() {
    RoomId room = create(RoomVersions.V12);
    LogPosition before = stores.store().head();
    signer.hold();

    Reply<RoomReply> reply = rooms.send(room, message(room, "late"));
    await(signer.begun);

    assertThat(reply.isDone()).isFalse();
    assertThat(stores.store().head()).isEqualTo(before);
    signer.release();
    done(reply);
    assertThat(told().getLast().content().path("body").asText()).isEqualTo("late");
  }

  @Test
  void failedSignatureFailsTheUnitAndTheRoomGoesOn() {
    RoomId room = create(RoomVersions.V12);
    LogPosition before = stores.store().head();
    signer.broken = true;

    Reply<RoomReply> failed = rooms.send(room, message(room, "lost"));
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(() -> done(failed))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(StorageException.Reason.BAD_UNIT));
    assertThat(stores.store().head()).isEqualTo(before);
    signer.broken = false;
    done(rooms.send(room, message(room, "kept")));

    assertThat(told()).hasSize(3);
    assertThat(told().getLast().content().path("body").asText()).isEqualTo("kept");
    assertThat(told().getLast().prevEvents()).containsExactly(told().get(1).eventId());
  }

  @Test
  void whatFindsNoRoomIsLeftToTheCommitter() {
    List<Pdu> events = new ArrayList<>();
    signer.hold();
    LocalEvents local = new LocalEvents(RunningRooms.SERVER, signer, new Random(3));
    try (Signers signers = new Signers(1)) {
      for (int i = 0; i < 2_000; i++) {
        events.add(unsigned(local, i));
        signers.ahead(events.getLast());
      }

      assertThat(events).noneMatch(Pdu::isSigned);
      signer.release();
    }

    assertThat(events).allSatisfy(each -> assertThat(each.json().path("signatures")).isNotEmpty());
  }

  private static Pdu unsigned(LocalEvents local, int number) {
    return local.make(
        EventDraft.create(null, ALICE, object().put("room_version", "12").put("number", number)),
        new EventLinks(List.of(), List.of(), 1, number),
        RoomVersions.V12);
  }

  private RoomId create(RoomVersion version) {
    long now = System.currentTimeMillis();
    ObjectNode content = object().put("room_version", version.id()).put("creator", ALICE.value());
    RoomId room = RoomId.parse("!room:hearth.test");
    EventDraft create = EventDraft.create(room, ALICE, content);
    if (version.equals(RoomVersions.V12)) {
      create = EventDraft.create(null, ALICE, content);
      room = rooms.queries().newRoomId(version, create, now);
    }
    EventDraft join =
        EventDraft.state(
            room, ALICE, StateKey.member(ALICE.value()), object().put("membership", "join"));
    RoomReply reply =
        rooms.submit(new RoomInput.CreateRoom(room, version.id(), now, create, List.of(join)));
    assertThat(reply).isInstanceOf(RoomReply.Done.class);
    return room;
  }

  private static EventDraft message(RoomId room, String body) {
    return EventDraft.message(room, ALICE, "m.room.message", object().put("body", body));
  }

  private List<Pdu> told() {
    return rooms.told().stream()
        .map(Positioned::entry)
        .map(each -> ((RoomOutput.EventAdded) each).event())
        .toList();
  }

  private static void assertSigned(Pdu event, RoomVersion version) {
    var key = TestKeys.of(RunningRooms.SERVER);
    assertThat(
            EventSignatures.verify(
                event.json(),
                version,
                RunningRooms.SERVER,
                id -> id.equals(key.id()) ? Optional.of(key.verifyKey()) : Optional.empty()))
        .isEqualTo(new SignatureVerdict.Valid(Set.of(key.id())));
  }

  private static List<String> numbered(int count) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add("message " + i);
    }
    return texts;
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static void done(Reply<RoomReply> reply) {
    assertThat(RunningRooms.await(reply)).isInstanceOf(RoomReply.Done.class);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
