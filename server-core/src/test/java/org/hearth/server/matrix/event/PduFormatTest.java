package org.hearth.server.matrix.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.PduFault.Kind;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PduFormatTest {
  /// A case: a member set to a value, which is refused in these versions, and allowed in the
  /// others.
  record Case(String member, String value, Kind kind, int from, int to) {
    Case(String member, String value, Kind kind) {
      this(member, value, kind, 1, 12);
    }
  }

  static Stream<RoomVersion> versions() {
    return RoomVersions.all().stream();
  }

  static Stream<Case> cases() {
    return Stream.of(types(), identifiers(), numbers(), references()).flatMap(each -> each);
  }

  private static Stream<Case> types() {
    return Stream.of(
        new Case("type", "5", Kind.WRONG_TYPE),
        new Case("type", "null", Kind.WRONG_TYPE),
        new Case("state_key", "5", Kind.WRONG_TYPE),
        new Case("state_key", "null", Kind.WRONG_TYPE),
        new Case("sender", "{}", Kind.WRONG_TYPE),
        new Case("content", "\"x\"", Kind.WRONG_TYPE),
        new Case("content", "[]", Kind.WRONG_TYPE),
        new Case("hashes", "[]", Kind.WRONG_TYPE),
        new Case("hashes", "{}", Kind.MISSING),
        new Case("hashes", "{\"sha256\":1}", Kind.MISSING),
        new Case("signatures", "[]", Kind.WRONG_TYPE),
        new Case("signatures", "{\"a\":1}", Kind.WRONG_TYPE),
        new Case("signatures", "{\"a\":{\"ed25519:1\":1}}", Kind.WRONG_TYPE),
        new Case("unsigned", "null", Kind.WRONG_TYPE),
        new Case("unsigned", "[]", Kind.WRONG_TYPE));
  }

  private static Stream<Case> identifiers() {
    return Stream.of(
        new Case("sender", "\"u\"", Kind.BAD_IDENTIFIER),
        new Case("sender", "\"@u\"", Kind.BAD_IDENTIFIER),
        new Case("room_id", "\"!r:exa mple\"", Kind.BAD_IDENTIFIER),
        new Case("room_id", "\"#r:example.org\"", Kind.BAD_IDENTIFIER),
        new Case("room_id", "\"!r:example.org\"", Kind.BAD_IDENTIFIER, 12, 12),
        new Case("room_id", "\"!" + Events.HASH + "\"", Kind.BAD_IDENTIFIER, 1, 11),
        new Case("room_id", "\"!short\"", Kind.BAD_IDENTIFIER),
        new Case("room_id", "5", Kind.WRONG_TYPE),
        new Case("event_id", "\"$" + Events.HASH + "\"", Kind.BAD_IDENTIFIER, 1, 2),
        new Case("event_id", "5", Kind.WRONG_TYPE, 1, 2));
  }

  private static Stream<Case> numbers() {
    return Stream.of(
        new Case("depth", "-1", Kind.OUT_OF_RANGE),
        new Case("depth", "9007199254740992", Kind.OUT_OF_RANGE, 6, 12),
        new Case("depth", "9223372036854775807", Kind.OUT_OF_RANGE, 6, 12),
        new Case("depth", "9223372036854775808", Kind.OUT_OF_RANGE),
        new Case("depth", "18446744073709551616", Kind.OUT_OF_RANGE),
        new Case("depth", "1.0", Kind.WRONG_TYPE),
        new Case("depth", "1e3", Kind.WRONG_TYPE),
        new Case("depth", "\"5\"", Kind.WRONG_TYPE),
        new Case("depth", "null", Kind.WRONG_TYPE),
        new Case("origin_server_ts", "9007199254740992", Kind.OUT_OF_RANGE, 6, 12),
        new Case("origin_server_ts", "1.5", Kind.WRONG_TYPE),
        new Case("origin_server_ts", "\"1\"", Kind.WRONG_TYPE),
        new Case("content", "{\"a\":[{\"b\":1.5}]}", Kind.NOT_CANONICAL, 6, 12),
        new Case("content", "{\"a\":1.0}", Kind.NOT_CANONICAL, 6, 12),
        new Case("content", "{\"a\":1e10}", Kind.NOT_CANONICAL, 6, 12),
        new Case("content", "{\"a\":-9007199254740992}", Kind.NOT_CANONICAL, 6, 12),
        new Case("unsigned", "{\"age\":0.5}", Kind.NOT_CANONICAL, 6, 12));
  }

  private static Stream<Case> references() {
    String server = "\"$a:example.org\"";
    String base64 = "\"$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk\"";
    String safe = "\"$" + Events.HASH + "\"";
    String pair = "[%s,{\"sha256\":\"h\"}]";
    return Stream.of("prev_events", "auth_events")
        .flatMap(member ->
            Stream.of(
                new Case(member, "{}", Kind.WRONG_TYPE),
                new Case(member, "null", Kind.WRONG_TYPE),
                new Case(member, "[5]", Kind.WRONG_TYPE),
                new Case(member, "[" + server + "]", Kind.WRONG_TYPE, 1, 2),
                new Case(member, "[" + server + "]", Kind.BAD_IDENTIFIER, 3, 12),
                new Case(member, "[" + base64 + "]", Kind.BAD_IDENTIFIER, 4, 12),
                new Case(member, "[" + safe + "]", Kind.BAD_IDENTIFIER, 3, 3),
                new Case(member, "[" + pair.formatted(server) + "]", Kind.WRONG_TYPE, 3, 12),
                new Case(member, "[" + pair.formatted(safe) + "]", Kind.BAD_IDENTIFIER, 1, 2),
                new Case(member, "[[" + server + "]]", Kind.WRONG_TYPE, 1, 2),
                new Case(member, "[[" + server + ",1]]", Kind.WRONG_TYPE, 1, 2),
                new Case(member, "[\"$" + "a".repeat(10_240) + "\"]", Kind.BAD_IDENTIFIER, 3, 12),
                new Case(member, "[\"$ü\"]", Kind.BAD_IDENTIFIER, 3, 12)));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void acceptsAnEventOfItsVersion(RoomVersion version) {
    assertThat(PduFormat.check(Events.message(version), version)).isEmpty();
    assertThat(PduFormat.check(Events.state(version, "m.room.name", "", "{}"), version)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void demandsEveryMember(RoomVersion version) {
    List<String> optional = List.of("unsigned");
    for (String member :
        Events.message(version).propertyStream().map(each -> each.getKey()).toList()) {
      ObjectNode event = Events.message(version);
      event.remove(member);

      Optional<PduFault> fault = PduFormat.check(event, version);

      if (optional.contains(member)) {
        assertThat(fault).isEmpty();
      } else {
        assertThat(fault).contains(new PduFault(Kind.MISSING, member + " is missing"));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void refusesValuesOfMembers(Case each) {
    JsonNode value = Events.json("{\"v\":%s}".formatted(each.value())).get("v");
    for (RoomVersion version : RoomVersions.all().subList(each.from() - 1, each.to())) {
      ObjectNode event = Events.message(version);
      event.set(each.member(), value);

      assertThat(PduFormat.check(event, version))
          .as("version %s", version)
          .hasValueSatisfying(fault -> assertThat(fault.kind()).isEqualTo(each.kind()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"9223372036854775807", "9007199254740992"})
  void oldVersionsAllowGreatDepths(String depth) {
    ObjectNode event = Events.message(RoomVersions.V5);
    event.set("depth", Events.json("{\"v\":" + depth + "}").get("v"));

    assertThat(Pdu.parse(event, RoomVersions.V5).depth()).isEqualTo(Long.parseLong(depth));
  }

  @Test
  void oldVersionsAllowFloats() {
    ObjectNode event = Events.message(RoomVersions.V5);
    event.set("content", Events.json("{\"a\":1.5,\"b\":1e3,\"c\":123456789012345678901234567890}"));

    assertThat(PduFormat.check(event, RoomVersions.V5)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void keysMayHave255Bytes(RoomVersion version) {
    ObjectNode event = Events.state(version, "é".repeat(127) + "a", "é".repeat(127) + "b", "{}");

    assertThat(PduFormat.check(event, version)).isEmpty();
    assertThat(PduFormat.check(event.deepCopy().put("type", "é".repeat(128)), version))
        .contains(new PduFault(Kind.TOO_LARGE, "type must not exceed 255 bytes"));
    assertThat(PduFormat.check(event.deepCopy().put("state_key", "é".repeat(128)), version))
        .contains(new PduFault(Kind.TOO_LARGE, "state_key must not exceed 255 bytes"));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void eventMayHave65536Bytes(RoomVersion version) {
    ObjectNode event = Events.message(version);
    event.putObject("content").put("body", "");
    int empty = CanonicalJson.encode(event).length;
    event.putObject("content").put("body", "x".repeat(65_536 - empty));
    Pdu largest = Pdu.parse(event, version);

    ObjectNode larger = event.deepCopy();
    larger.putObject("content").put("body", "x".repeat(65_537 - empty));

    assertThat(largest.canonicalBytes()).hasSize(65_536);
    assertThat(PduFormat.check(larger, version))
        .contains(
            new PduFault(Kind.TOO_LARGE, "The event has 65537 bytes; at most 65536 are allowed"));
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() -> Pdu.parse(larger, version))
        .satisfies(e -> assertThat(e.errcode()).isEqualTo("M_TOO_LARGE"));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void eventMayNameTwentyBeforeItAndTenThatAllowIt(RoomVersion version) {
    assertThat(PduFormat.check(withReferences(version, "prev_events", 20), version)).isEmpty();
    assertThat(PduFormat.check(withReferences(version, "auth_events", 10), version)).isEmpty();
    assertThat(PduFormat.check(withReferences(version, "prev_events", 21), version))
        .contains(
            new PduFault(
                Kind.TOO_MANY_REFERENCES, "prev_events has 21 entries; at most 20 are allowed"));
    assertThat(PduFormat.check(withReferences(version, "auth_events", 11), version))
        .contains(
            new PduFault(
                Kind.TOO_MANY_REFERENCES, "auth_events has 11 entries; at most 10 are allowed"));
  }

  @Test
  void eventMayBe100LevelsDeep() {
    ObjectNode event = Events.message(RoomVersions.V12);
    event.set("content", nested(99));
    ObjectNode deeper = Events.message(RoomVersions.V12);
    deeper.set("content", nested(100));

    Pdu deepest = Pdu.parse(event, RoomVersions.V12);

    assertThat(Pdu.parse(deepest.canonicalBytes(), RoomVersions.V12)).isEqualTo(deepest);
    assertThat(PduFormat.check(deeper, RoomVersions.V12))
        .contains(new PduFault(Kind.NOT_CANONICAL, "The JSON is nested too deeply"));
  }

  private static ObjectNode nested(int levels) {
    return Events.json("{\"a\":".repeat(levels - 1) + "{}" + "}".repeat(levels - 1));
  }

  @Test
  void createEventNeedsNoRoomIdOnlySince12() {
    for (RoomVersion version : RoomVersions.all()) {
      ObjectNode create = Events.state(version, "m.room.create", "", "{}");
      create.remove("room_id");
      ObjectNode withStateKey = create.deepCopy().put("state_key", "x");

      assertThat(PduFormat.check(create, version).isEmpty())
          .isEqualTo(version.equals(RoomVersions.V12));
      assertThat(PduFormat.check(withStateKey, version)).isPresent();
    }
  }

  private static ObjectNode withReferences(RoomVersion version, String member, int count) {
    ObjectNode event = Events.message(version);
    JsonNode one = event.get(member).get(0);
    ArrayNode many = event.putArray(member);
    for (int i = 0; i < count; i++) {
      many.add(one);
    }
    return event;
  }
}
