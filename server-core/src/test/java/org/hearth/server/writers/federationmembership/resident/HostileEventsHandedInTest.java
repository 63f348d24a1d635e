package org.hearth.server.writers.federationmembership.resident;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What servers might hand in instead of the events that they were given to sign: rows 4, 5, 6, 9
/// and 73 of the hostile list, among others. Nothing of it comes into the room or into the tables.
final class HostileEventsHandedInTest extends WithPeer {
  private static final String ANY = "$" + "A".repeat(43);

  /// A change of an event before it is signed, and the kind of call by which it is handed in.
  record Bent(String what, String kind, Consumer<ObjectNode> change) {
    @Override
    public String toString() {
      return what + " as " + kind;
    }
  }

  static List<Bent> bent() {
    Map<String, Consumer<ObjectNode>> changes =
        Map.ofEntries(
            Map.entry("a message", json -> json.put("type", "m.room.message").remove("state_key")),
            Map.entry("another type of state", json -> json.put("type", "m.room.server_acl")),
            Map.entry("no state", json -> json.remove("state_key")),
            Map.entry("another state key", json -> json.put("state_key", "@carl:peer.test")),
            Map.entry("a user of this server", json -> json.put("state_key", ALICE)),
            Map.entry("a state key that is none", json -> json.put("state_key", "")),
            Map.entry("no membership", json -> content(json).remove("membership")),
            Map.entry("an unknown membership", json -> content(json).put("membership", "own")),
            Map.entry("a number as membership", json -> content(json).put("membership", 1)),
            Map.entry("an invite", json -> content(json).put("membership", "invite")),
            Map.entry("a ban", json -> content(json).put("membership", "ban")),
            Map.entry("another sender", json -> json.put("sender", "@carl:peer.test")));
    List<Bent> all = new ArrayList<>();
    for (String kind : List.of("join", "leave", "knock")) {
      changes.forEach((what, change) -> all.add(new Bent(what, kind, change)));
      for (String other : List.of("join", "leave", "knock")) {
        if (!other.equals(kind)) {
          all.add(new Bent("a " + other, kind, json -> content(json).put("membership", other)));
        }
      }
    }
    return all;
  }

  private static ObjectNode content(ObjectNode event) {
    return (ObjectNode) event.get("content");
  }

  @ParameterizedTest
  @MethodSource("bent")
  void whatIsNotTheMembershipOfThePathIsRefused(Bent bent) {
    RoomId room = publicRoom("11");
    Pdu event = signed(room, template("join", room), THERE, bent.change());

    for (String version : bent.kind().equals("knock") ? List.of(V1) : List.of(V1, V2)) {
      peer.put(send(version, bent.kind(), room, event), event.json())
          .expect(400, "M_INVALID_PARAM");
    }

    assertNothingKnownOf(event);
    assertThat(membership(room)).isEmpty();
  }

  @Test
  void theServerOfTheSenderIsTheOneThatAsks() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);

    server
        .peer("third.test")
        .put(send(V2, "join", room, join), join.json())
        .expect(400, "M_INVALID_PARAM");

    assertNothingKnownOf(join);
  }

  static List<RoomVersion> someVersions() {
    return List.of(RoomVersions.of("1").orElseThrow(), RoomVersions.of("11").orElseThrow());
  }

  @ParameterizedTest
  @MethodSource("someVersions")
  void theServerOfTheSenderHasSigned(RoomVersion version) {
    RoomId room = publicRoom(version.id());
    ObjectNode template = template("join", room);
    ServerName third = ServerName.parse("third.test");
    ObjectNode good = json(version, template, THERE, _ -> {});
    ObjectNode byAnother = json(version, template, third, json -> ownId(version, json));
    ObjectNode unsigned = good.deepCopy();
    unsigned.putObject("signatures");
    ObjectNode wrong = good.deepCopy();
    wrong
        .withObject("/signatures/peer.test")
        .set("ed25519:test", byAnother.at("/signatures/third.test/ed25519:test"));
    ObjectNode unknownKey = good.deepCopy();
    unknownKey
        .putObject("signatures")
        .putObject("peer.test")
        .set("ed25519:other", good.at("/signatures/peer.test/ed25519:test"));
    ObjectNode changed = good.deepCopy();
    changed.put("origin_server_ts", 1);
    // This is redacted away, so that the signature is as good as ever.
    ObjectNode otherContent = good.deepCopy();
    content(otherContent).put("displayname", "Alice");

    for (ObjectNode each : List.of(byAnother, unsigned, wrong, unknownKey, changed, otherContent)) {
      Pdu event = Pdu.parse(each, version);
      join(room, event).expect(400, "M_INVALID_PARAM");
      assertNothingKnownOf(event);
    }
    assertThat(membership(room)).isEmpty();
    join(room, Pdu.parse(good, version)).expect(200);
  }

  private static void ownId(RoomVersion version, ObjectNode json) {
    if (!version.eventIds().isHash()) {
      json.put("event_id", "$mine:peer.test");
    }
  }

  /// Row 6 of the hostile list.
  @Test
  void theRoomAndTheEventAreThoseOfThePath() {
    RoomId room = publicRoom("11");
    RoomId other = publicRoom("11");
    Pdu join = made("join", room);
    Pdu second = signed(room, template("join", room), THERE, json -> json.put("depth", 77));

    peer.put(send(V2, "join", other, join), join.json()).expect(400, "M_INVALID_PARAM");
    peer.put(send(V2, "join", room, second), join.json()).expect(400, "M_INVALID_PARAM");
    peer.put(V2 + "/send_join/%s/nonsense".formatted(encoded(room.value())), join.json())
        .expect(400, "M_INVALID_PARAM");

    assertNothingKnownOf(join);
    assertThat(server.rooms().membership(other, join.sender())).isEmpty();
  }

  /// Row 9 of the hostile list.
  @Test
  void whatAnotherRoomAllowsIsNotAllowedHere() {
    RoomId room = room("11", "private_chat");
    RoomId own = publicRoom("11");
    ObjectNode template = template("join", own);
    template.put("room_id", room.value());
    Pdu forged = signed(room, template);
    ObjectNode here = template("join", publicRoomWithInvite());
    here.set("auth_events", template.get("auth_events"));
    RoomId invited = RoomId.parse(here.path("room_id").asText());
    Pdu cites = signed(invited, here);

    join(room, forged).expect(403, "M_FORBIDDEN");
    join(invited, cites).expect(403, "M_FORBIDDEN");

    assertThat(membership(room)).isEmpty();
    assertThat(membership(invited)).contains(Membership.INVITE);
  }

  private RoomId publicRoomWithInvite() {
    RoomId room = publicRoom("11");
    invite(room, BOB);
    return room;
  }

  @Test
  void whatRefersToUnknownEventsIsNotTakenIn() {
    RoomId room = publicRoom("11");
    Pdu join =
        signed(room, template("join", room), THERE, json -> json.putArray("prev_events").add(ANY));

    join(room, join).expect(400, "M_INVALID_PARAM");

    assertNothingKnownOf(join);
    assertThat(membership(room)).isEmpty();
  }

  /// Row 73 of the hostile list.
  @Test
  void numbersThatAreOutOfRangeAreRefused() {
    RoomId room = publicRoom("11");
    String good = made("join", room).json().toString();
    String depth = good.replaceAll(".*\"depth\":(\\d+).*", "$1");

    for (String bad :
        List.of(
            "9007199254740992",
            "9223372036854775807",
            "18446744073709551616",
            "-1",
            "1.0",
            "1e3",
            "\"5\"",
            "null")) {
      byte[] body =
          good.replace("\"depth\":" + depth, "\"depth\":" + bad).getBytes(StandardCharsets.UTF_8);
      TestClient.Answer answer =
          peer.send("PUT", V2 + "/send_join/%s/%s".formatted(encoded(room.value()), ANY), body);
      assertThat(answer.expect(400, "M_BAD_JSON").text("error")).as(bad).contains("depth");
    }
    assertThat(membership(room)).isEmpty();
  }

  /// Row 4 of the hostile list: 65,536 bytes are an event, 65,537 are none.
  @Test
  void anEventThatIsTooLargeIsRefused() {
    RoomId room = publicRoom("11");
    ObjectNode template = template("join", room);
    content(template).put("filler", "");
    int missing = 65_536 - bytes(json(version(room), template, THERE, _ -> {}));
    content(template).put("filler", "x".repeat(missing + 1));
    ObjectNode tooLarge = json(version(room), template, THERE, _ -> {});
    content(template).put("filler", "x".repeat(missing));
    ObjectNode large = json(version(room), template, THERE, _ -> {});
    assertThat(bytes(tooLarge)).isEqualTo(65_537);

    peer.put(V2 + "/send_join/%s/%s".formatted(encoded(room.value()), ANY), tooLarge)
        .expect(413, "M_TOO_LARGE");
    assertThat(membership(room)).isEmpty();
    join(room, Pdu.parse(large, version(room))).expect(200);
  }

  private static int bytes(ObjectNode event) {
    return CanonicalJson.encode(event).length;
  }

  /// What is beside the signed part of an event is not kept.
  @Test
  void whatAPeerAddsUnsignedIsDropped() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    ObjectNode json = join.json().deepCopy();
    json.putObject("unsigned").put("age", -5).put("prev_sender", ALICE);

    peer.put(send(V2, "join", room, join), json).expect(200);

    assertThat(server.known(join.eventId()).pdu().unsigned()).isEmpty();
  }

  /// An event from before a ban, by a user who is banned since.
  @Test
  void whatWasAllowedOnceIsNotAllowedNow() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    join(room, join).expect(200);
    Pdu leave = made("leave", room);
    ban(room, BOB);

    peer.put(send(V2, "leave", room, leave), leave.json()).expect(403, "M_FORBIDDEN");

    assertNothingKnownOf(leave);
    assertThat(membership(room)).contains(Membership.BAN);
  }

  /// What has come another way and was refused then is no success because it is known.
  @Test
  void whatWasRejectedBeforeIsStillRefused() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    set(room, EventTypes.JOIN_RULES, "{'join_rule':'invite'}");
    server.receive(List.of(join), List.of());
    assertThat(server.rooms().status(join.eventId()).orElseThrow().softFailed()).isTrue();

    join(room, join).expect(403, "M_FORBIDDEN");
  }

  @Test
  void noJsonIsNoEvent() {
    RoomId room = publicRoom("11");
    String target = V2 + "/send_join/%s/%s".formatted(encoded(room.value()), ANY);

    peer.put(target, "{}").expect(400, "M_BAD_JSON");
    peer.put(target, "{'type':1}").expect(400, "M_BAD_JSON");
    peer.put(target, "[]").expect(400, "M_BAD_JSON");
  }

  /// A server cannot have another believe that this one has signed.
  @Test
  void aSignatureThatIsSaidToBeOursCountsForNothing() {
    RoomId room = publicRoom("11");
    ObjectNode json = made("join", room).json().deepCopy();
    json.withObject("/signatures/hearth.test").put("ed25519:test", "AAAA");
    Pdu join = Pdu.parse(json, version(room));

    assertThat(join(room, join).expect(200).json().has("event")).isFalse();

    ObjectNode kept = server.known(join.eventId()).pdu().json();
    assertThat(kept.at("/signatures/hearth.test").isMissingNode()).isTrue();
    assertThat(TestKeys.isSignedBy(server.known(join.eventId()).pdu(), THERE)).isTrue();
  }
}
