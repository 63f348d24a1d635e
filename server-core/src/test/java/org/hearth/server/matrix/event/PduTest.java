package org.hearth.server.matrix.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PduTest {
  static Stream<RoomVersion> versions() {
    return RoomVersions.all().stream();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void readsAllMembers(RoomVersion version) {
    ObjectNode json = Events.state(version, "m.room.name", "key", "{\"name\":\"Hall\"}");

    Pdu event = Pdu.parse(json, version);

    assertThat(event.eventId()).isEqualTo(ReferenceHash.eventId(json, version));
    assertThat(event.roomId().value()).isEqualTo(json.get("room_id").textValue());
    assertThat(event.sender()).isEqualTo(UserId.parse("@u:example.org"));
    assertThat(event.type()).isEqualTo("m.room.name");
    assertThat(event.stateKey()).contains("key");
    assertThat(event.stateKeyPair()).contains(new StateKey("m.room.name", "key"));
    assertThat(event.isState()).isTrue();
    assertThat(event.isState("m.room.name", "key")).isTrue();
    assertThat(event.isState("m.room.name", "")).isFalse();
    assertThat(event.content().path("name").textValue()).isEqualTo("Hall");
    assertThat(event.prevEvents()).containsExactly(EventId.parse(Events.id(version)));
    assertThat(event.authEvents()).containsExactly(EventId.parse(Events.id(version)));
    assertThat(event.depth()).isEqualTo(12);
    assertThat(event.originServerTs()).isEqualTo(1_700_000_000_000L);
    assertThat(event.originServerTime()).hasToString("2023-11-14T22:13:20Z");
    assertThat(event.unsigned().path("age").intValue()).isEqualTo(1);
    assertThat(event.version()).isEqualTo(version);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void packedIsTheSameEvent(RoomVersion version) {
    Pdu event =
        Pdu.parse(Events.state(version, "m.room.name", "key", "{\"name\":\"Hall\"}"), version);

    for (Pdu same : List.of(event.packed(), event.packed().unpacked(), event.unpacked())) {
      assertThat(same).isEqualTo(event);
      assertThat(same.canonicalBytes()).isEqualTo(event.canonicalBytes());
      assertThat(same.json()).isEqualTo(MatrixJson.parseObject(event.canonicalBytes()));
      assertThat(same.stateKeyPair()).isEqualTo(event.stateKeyPair());
      assertThat(same.authEvents()).isEqualTo(event.authEvents());
      assertThat(same.content().path("name").textValue()).isEqualTo("Hall");
      assertThat(same.isSigned()).isTrue();
    }
    assertThat(event.packed().json()).isNotSameAs(event.packed().json());
    Pdu unpacked = event.packed().unpacked();
    assertThat(unpacked.json()).isSameAs(unpacked.json());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void restoresWhatWasStored(RoomVersion version) {
    Pdu event = Pdu.parse(Events.state(version, "m.room.name", "", "{}"), version);

    Pdu again = Pdu.restore(event.eventId(), event.canonicalBytes(), version);

    assertThat(again).isEqualTo(event);
    assertThat(again.json()).isEqualTo(event.json());
    assertThat(again.roomId()).isEqualTo(event.roomId());
    assertThat(again.prevEvents()).isEqualTo(event.prevEvents());
    assertThat(again.canonicalBytes()).isSameAs(event.canonicalBytes());
    assertThat(Pdu.parse(event.canonicalBytes(), version)).isEqualTo(event);
  }

  @Test
  void refusesToRestoreWhatIsNoEvent() {
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() ->
            Pdu.restore(
                EventId.parse("$a"), "{}".getBytes(StandardCharsets.UTF_8), RoomVersions.V12));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void keepsItsNameWhenRedacted(RoomVersion version) {
    Pdu event = Pdu.parse(Events.message(version), version);

    Pdu redacted = event.redacted();

    assertThat(redacted).isEqualTo(event);
    assertThat(redacted.eventId()).isEqualTo(event.eventId());
    assertThat(redacted.content()).isEmpty();
    assertThat(redacted.unsigned()).isEmpty();
    assertThat(redacted.json().has("signatures")).isTrue();
    assertThat(Pdu.parse(redacted.canonicalBytes(), version)).isEqualTo(event);
  }

  @Test
  void tellsWhatIsRedacted() {
    for (RoomVersion version : RoomVersions.all()) {
      boolean inContent = Integer.parseInt(version.id()) >= 11;
      ObjectNode json = Events.message(version).put("type", "m.room.redaction");
      json.put("redacts", inContent ? "$wrong" : "$right");
      json.putObject("content").put("redacts", inContent ? "$right" : "$wrong");

      assertThat(Pdu.parse(json, version).redacts()).contains(EventId.parse("$right"));
      assertThat(Pdu.parse(json.deepCopy().put("type", "x"), version).redacts()).isEmpty();
    }
  }

  @Test
  void redactionOfNothingThatCouldBeAnEventRedactsNothing() {
    for (String content : new String[] {"{}", "{\"redacts\":5}", "{\"redacts\":\"x\"}"}) {
      ObjectNode json = Events.message(RoomVersions.V12).put("type", "m.room.redaction");
      json.set("content", Events.json(content));

      assertThat(Pdu.parse(json, RoomVersions.V12).redacts()).isEmpty();
    }
  }

  @Test
  void tellsItsKind() {
    RoomVersion version = RoomVersions.V11;

    assertThat(Pdu.parse(Events.state(version, "m.room.create", "", "{}"), version).isCreate())
        .isTrue();
    assertThat(Pdu.parse(Events.state(version, "m.room.create", "x", "{}"), version).isCreate())
        .isFalse();
    assertThat(Pdu.parse(Events.state(version, "m.room.member", "@a:x", "{}"), version).isMember())
        .isTrue();
    assertThat(Pdu.parse(Events.message(version), version).isMember()).isFalse();
  }
}
