package org.hearth.server.matrix.event;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;

/// The expected hashes were computed by other means: Python's `json.dumps` and `hashlib`.
class HashesTest {
  private static final String EVENT =
      """
      {"auth_events":["$a"],"content":{"body":"Hällo \\ud83d\\ude00","msgtype":"m.text"},"depth":12,
       "hashes":{"sha256":"x"},"origin":"example.org","origin_server_ts":1700000000000,
       "prev_events":["$p"],"room_id":"!r:example.org","sender":"@u:example.org",
       "signatures":{"example.org":{"ed25519:1":"s"}},"type":"m.room.message","unsigned":{"age":1},
       "membership":"join","prev_state":[]}
      """;

  private static final String CREATE =
      """
      {"auth_events":[],"content":{"room_version":"12","type":"m.space"},"depth":1,
       "hashes":{"sha256":"h"},"origin_server_ts":1700000000001,"prev_events":[],
       "sender":"@u:example.org","signatures":{},"state_key":"","type":"m.room.create",
       "unsigned":{"age":3}}
      """;

  @Test
  void contentHashCoversAllButSignaturesUnsignedAndHashes() {
    String hash = "DPf0YrfuB3I0nnOEVuIoisg8o/+D7r2D+Qas7MWT4lA";
    for (RoomVersion version : RoomVersions.all()) {
      ObjectNode event = Events.json(EVENT);

      assertThat(UnpaddedBase64.encode(ContentHash.of(event, version))).isEqualTo(hash);
      assertThat(ContentHash.matches(event, version)).isFalse();
      event.putObject("hashes").put("sha256", hash);
      assertThat(ContentHash.matches(event, version)).isTrue();
      event.putObject("content");
      assertThat(ContentHash.matches(event, version)).isFalse();
    }
  }

  @Test
  void contentHashNeverMatchesWhatIsNoHash() {
    for (String hashes :
        new String[] {"{}", "{\"sha256\":5}", "{\"sha256\":\"!\"}", "{\"sha256\":\"\"}"}) {
      ObjectNode event = Events.json(EVENT);
      event.set("hashes", Events.json(hashes));

      assertThat(ContentHash.matches(event, RoomVersions.V12)).isFalse();
    }
  }

  @Test
  void eventIdIsTheReferenceHash() {
    ObjectNode event = Events.json(EVENT);

    assertThat(ReferenceHash.eventId(event, RoomVersions.V3).value())
        .isEqualTo("$KpA0posDFnf95pUYR35R4RsJ4eC+LjaUJs0xep16JZk");
    for (RoomVersion version : RoomVersions.all().subList(3, 10)) {
      assertThat(ReferenceHash.eventId(event, version).value())
          .isEqualTo("$KpA0posDFnf95pUYR35R4RsJ4eC-LjaUJs0xep16JZk");
    }
    for (RoomVersion version : RoomVersions.all().subList(10, 12)) {
      assertThat(ReferenceHash.eventId(event, version).value())
          .isEqualTo("$ATCgQI60j6t3ph1i-lQLA5C7u1bQiOnmRp-mExG0lF8");
    }
  }

  @Test
  void eventIdOfOldVersionsIsWrittenInTheEvent() {
    ObjectNode event = Events.json(EVENT).put("event_id", "$abc:example.org");

    assertThat(ReferenceHash.eventId(event, RoomVersions.V1).value()).isEqualTo("$abc:example.org");
    assertThat(ReferenceHash.eventId(event, RoomVersions.V2).value()).isEqualTo("$abc:example.org");
  }

  @Test
  void eventIdDoesNotChangeByRedactionSignaturesOrUnsigned() {
    ObjectNode event = Events.json(EVENT);
    ObjectNode changed = Redaction.redact(event, RoomVersions.V11);
    changed.putObject("signatures");
    changed.putObject("unsigned").put("x", 1);

    assertThat(ReferenceHash.eventId(changed, RoomVersions.V11))
        .isEqualTo(ReferenceHash.eventId(event, RoomVersions.V11));
  }

  @Test
  void roomIdIsTheHashOfTheCreateEvent() {
    ObjectNode create = Events.json(CREATE);
    create.putObject("hashes").put("sha256", "h");

    Pdu event = Pdu.parse(create, RoomVersions.V12);

    assertThat(event.eventId().value()).isEqualTo("$NurgEBwqqnKe8PGb9dUH7D0_hhutzxlh0G9Ns4hkYq0");
    assertThat(event.roomId().value()).isEqualTo("!NurgEBwqqnKe8PGb9dUH7D0_hhutzxlh0G9Ns4hkYq0");
  }
}
