package org.hearth.server.writers.federationmembership.joining;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.A;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.B;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.DAVE;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Rows 1, 3 and 4 of what other servers were attacked by: a resident that would have this server
/// sign something else, or take in what is not the room's.
@Timeout(120)
@Tag("long")
class HostileResidentTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private RoomsOfOthers others;
  private RoomFixture room;
  private TestResident resident;

  @BeforeEach
  void start() throws Exception {
    others = new RoomsOfOthers(folder, stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    var _ = room.usualPowerLevels().add();
    var _ = room.topic(ALICE, "Elsewhere").add();
    resident = others.resident(A, room);
  }

  @AfterEach
  void stop() throws Exception {
    others.close();
  }

  record Template(String name, Consumer<ObjectNode> bend) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Template event(String name, Consumer<ObjectNode> bend) {
    return new Template(name, said -> bend.accept((ObjectNode) said.path("event")));
  }

  static Stream<Template> malformedTemplates() {
    return Stream.of(
        event("a message", event -> event.put("type", "m.room.message")),
        event("a server ACL", event -> event.put("type", "m.room.server_acl")),
        event("power levels", event -> event.put("type", EventTypes.POWER_LEVELS)),
        event("another room", event -> event.put("room_id", "!other:a.example")),
        event("no room", event -> event.remove("room_id")),
        event("another sender", event -> event.put("sender", ALICE.value())),
        event("a colleague as sender", event -> event.put("sender", "@erin:hearth.test")),
        event("another state key", event -> event.put("state_key", ALICE.value())),
        event("no state key", event -> event.remove("state_key")),
        event("a type that is no text", event -> event.putObject("type")),
        event("another membership", event -> content(event).put("membership", "ban")),
        event("a leave", event -> content(event).put("membership", "leave")),
        event("no content", event -> event.put("content", 1)),
        event("no previous events", event -> event.putArray("prev_events")),
        event("previous events that are none", event -> event.putArray("prev_events").add("$")),
        event("a previous event of version 1", e -> e.putArray("prev_events").add("$x:a.example")),
        event("a previous event twice", HostileResidentTest::repeat),
        event("too many previous events", event -> fill(event.putArray("prev_events"), 21)),
        event("too many auth events", event -> fill(event.putArray("auth_events"), 11)),
        event("auth events that are no list", event -> event.put("auth_events", "x")),
        event("a negative depth", event -> event.put("depth", -1)),
        event("a depth beyond all", event -> event.put("depth", 1L << 53)),
        event("a depth that is no number", event -> event.put("depth", "5")),
        event(
            "another server's user authorises",
            e -> content(e).put("join_authorised_via_users_server", BOB.value())),
        event(
            "our user authorises",
            e -> content(e).put("join_authorised_via_users_server", DAVE.value())),
        new Template("no event", said -> said.remove("event")),
        new Template("an event that is none", said -> said.put("event", "x")),
        new Template("a version that nobody knows", said -> said.put("room_version", "99")),
        new Template("a version that is no text", said -> said.putArray("room_version")),
        new Template("a version of other ids", said -> said.put("room_version", "12")));
  }

  private static ObjectNode content(ObjectNode event) {
    return (ObjectNode) event.path("content");
  }

  private static void repeat(ObjectNode event) {
    ArrayNode previous = (ArrayNode) event.path("prev_events");
    previous.add(previous.path(0).deepCopy());
  }

  private static void fill(ArrayNode references, int count) {
    for (int i = 0; i < count; i++) {
      references.add("$" + "A".repeat(41) + (char) ('A' + i / 5) + (char) ('A' + i % 5 * 4));
    }
  }

  /// Nothing that this server has signed leaves it: what is handed in is all that does.
  @ParameterizedTest
  @MethodSource("malformedTemplates")
  void aMalformedTemplateIsNotSigned(Template template) throws Exception {
    resident.bendTemplate(template.bend());

    assertThat(others.join(room, A)).isInstanceOf(Result.Refused.class);

    assertThat(resident.handedIn()).isEmpty();
    assertThat(others.hasNothingOf(room.roomId())).isTrue();
  }

  /// The same of knocks, and of leaving, by which bots that decline each invitation were made to
  /// sign what others wanted.
  @Test
  void aMalformedTemplateIsSignedForNoKnockAndNoLeave() throws Exception {
    var wish = RoomsOfOthers.content();
    for (Template each : malformedTemplates().toList()) {
      resident.bendTemplate(said -> {
        each.bend().accept(said);
        // Only joins are authorised by others, and a leave is what was asked for: the rest is
        // sound.
        if (each.name().contains("authorises") || each.name().equals("a leave")) {
          ((ObjectNode) said.path("event")).put("type", "m.room.message");
        }
      });

      var _ = others.remote().knock(room.roomId(), DAVE, wish, List.of(A));
      var _ = others.remote().leave(room.roomId(), DAVE, wish);

      assertThat(resident.handedIn()).as(each.name()).isEmpty();
    }
    assertThat(others.asked("make_knock")).hasSizeGreaterThan(25);
    assertThat(others.asked("make_leave")).hasSizeGreaterThan(25);
    assertThat(others.hasNothingOf(room.roomId())).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Handshake.class)
  void nothingButItsPlaceIsTakenFromATemplate(Handshake handshake) throws Exception {
    resident.bendTemplate(said -> {
      ObjectNode event = (ObjectNode) said.path("event");
      event.put("redacts", "$" + "A".repeat(43));
      event.put("origin", "evil.example");
      event.put("origin_server_ts", 1);
      event.putObject("unsigned").put("age", 1);
      event.putObject("hashes").put("sha256", "x");
      event.putObject("signatures").putObject("evil.example").put("ed25519:x", "y");
      content(event).put("displayname", "Mallory");
      content(event).putObject("third_party_invite");
      content(event).put("evil", true);
    });
    var wish = RoomsOfOthers.content();

    var _ =
        switch (handshake) {
          case JOIN -> others.remote().join(room.roomId(), DAVE, wish, List.of(A));
          case KNOCK -> others.remote().knock(room.roomId(), DAVE, wish, List.of(A));
          case LEAVE -> others.remote().leave(room.roomId(), DAVE, wish);
        };

    ObjectNode sent = resident.handedIn().getFirst();
    assertThat(sent.properties().stream().map(each -> each.getKey()))
        .containsExactlyInAnyOrder(
            "auth_events",
            "content",
            "depth",
            "hashes",
            "origin_server_ts",
            "prev_events",
            "room_id",
            "sender",
            "signatures",
            "state_key",
            "type");
    assertThat(sent.path("content"))
        .isEqualTo(wish.deepCopy().put("membership", handshake.membership().value()));
    assertThat(sent.path("origin_server_ts").asLong()).isGreaterThan(1);
    assertThat(sent.path("signatures").size()).isEqualTo(1);
  }

  record Answer(String name, BiConsumer<RoomFixture, ObjectNode> bend) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Pdu held(RoomFixture room, String type) {
    return Objects.requireNonNull(room.state().get(new StateKey(type, "")));
  }

  /// The state without an event, and with another in its place.
  private static void replace(ObjectNode said, Pdu before, ObjectNode... now) {
    for (String list : List.of("state", "auth_chain")) {
      ArrayNode events = (ArrayNode) said.path(list);
      for (int i = events.size() - 1; i >= 0; i--) {
        if (events.get(i).equals(before.json())) {
          events.remove(i);
        }
      }
      for (ObjectNode each : now) {
        events.add(each);
      }
    }
  }

  static Stream<Answer> unsoundAnswers() {
    return Stream.of(
        new Answer("no state", (_, said) -> said.remove("state")),
        new Answer("no auth chain", (_, said) -> said.remove("auth_chain")),
        new Answer("a state that is no list", (_, said) -> said.put("state", 1)),
        new Answer("an empty state", (_, said) -> said.putArray("state")),
        new Answer("members left out", (_, said) -> said.put("members_omitted", true)),
        new Answer(
            "our event altered",
            (_, said) -> ((ObjectNode) said.path("event").path("content")).put("reason", "Evil")),
        new Answer(
            "another event of ours",
            (_, said) -> ((ObjectNode) said.path("event")).put("type", "m.room.message")),
        new Answer("no create event", (room, said) -> replace(said, held(room, EventTypes.CREATE))),
        new Answer(
            "a second create event",
            (room, said) ->
                ((ArrayNode) said.path("state"))
                    .add(
                        room.create("{}")
                            .bend(json -> json.putArray("prev_events"))
                            .bend(json -> json.putArray("auth_events"))
                            .build()
                            .json())),
        new Answer(
            "a create event of another version",
            (room, said) ->
                replace(
                    said,
                    held(room, EventTypes.CREATE),
                    room.create("{\"room_version\":\"10\"}")
                        .bend(json -> json.putArray("prev_events"))
                        .bend(json -> json.putArray("auth_events"))
                        .build()
                        .json())),
        new Answer(
            "a state key twice",
            (room, said) ->
                ((ArrayNode) said.path("state")).add(room.topic(ALICE, "Twice").build().json())),
        new Answer(
            "an event that is no state",
            (room, said) ->
                ((ArrayNode) said.path("state"))
                    .add(room.message(ALICE, "m.room.message", "{}").build().json())),
        new Answer(
            "an event of another room",
            (room, said) ->
                ((ArrayNode) said.path("auth_chain"))
                    .add(
                        room.topic(ALICE, "There")
                            .bend(json -> json.put("room_id", "!other:a.example"))
                            .build()
                            .json())),
        new Answer(
            "a state in which the user is banned",
            (room, said) ->
                ((ArrayNode) said.path("state"))
                    .add(room.member(ALICE, DAVE, "ban").build().json())),
        new Answer(
            "a state in which nobody may join",
            (room, said) ->
                replace(
                    said,
                    held(room, EventTypes.JOIN_RULES),
                    room.joinRule("invite").build().json())),
        new Answer(
            "join rules that nobody has signed",
            (room, said) ->
                replace(
                    said,
                    held(room, EventTypes.JOIN_RULES),
                    room.joinRule("public")
                        .bendAfterSigning(
                            json -> ((ObjectNode) json.path("signatures")).removeAll())
                        .build()
                        .json())),
        new Answer(
            "join rules by who may not set them",
            (room, said) ->
                replace(
                    said,
                    held(room, EventTypes.JOIN_RULES),
                    room.state(BOB, EventTypes.JOIN_RULES, "", "{\"join_rule\":\"public\"}")
                        .build()
                        .json())));
  }

  /// The join fails, and nothing of it is stored; another server may still let the user in.
  @ParameterizedTest
  @MethodSource("unsoundAnswers")
  void anUnsoundAnswerIsNotStored(Answer answer) throws Exception {
    resident.bendAnswer(said -> answer.bend().accept(room, said));

    assertThat(others.join(room, A)).isInstanceOf(Result.Refused.class);

    assertThat(resident.handedIn()).hasSize(1);
    assertThat(others.hasNothingOf(room.roomId())).isTrue();
    var _ = others.resident(B, room);
    assertThat(others.join(room, A, B)).isEqualTo(new Result.Done());
  }

  record Bytes(String name, UnaryOperator<String> bend) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Bytes> badBytes() {
    return Stream.of(
        new Bytes("nothing", _ -> ""),
        new Bytes("no JSON", _ -> "{\"state\": nonsense}"),
        new Bytes("a part", text -> text.substring(0, text.length() / 2)),
        new Bytes("a list of nothing", _ -> "[]"),
        new Bytes("a number", _ -> "200"),
        new Bytes("nested beyond all", _ -> "{\"x\":" + "[".repeat(100_000)),
        new Bytes("a text longer than any", _ -> "{\"state\":[\"" + "x".repeat(1 << 20) + "\"]}"));
  }

  @ParameterizedTest
  @MethodSource("badBytes")
  void anAnswerThatCannotBeReadIsNotStored(Bytes bytes) throws Exception {
    resident.bendBytes(bytes.bend());

    assertThat(others.join(room, A)).isInstanceOf(Result.Refused.class);

    assertThat(others.hasNothingOf(room.roomId())).isTrue();
  }

  static Stream<Answer> badEvents() {
    return Stream.of(
        new Answer(
            "an event that nobody has signed",
            (room, said) ->
                replaceTopic(
                    room,
                    said,
                    room.topic(ALICE, "Forged")
                        .bendAfterSigning(
                            json -> ((ObjectNode) json.path("signatures")).removeAll())
                        .build()
                        .json())),
        new Answer(
            "an event larger than any",
            (room, said) -> {
              ObjectNode large = room.topic(ALICE, "Large").build().json().deepCopy();
              ((ObjectNode) large.path("content")).put("topic", "x".repeat(65_537));
              replaceTopic(room, said, large);
            }),
        new Answer(
            "an event by who may not send it",
            (room, said) ->
                replaceTopic(room, said, room.topic(BOB, "Not allowed").build().json())),
        new Answer(
            "what is no event",
            (room, said) -> replaceTopic(room, said, JsonNodeFactory.instance.objectNode())));
  }

  private static void replaceTopic(RoomFixture room, ObjectNode said, ObjectNode now) {
    replace(said, held(room, EventTypes.TOPIC), now);
  }

  /// Row 4: the limits hold on this way too. "A bad PDU costs only itself".
  @ParameterizedTest
  @MethodSource("badEvents")
  void anEventThatIsBadForItselfIsLeftOut(Answer answer) throws Exception {
    resident.bendAnswer(said -> answer.bend().accept(room, said));

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    assertThat(others.topic(room.roomId())).isEmpty();
    assertThat(others.queries().joinedUsers(room.roomId())).contains(ALICE, BOB, DAVE);
  }

  @Test
  void anEventWhoseHashIsWrongIsTakenRedacted() throws Exception {
    ObjectNode altered = held(room, EventTypes.TOPIC).json().deepCopy();
    ((ObjectNode) altered.path("content")).put("topic", "Altered");
    resident.bendAnswer(said -> replaceTopic(room, said, altered));

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    assertThat(others.topic(room.roomId())).isEmpty();
    assertThat(others.rooms().state(room.roomId()))
        .containsEntry(new StateKey(EventTypes.TOPIC, ""), held(room, EventTypes.TOPIC).eventId());
  }

  @Test
  void aSignatureThatNobodyAskedForIsNotKept() throws Exception {
    resident.bendAnswer(said ->
        ((ObjectNode) said.path("event").path("signatures"))
            .putObject(A.value())
            .put("ed25519:x", "x".repeat(1_000)));

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    Pdu join = Pdu.parse(resident.handedIn().getFirst(), room.version());
    assertThat(others.queries().event(join.eventId()).orElseThrow().pdu().canonicalBytes())
        .isEqualTo(join.canonicalBytes());
  }

  /// A user could have this server wait at as many rooms as there are, at a resident that waits.
  @Test
  void oneUserHasOnlySoMuchUnderWay() throws Exception {
    CountDownLatch asked = new CountDownLatch(UnderWay.MOST_OF_USER);
    CountDownLatch go = new CountDownLatch(1);
    resident.first((request, out) -> {
      asked.countDown();
      assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
      TestResident.error(403, "M_FORBIDDEN", "No").answer(request, out);
    });
    try (ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Result>> waiting = new ArrayList<>();
      for (int i = 0; i < UnderWay.MOST_OF_USER; i++) {
        RoomId id = RoomId.parse("!room" + i + ":a.example");
        waiting.add(
            users.submit(
                () -> others.remote().join(id, DAVE, RoomsOfOthers.content(), List.of(A))));
      }
      assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();

      assertThatExceptionOfType(MatrixException.class)
          .isThrownBy(() -> others.join(room, A))
          .matches(e -> e.is(Errcode.LIMIT_EXCEEDED));

      go.countDown();
      for (Future<Result> each : waiting) {
        assertThat(each.get()).isInstanceOf(Result.Refused.class);
      }
    }
    resident.first((_, _) -> {});
    assertThat(others.join(room, A)).isEqualTo(new Result.Done());
  }
}
