package org.hearth.server.matrix.checks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.server.matrix.auth.AuthRule;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.EventRecipe;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What hostile and broken peers send, by name: each is dropped, redacted, rejected or soft-failed
/// as the specification says.
class BadInputTest {
  static Stream<RoomVersion> versions() {
    return RoomVersions.all().stream();
  }

  static Stream<RoomVersion> versionsWithChosenIds() {
    return versions().filter(each -> !each.eventIds().isHash());
  }

  static Stream<RoomVersion> versionsThatCiteTheCreateEvent() {
    return versions().filter(each -> !each.has(RoomRule.ROOM_ID_IS_CREATE_HASH));
  }

  private static Pdu joinOfBob(RoomFixture room) {
    return Objects.requireNonNull(room.state().get(StateKey.member(BOB.value())));
  }

  private static EventRecipe message(RoomFixture room) {
    return room.message(BOB, EventTypes.MESSAGE, "{\"body\":\"Hello\"}");
  }

  /// The event of Bob as a peer would send it: bent, then hashed and signed.
  private static ObjectNode sent(RoomFixture room, Consumer<ObjectNode> bend) {
    ObjectNode json = message(room).build().json().deepCopy();
    bend.accept(json);
    json.remove("signatures");
    return EventSignatures.hashAndSign(
        json, room.version(), BOB.server(), TestKeys.of(BOB.server()));
  }

  private static void assertDropped(DropRule rule, RoomFixture room, Consumer<ObjectNode> bend) {
    ObjectNode json = message(room).build().json().deepCopy();
    bend.accept(json);
    assertThat(ReceiptChecks.receive(json, room.version(), Peers.ALL_KEYS))
        .as("version %s", room.version())
        .isInstanceOfSatisfying(
            Received.Dropped.class,
            dropped -> assertThat(dropped.rule()).as(dropped.detail()).isEqualTo(rule));
  }

  private static void assertRejected(AuthRule rule, RoomFixture room, Pdu event) {
    assertThat(judge(room, event))
        .as("version %s", room.version())
        .isInstanceOfSatisfying(
            Outcome.Rejected.class,
            rejected -> assertThat(rejected.rule()).as(rejected.detail()).isEqualTo(rule));
  }

  private static Outcome judge(RoomFixture room, Pdu event) {
    return switch (ReceiptChecks.receive(event.canonicalBytes(), room.version(), Peers.ALL_KEYS)) {
      case Received.Intact(var intact, var signers) ->
          ReceiptChecks.judge(intact, SignedBy.servers(signers), Peers.at(room));
      case Received.Redacted(_, _) -> throw new AssertionError("was redacted");
      case Received.Dropped(var rule, var detail) -> throw new AssertionError(rule + ": " + detail);
    };
  }

  // Cycles.

  @ParameterizedTest
  @MethodSource("versionsWithChosenIds")
  void rejectsAnEventThatCitesItself(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event =
        message(room)
            .bend(json ->
                json.withArrayProperty("auth_events")
                    .addArray()
                    .add(json.get("event_id"))
                    .addObject())
            .build();

    assertRejected(AuthRule.AUTH_EVENT_UNKNOWN, room, event);
  }

  @ParameterizedTest
  @MethodSource("versionsWithChosenIds")
  void resolvesAForkWhosePowerLevelsCiteEachOther(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu root = room.usualPowerLevels().add();
    Pdu first = circular(room, root, "$first:a.example", "$second:a.example", 51);
    Pdu second = circular(room, root, "$second:a.example", "$first:a.example", 52);

    Map<StateKey, Pdu> resolved = room.stateBefore(List.of(first, second));

    assertThat(resolved.get(StateKey.of(EventTypes.POWER_LEVELS))).isIn(root, first, second);
  }

  private static Pdu circular(RoomFixture room, Pdu after, String id, String cited, int ban) {
    return room.usualPowerLevels("\"ban\":" + ban)
        .after(after)
        .bend(json -> {
          json.put("event_id", id);
          ArrayNode auth = json.withArrayProperty("auth_events");
          auth.addArray().add(cited).addObject();
        })
        .add();
  }

  // Depth.

  @ParameterizedTest
  @MethodSource("versions")
  void dropsNegativeDepth(RoomVersion version) {
    assertDropped(
        DropRule.OUT_OF_RANGE, RoomFixture.withMembers(version), json -> json.put("depth", -1));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsDepthOf2To63(RoomVersion version) {
    assertDropped(
        DropRule.OUT_OF_RANGE,
        RoomFixture.withMembers(version),
        json -> json.set("depth", MatrixJson.parse("9223372036854775808".getBytes(UTF_8))));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void takesTheGreatestDepthOfTheVersionAndDropsOneMoreSinceVersion6(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    boolean strict = version.has(RoomRule.STRICT_CANONICAL_JSON);
    long greatest = strict ? (1L << 53) - 1 : Long.MAX_VALUE;

    assertThat(
            ReceiptChecks.receive(
                sent(room, json -> json.put("depth", greatest)), version, Peers.ALL_KEYS))
        .isInstanceOf(Received.Intact.class);
    if (strict) {
      assertDropped(DropRule.OUT_OF_RANGE, room, json -> json.put("depth", 1L << 53));
    }
  }

  // Auth events and previous events.

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsAnEventWithoutOneOfItsAuthEvents(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu elsewhere = room.usualPowerLevels().build();

    assertRejected(AuthRule.AUTH_EVENT_UNKNOWN, room, message(room).citing(elsewhere).build());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsAuthEventsOfAnotherRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    RoomFixture other = RoomFixture.empty(version);
    other
        .create("{\"other\":true}")
        .bend(json -> {
          if (json.has("room_id")) {
            json.put("room_id", "!other:a.example");
          }
        })
        .add();
    Pdu foreign = other.join(BOB).add();
    List<Pdu> cited = new ArrayList<>();
    if (!version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      cited.add(room.events().getFirst());
    }
    cited.add(foreign);
    Pdu event = message(room).citing(cited.toArray(Pdu[]::new)).build();
    Place both = withBoth(room, other);

    assertThat(ReceiptChecks.judge(event, SignedBy.CHECKED_BEFORE, both))
        .isInstanceOfSatisfying(
            Outcome.Rejected.class,
            rejected -> {
              assertThat(rejected.check()).isEqualTo(Check.AUTH_EVENTS);
              assertThat(rejected.rule()).isEqualTo(AuthRule.AUTH_EVENTS_OTHER_ROOM);
            });
  }

  /// A server that is in both rooms.
  private static Place withBoth(RoomFixture room, RoomFixture other) {
    Place here = Peers.at(room);
    return new Place() {
      @Override
      public Optional<KnownEvent> find(EventId id) {
        return here.find(id).or(() -> other.known().find(id));
      }

      @Override
      public AuthState stateBefore() {
        return here.stateBefore();
      }

      @Override
      public Optional<AuthState> currentState() {
        return here.currentState();
      }
    };
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsTwentyOnePrevEvents(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertDropped(DropRule.TOO_MANY_REFERENCES, room, json -> repeat(json, "prev_events", 21));
    assertThat(
            ReceiptChecks.receive(
                sent(room, json -> repeat(json, "prev_events", 20)), version, Peers.ALL_KEYS))
        .isInstanceOf(Received.Intact.class);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsElevenAuthEvents(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertDropped(DropRule.TOO_MANY_REFERENCES, room, json -> repeat(json, "auth_events", 11));
    assertThat(
            ReceiptChecks.receive(
                sent(room, json -> repeat(json, "auth_events", 10)), version, Peers.ALL_KEYS))
        .isInstanceOf(Received.Intact.class);
  }

  private static void repeat(ObjectNode json, String member, int times) {
    ArrayNode references = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < times; i++) {
      references.add(json.get(member).get(0));
    }
    json.set(member, references);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsTheSameAuthEventTwice(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu join = joinOfBob(room);

    assertRejected(AuthRule.AUTH_EVENTS_DUPLICATE, room, message(room).citing(join, join).build());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void takesTheSamePrevEventTwiceForOnce(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu last = room.events().getLast();

    assertThat(judge(room, message(room).after(last, last).build()))
        .isEqualTo(new Outcome.Accepted());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsAnEventWithoutPrevEventsByTheEmptyStateBefore(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event = message(room).in(room.state()).after().build();
    Place place = Peers.in(room, AuthState.of(Map.of()), room.authState());

    assertThat(ReceiptChecks.judge(event, SignedBy.CHECKED_BEFORE, place))
        .isInstanceOfSatisfying(
            Outcome.Rejected.class,
            rejected -> {
              assertThat(rejected.check()).isEqualTo(Check.STATE_BEFORE);
              assertThat(rejected.rule())
                  .isEqualTo(
                      version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)
                          ? AuthRule.ROOM_ID_IS_NO_CREATE_EVENT
                          : AuthRule.NO_CREATE_EVENT);
            });
  }

  // Room ids and event ids.

  @ParameterizedTest
  @MethodSource("versions")
  void dropsARoomIdOfAnotherVersionsShape(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    String wrong =
        version.has(RoomRule.ROOM_ID_IS_CREATE_HASH) ? "!room:a.example" : "!" + "a".repeat(43);

    assertDropped(DropRule.BAD_IDENTIFIER, room, json -> json.put("room_id", wrong));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsTheIdOfAnotherRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    boolean hash = version.has(RoomRule.ROOM_ID_IS_CREATE_HASH);
    String other = hash ? "!" + "a".repeat(43) : "!other:a.example";
    Pdu event = message(room).bend(json -> json.put("room_id", other)).build();

    assertRejected(
        hash ? AuthRule.ROOM_ID_IS_NO_CREATE_EVENT : AuthRule.AUTH_EVENTS_OTHER_ROOM, room, event);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsTheSameKeyTwice(RoomVersion version) {
    String event =
        new String(message(RoomFixture.withMembers(version)).build().canonicalBytes(), UTF_8);
    String twice = "{\"type\":\"m.room.message\"," + event.substring(1);

    Peers.assertDropped(
        DropRule.NOT_JSON, ReceiptChecks.receive(twice.getBytes(UTF_8), version, Peers.ALL_KEYS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sender", "room_id", "event_id"})
  void dropsNulInIds(String member) {
    for (RoomVersion version : RoomVersions.all()) {
      RoomFixture room = RoomFixture.withMembers(version);
      if (message(room).build().json().has(member)) {
        assertDropped(
            DropRule.BAD_IDENTIFIER,
            room,
            json -> {
              String id = json.get(member).asText();
              json.put(member, id.charAt(0) + "\0" + id.substring(1));
            });
      }
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsNulInTheIdsOfContent(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertRejected(
        AuthRule.MEMBER_MALFORMED,
        room,
        room.state(ALICE, EventTypes.MEMBER, "@\0:a.example", "{\"membership\":\"invite\"}")
            .build());
    assertRejected(
        AuthRule.POWER_LEVELS_USERS_MALFORMED,
        room,
        room.usualPowerLevels("\"users\":{\"@\\u0000:a.example\":1}").build());
  }

  // Create events.

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsASecondCreateEventAfterTheFirst(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertRejected(AuthRule.CREATE_HAS_PREV_EVENTS, room, room.create("{\"second\":true}").build());
  }

  @ParameterizedTest
  @MethodSource("versionsThatCiteTheCreateEvent")
  void rejectsWhatCitesTwoCreateEvents(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu join = joinOfBob(room);
    Pdu first = room.events().getFirst();
    Pdu second = room.create("{\"second\":true}").after().add();

    assertRejected(
        AuthRule.AUTH_EVENTS_DUPLICATE, room, message(room).citing(first, second, join).build());
  }

  @Test
  void rejectsTheCreateEventAmongTheAuthEventsSinceVersion12() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);
    Pdu join = joinOfBob(room);

    assertRejected(
        AuthRule.AUTH_EVENTS_UNEXPECTED,
        room,
        message(room).citing(room.events().getFirst(), join).build());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void resolvesAForkOfTwoCreateEvents(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu one = room.topic(BOB, "one").add();
    Map<StateKey, Pdu> other = new HashMap<>(room.state());
    if (!version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      Pdu second = room.create("{\"second\":true}").after().add();
      other.put(StateKey.of(EventTypes.CREATE), second);
    } else {
      other.remove(StateKey.of(EventTypes.CREATE));
    }
    Pdu two = room.topic(ALICE, "two").in(other).after(one).add();

    assertThat(room.stateBefore(List.of(one, two)))
        .containsEntry(
            StateKey.member(BOB.value()), room.stateAfter(one).get(StateKey.member(BOB.value())));
  }

  // Power levels.

  @Test
  void rejectsCreatorsInPowerLevelsSinceVersion12() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);

    assertRejected(
        AuthRule.POWER_LEVELS_NAME_CREATOR,
        room,
        room.powerLevels("{\"users\":{\"%s\":100}}".formatted(ALICE)).build());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsStringPowerLevelsSinceVersion10(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu level = room.usualPowerLevels("\"ban\":\"50\"").build();
    Pdu entry = room.usualPowerLevels("\"events\":{\"x\":\"50\"}").build();
    Pdu user = room.usualPowerLevels("\"users\":{\"%s\":\"50\"}".formatted(BOB)).build();

    if (version.has(RoomRule.INTEGER_POWER_LEVELS)) {
      assertRejected(AuthRule.POWER_LEVELS_NOT_INTEGER, room, level);
      assertRejected(AuthRule.POWER_LEVELS_ENTRY_NOT_INTEGER, room, entry);
      assertRejected(AuthRule.POWER_LEVELS_USERS_MALFORMED, room, user);
    } else {
      assertThat(judge(room, level)).isEqualTo(new Outcome.Accepted());
      assertThat(judge(room, entry)).isEqualTo(new Outcome.Accepted());
      assertThat(judge(room, user)).isEqualTo(new Outcome.Accepted());
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsFloatPowerLevelsSinceVersion6(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    ObjectNode json = room.usualPowerLevels("\"ban\":50").build().json().deepCopy();
    json.withObjectProperty("content").put("ban", 50.57);

    if (version.has(RoomRule.STRICT_CANONICAL_JSON)) {
      Peers.assertDropped(
          DropRule.NOT_CANONICAL, ReceiptChecks.receive(json, version, Peers.ALL_KEYS));
    } else {
      assertThat(judge(room, room.usualPowerLevels("\"ban\":50.57").build()))
          .isEqualTo(new Outcome.Accepted());
    }
  }

  // Signatures.

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 32, 63, 65, 128, 10_000})
  void dropsSignaturesOfTheWrongLength(int length) {
    assertDropped(
        DropRule.SIGNATURE_WRONG,
        RoomFixture.withMembers(RoomVersions.V12),
        json -> signature(json).put("ed25519:test", UnpaddedBase64.encode(new byte[length])));
  }

  @Test
  void dropsSignaturesThatAreNoBase64() {
    assertDropped(
        DropRule.SIGNATURE_WRONG,
        RoomFixture.withMembers(RoomVersions.V12),
        json -> signature(json).put("ed25519:test", "!"));
  }

  @Test
  void dropsSignaturesOfUnknownAlgorithmsOnly() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);

    assertDropped(
        DropRule.NOT_SIGNED,
        room,
        json -> {
          String right = signature(json).remove("ed25519:test").asText();
          signature(json).put("ed448:test", right).put("nonsense", right).put("", right);
        });
  }

  @Test
  void skipsSignaturesOfUnknownAlgorithmsAndKeysBesideARightOne() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);
    Pdu event =
        message(room)
            .bendAfterSigning(
                json -> signature(json).put("ed448:test", "AAAA").put("ed25519:unknown", "AAAA"))
            .build();

    Peers.intact(ReceiptChecks.verify(event, Peers.ALL_KEYS));
  }

  private static ObjectNode signature(ObjectNode json) {
    return json.withObjectProperty("signatures").withObjectProperty(BOB.server().value());
  }

  // Sizes.

  @ParameterizedTest
  @MethodSource("versions")
  void takes65536BytesAndDropsOneMore(RoomVersion version) {
    byte[] event = message(RoomFixture.withMembers(version)).build().canonicalBytes();

    // The body is not what was hashed any more, so that the event is taken for a redacted one.
    assertThat(ReceiptChecks.receive(padded(event, 65_536), version, Peers.ALL_KEYS))
        .isInstanceOf(Received.Redacted.class);
    Peers.assertDropped(
        DropRule.TOO_LARGE, ReceiptChecks.receive(padded(event, 65_537), version, Peers.ALL_KEYS));
  }

  /// The event, its body made longer until it has that size.
  private static byte[] padded(byte[] event, int size) {
    String more = "x".repeat(size - event.length);
    return new String(event, UTF_8).replace("\"body\":\"", "\"body\":\"" + more).getBytes(UTF_8);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsTenThousandLevels(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    String event = new String(message(room).build().canonicalBytes(), UTF_8);
    String nested = "{\"a\":".repeat(10_000) + "1" + "}".repeat(10_000);
    ObjectNode deep = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < 10_000; i++) {
      deep = JsonNodeFactory.instance.objectNode().set("a", deep);
    }
    ObjectNode content = deep;

    Peers.assertDropped(
        DropRule.NOT_JSON,
        ReceiptChecks.receive(
            event.replace("{\"body\":\"Hello\"}", nested).getBytes(UTF_8),
            version,
            Peers.ALL_KEYS));
    assertDropped(DropRule.NOT_CANONICAL, room, json -> json.set("content", content));
  }
}
