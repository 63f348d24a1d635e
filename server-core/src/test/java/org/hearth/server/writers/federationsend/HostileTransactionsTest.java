package org.hearth.server.writers.federationsend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.services.staging.PeerRejection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What servers send that mean ill, seen from the users and the rooms of this one: rows of the list
/// of known attacks, see `docs/security-tests.md`.
@Timeout(180)
class HostileTransactionsTest extends WithPeers {
  private static final String V3 = "/_matrix/client/v3";

  private String path(String more) {
    return V3 + "/rooms/" + TestClient.encoded(room.value()) + more;
  }

  private EventId set(String type, String content) {
    return EventId.parse(
        alice.put(path("/state/" + type + "/"), content).expect(200).text("event_id"));
  }

  /// The same event changed and signed again.
  private static Pdu changed(Pdu event, Consumer<ObjectNode> change) {
    return changed(event, event.version(), change);
  }

  /// The same as rooms of a version have it, where that allows more than the event's own does.
  private static Pdu changed(Pdu event, RoomVersion version, Consumer<ObjectNode> change) {
    return Pdu.parse(changedJson(event, version, change), version);
  }

  private static ObjectNode changedJson(
      Pdu event, RoomVersion version, Consumer<ObjectNode> change) {
    ObjectNode json = event.json().deepCopy();
    json.remove(List.of("hashes", "signatures"));
    change.accept(json);
    ServerName server = event.sender().server();
    return EventSignatures.hashAndSign(json, version, server, TestKeys.of(server));
  }

  private static RoomVersion version(String id) {
    return RoomVersions.of(id).orElseThrow();
  }

  private boolean isRejected(Pdu event) {
    return server.rooms().status(event.eventId()).filter(each -> each.rejected()).isPresent();
  }

  private EventId powerLevels() {
    return server
        .rooms()
        .currentState(room)
        .orElseThrow()
        .event(EventTypes.POWER_LEVELS)
        .orElseThrow()
        .id();
  }

  private List<String> rules() {
    return server.rejections().of(peer.name()).stream().map(PeerRejection::rule).toList();
  }

  /// Row 13: a rejection is for good, and nothing stands on what was rejected.
  @Test
  void whatWasRejectedStaysSoHoweverOftenItComes() throws Exception {
    EventId levels = powerLevels();
    Pdu takeover =
        server.event(room, bob, EventTypes.POWER_LEVELS, "", "{'users':{'" + bob + "':100}}");
    send(peer, takeover);
    await(() -> isRejected(takeover));

    Pdu after = says(bob, "after it", List.of(takeover.eventId()));
    // The room allows it, but for what it cites.
    Pdu byIt =
        changed(
            says(bob, "by it"),
            json -> {
              var cited = json.withArray("auth_events");
              for (int i = 0; i < cited.size(); i++) {
                if (cited.get(i).asText().equals(levels.value())) {
                  var _ = cited.set(i, takeover.eventId().value());
                }
              }
              assertThat(cited.toString()).contains(takeover.eventId().value());
            });
    send(peer, takeover, after, byIt);

    awaitShown(after);
    await(() -> isRejected(byIt));
    restart();
    send(peer, takeover);
    arrive(says(bob, "later"));
    assertThat(isRejected(takeover)).isTrue();
    assertThat(isShown(byIt.eventId())).isFalse();
    assertThat(powerLevels()).isEqualTo(levels);
    assertThat(server.rooms().forwardExtremities(room)).doesNotContain(takeover.eventId());
  }

  /// Sends events of the peer and waits until they are in the room.
  private void arrive(Pdu... events) {
    send(peer, events);
    awaitShown(events);
  }

  /// Rows 11 and 12: who does not cite the power levels is bound by them all the same.
  @Test
  void whoLeavesOutThePowerLevelsHasNoPower() {
    var _ =
        set(EventTypes.POWER_LEVELS, "{'users':{'@alice:hearth.test':100},'events_default':50}");
    EventId levels = powerLevels();
    Pdu quiet = says(bob, "I may not say this");
    Pdu pretending =
        changed(
            says(bob, "nor this"),
            json -> {
              List<JsonNode> cited = new ArrayList<>();
              json.path("auth_events")
                  .forEach(each -> {
                    if (!each.asText().equals(levels.value())) {
                      cited.add(each);
                    }
                  });
              assertThat(cited).hasSize(json.path("auth_events").size() - 1);
              json.putArray("auth_events").addAll(cited);
            });

    send(peer, quiet, pretending);

    await(() -> isRejected(quiet) && isRejected(pretending));
    assertThat(isShown(quiet.eventId()) || isShown(pretending.eventId())).isFalse();
  }

  /// Row 19: a room's version is that of its create event, whatever an event looks like.
  @Test
  void anEventOfAnotherVersionOfRoomsIsNone() {
    room =
        RoomId.parse(
            alice
                .post(V3 + "/createRoom", "{'preset':'public_chat','room_version':'6'}")
                .expect(200)
                .text("room_id"));
    server.membership(room, bob, "join");
    // Since version 11 `origin` is redacted away, and so not signed.
    Pdu of11 =
        changed(says(bob, "signed otherwise"), version("11"), json -> json.put("origin", "x.test"));
    String dave = peer.user("dave");
    // Since version 7.
    Pdu knock = server.event(room, dave, EventTypes.MEMBER, dave, "{'membership':'knock'}");
    // Until version 2 events have ids and hashes of those before.
    Pdu of1 =
        changed(
            says(bob, "of long ago"),
            version("1"),
            json -> {
              json.put("event_id", "$mine:" + peer.name());
              for (String each : List.of("prev_events", "auth_events")) {
                List<JsonNode> ids = new ArrayList<>();
                json.path(each).forEach(ids::add);
                var references = json.putArray(each);
                ids.forEach(
                    id -> references.addArray().add("$x:peer.test").addObject().put("sha256", "x"));
              }
            });

    sendJson(peer, List.of(of11.json(), knock.json(), of1.json()), List.of());

    arrive(says(bob, "of this version"));
    await(() -> rules().size() == 3);
    assertThat(rules()).contains("SIGNATURE_WRONG");
    assertThat(server.rooms().event(of11.eventId())).isEmpty();
    assertThat(isRejected(knock)).isTrue();
    assertThat(server.rooms().membership(room, knock.sender())).isEmpty();
  }

  /// Row 22: who redacts the create event does not change the room's version.
  @Test
  void aRoomWhoseCreateEventIsRedactedKeepsItsVersion() throws Exception {
    var _ =
        set(
            EventTypes.POWER_LEVELS,
            "{'users':{'@alice:hearth.test':100,'%s':100}}".formatted(bob));
    EventId create =
        server.rooms().currentState(room).orElseThrow().event(EventTypes.CREATE).orElseThrow().id();
    Pdu redaction =
        server.event(room, bob, EventTypes.REDACTION, null, "{'redacts':'" + create + "'}");
    arrive(redaction);

    restart();

    assertThat(server.rooms().room(room).orElseThrow().version()).isEqualTo(version("11"));
    arrive(says(bob, "still of version 11"));
    alice.put(path("/send/m.room.message/1"), "{'body':'too'}").expect(200);
  }

  /// Rows 21 and 46: of others only those redact who have the level.
  @Test
  void whoMayNotRedactChangesNothing() {
    String carol = other.user("carol");
    server.membership(room, carol, "join");
    String said =
        alice.put(path("/send/m.room.message/1"), "{'body':'kept'}").expect(200).text("event_id");
    Pdu own = says(bob, "own");
    arrive(own);
    Pdu foreign = server.event(room, carol, EventTypes.MESSAGE, null, "{'body':'kept too'}");
    send(other, foreign);
    awaitShown(foreign);

    arrive(
        server.event(room, bob, EventTypes.REDACTION, null, "{'redacts':'" + said + "'}"),
        server.event(
            room, bob, EventTypes.REDACTION, null, "{'redacts':'" + foreign.eventId() + "'}"),
        server.event(room, bob, EventTypes.REDACTION, null, "{'redacts':'" + own.eventId() + "'}"));

    assertThat(alice.get(path("/event/" + said)).expect(200).at("/content/body").asText())
        .isEqualTo("kept");
    assertThat(server.known(foreign.eventId()).pdu().content().has("body")).isTrue();
    assertThat(server.known(own.eventId()).pdu().content().has("body")).isFalse();
  }

  /// Row 73: all that a depth may not be, by the server that signs; none of it spoils the
  /// transaction. Versions up to 5 allow more, so that all is signed as it should be.
  @Test
  void aDepthThatIsNoneCostsOnlyItsEvent() {
    List<JsonNode> depths =
        List.of(
            new BigIntegerNode(BigInteger.TWO.pow(53)),
            new BigIntegerNode(BigInteger.TWO.pow(63).subtract(BigInteger.ONE)),
            new BigIntegerNode(BigInteger.TWO.pow(63)),
            new BigIntegerNode(BigInteger.TWO.pow(64)),
            new BigIntegerNode(BigInteger.TWO.pow(53).negate()),
            TextNode.valueOf("5"),
            NullNode.instance,
            JsonNodeFactory.instance.arrayNode().add(5),
            JsonNodeFactory.instance.objectNode());
    List<JsonNode> all = new ArrayList<>();
    for (JsonNode each : depths) {
      all.add(changedJson(says(bob, "bad"), version("5"), json -> json.set("depth", each)));
    }
    all.add(changedJson(says(bob, "bad"), version("5"), json -> json.remove("depth")));
    Pdu good = says(bob, "good");
    all.add(good.json());

    sendJson(peer, all, List.of());

    awaitShown(good);
    await(() -> rules().size() == depths.size() + 1);
    assertThat(rules()).containsOnly("OUT_OF_RANGE", "WRONG_TYPE", "MISSING");
  }

  /// Row 73: the same in the spellings that are no integers.
  @Test
  void aDepthThatIsSpelledAsNoIntegerCostsOnlyItsEvent() {
    Pdu good = says(bob, "good");
    List<String> all = new ArrayList<>();
    for (String each : List.of("1.0", "1e3", "5.5", "-1")) {
      all.add(says(bob, "bad").json().toString().replaceAll("\"depth\":\\d+", "\"depth\":" + each));
    }
    all.add(good.json().toString());
    byte[] body =
        "{\"origin\":\"x\",\"origin_server_ts\":1,\"pdus\":[%s]}"
            .formatted(String.join(",", all))
            .getBytes(StandardCharsets.UTF_8);

    var _ =
        server
            .client()
            .as(peer.peer())
            .send("PUT", "/_matrix/federation/v1/send/spelled", body)
            .expect(200);

    awaitShown(good);
    await(() -> rules().size() >= 4);
    assertThat(rules()).doesNotContain("SIGNATURE_WRONG", "NOT_SIGNED", "KEYS_UNKNOWN");
  }

  /// Row 74: after an event as deep as can be the room goes on, and others can take what is said.
  @Test
  void anEventAtTheGreatestDepthLeavesTheRoomUsable() {
    Pdu deepest = changed(says(bob, "deep"), json -> json.put("depth", PduFormat.MAX_DEPTH));
    arrive(deepest);

    EventId next =
        EventId.parse(
            alice.put(path("/send/m.room.message/1"), "{'body':'x'}").expect(200).text("event_id"));

    Pdu said = server.known(next).pdu();
    assertThat(said.depth()).isEqualTo(PduFormat.MAX_DEPTH);
    assertThat(said.prevEvents()).containsExactly(deepest.eventId());
    assertThat(PduFormat.read(said.json(), said.version())).isInstanceOf(PduFormat.Valid.class);
    arrive(
        changed(
            deepest,
            json -> {
              json.putArray("prev_events").add(next.value());
              json.withObject("/content").put("body", "on");
            }));
  }

  /// Rows 89 and 90: what is cited, and memberships, that are none.
  @Test
  void whatCitesNoEventsAndMembershipsThatAreNoneCostOnlyThemselves() {
    List<JsonNode> all = new ArrayList<>();
    List<String> ids =
        List.of(
            "$x:peer.test", "$", "", "x", "$" + "x".repeat(10 << 10), "$é", "$" + "/".repeat(43));
    for (String id : ids) {
      for (String member : List.of("prev_events", "auth_events")) {
        all.add(
            changedJson(says(bob, "bad"), version("11"), json -> json.putArray(member).add(id)));
      }
    }
    int dropped = all.size();
    String dave = peer.user("dave");
    List<Pdu> rejected = new ArrayList<>();
    for (String membership : List.of("5", "null", "[]", "{}", "''", "'own'", "true")) {
      rejected.add(
          server.event(room, dave, EventTypes.MEMBER, dave, "{'membership':" + membership + "}"));
    }
    rejected.add(server.event(room, dave, EventTypes.MEMBER, dave, "{}"));
    rejected.forEach(each -> all.add(each.json()));
    Pdu good = says(bob, "good");
    all.add(good.json());

    sendJson(peer, all, List.of());

    awaitShown(good);
    await(() -> rules().size() == dropped + rejected.size());
    assertThat(rejected).allMatch(this::isRejected);
    assertThat(rules()).filteredOn("BAD_IDENTIFIER"::equals).hasSize(dropped);
    assertThat(server.rooms().forwardExtremities(room)).containsExactly(good.eventId());
  }

  /// Row 85: whatever is hidden between two events, who pages finds both.
  @Test
  void manyHiddenEventsEndNoPage() {
    String carol = other.user("carol");
    server.membership(room, carol, "join");
    Pdu first = says(bob, "first");
    arrive(first);
    List<Pdu> softFailed = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      softFailed.add(server.event(room, carol, EventTypes.MESSAGE, null, "{'body':'hidden'}"));
    }
    alice.post(path("/ban"), "{'user_id':'" + carol + "'}").expect(200);
    List<Pdu> rejected = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      rejected.add(
          server.event(room, bob, EventTypes.TOPIC, "", "{'topic':'number %d'}".formatted(i)));
    }
    for (int i = 0; i < 400; i += 50) {
      send(peer, rejected.subList(i, i + 50));
    }
    for (int i = 0; i < 100; i += 50) {
      send(other, softFailed.subList(i, i + 50));
    }
    await(() -> rejected.stream().allMatch(this::isRejected));
    await(() ->
        softFailed.stream().allMatch(each -> server.rooms().status(each.eventId()).isPresent()));
    Pdu last = says(bob, "last");
    arrive(last);

    List<String> bodies = new ArrayList<>();
    int pages = 0;
    String from = "";
    do {
      JsonNode page = alice.get(path("/messages?dir=b&limit=10" + from)).expect(200).json();
      page.path("chunk").forEach(each -> bodies.add(each.at("/content/body").asText()));
      from = page.has("end") ? "&from=" + TestClient.encoded(page.path("end").asText()) : "";
      pages++;
    } while (!from.isEmpty());

    assertThat(bodies).contains("first", "last").doesNotContain("hidden");
    assertThat(pages).isLessThan(20);
    assertThat(
            server
                .client()
                .as(peer.peer())
                .get(
                    "/_matrix/federation/v1/backfill/%s?v=%s&limit=20"
                        .formatted(
                            TestClient.encoded(room.value()),
                            TestClient.encoded(last.eventId().value())))
                .expect(200)
                .at("/pdus")
                .toString())
        .contains("\"first\"")
        .doesNotContain("hidden", "number ");
  }

  private static final Map<String, List<String>> FIELDS =
      Map.ofEntries(
          Map.entry("m.room.name", List.of("name")),
          Map.entry("m.room.topic", List.of("topic", "m.topic")),
          Map.entry("m.room.avatar", List.of("url", "info")),
          Map.entry("m.room.canonical_alias", List.of("alias", "alt_aliases")),
          Map.entry("m.room.join_rules", List.of("join_rule", "allow")),
          Map.entry("m.room.history_visibility", List.of("history_visibility")),
          Map.entry("m.room.guest_access", List.of("guest_access")),
          Map.entry("m.room.encryption", List.of("algorithm", "rotation_period_ms")),
          Map.entry("m.room.pinned_events", List.of("pinned")),
          Map.entry("m.room.tombstone", List.of("body", "replacement_room")),
          Map.entry("m.room.third_party_invite", List.of("display_name", "public_keys")),
          Map.entry("m.room.policy", List.of("via", "public_key")),
          Map.entry("m.space.child", List.of("via", "order", "suggested")),
          Map.entry("m.space.parent", List.of("via", "canonical")),
          Map.entry(
              "m.room.member",
              List.of("displayname", "avatar_url", "reason", "is_direct", "third_party_invite")));

  private static final Map<String, List<String>> MESSAGE_FIELDS =
      Map.of(
          "m.room.message",
          List.of(
              "body", "msgtype", "formatted_body", "m.relates_to", "m.mentions", "m.new_content"),
          "m.reaction",
          List.of("m.relates_to"),
          "m.room.encrypted",
          List.of("algorithm", "ciphertext", "m.relates_to"),
          EventTypes.REDACTION,
          List.of("redacts"));

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "0",
          "-9007199254740991",
          "''",
          "'\\u0000'",
          "[]",
          "[null]",
          "[[[]]]",
          "{}",
          "{'a':null}",
          "{'rel_type':'m.thread','event_id':5}",
          "{'rel_type':['m.replace'],'event_id':'$x'}",
          "{'m.text':[{'body':5}],'user_ids':[5],'w':'x'}");

  /// Events of each kind that have that value in one of their fields, each after the one before.
  private List<Pdu> odd(String value) {
    List<Pdu> events = new ArrayList<>();
    Stream.of(FIELDS, MESSAGE_FIELDS)
        .flatMap(each -> each.entrySet().stream())
        .forEach(each ->
            each.getValue()
                .forEach(field -> {
                  String type = each.getKey();
                  String content =
                      "{'%s':%s%s}"
                          .formatted(
                              field,
                              value,
                              type.equals(EventTypes.MEMBER) ? ",'membership':'join'" : "");
                  events.add(
                      server.event(
                          room,
                          bob,
                          type,
                          FIELDS.containsKey(type) ? key(type) : null,
                          content,
                          events.isEmpty()
                              ? server.rooms().forwardExtremities(room)
                              : List.of(events.getLast().eventId())));
                }));
    return events;
  }

  private String key(String type) {
    return switch (type) {
      case EventTypes.MEMBER -> bob;
      case "m.space.child", "m.space.parent" -> "!child:" + peer.name();
      case "m.room.third_party_invite" -> "token";
      default -> "";
    };
  }

  /// Row 80: state and messages of any types of JSON break nothing that users and servers read.
  @Test
  void contentOfAnyTypesBreaksNothingForWhoReads() {
    var _ =
        set(
            EventTypes.POWER_LEVELS,
            "{'users':{'@alice:hearth.test':100,'%s':100}}".formatted(bob));
    alice
        .put(
            V3 + "/directory/list/room/" + TestClient.encoded(room.value()),
            "{'visibility':'public'}")
        .expect(200);
    String since = alice.get(V3 + "/sync?timeout=0").expect(200).text("next_batch");

    for (String value : VALUES) {
      List<Pdu> odd = odd(value);
      Pdu good = says(bob, "good", List.of(odd.getLast().eventId()));
      List<Pdu> all = new ArrayList<>(odd);
      all.add(good);
      send(peer, all);
      awaitShown(good);

      since = assertReadable(since, good);
    }

    TestClient dora = server.register("dora");
    dora.get(V3 + "/sync?timeout=0").expect(200);
  }

  /// @return the next token
  private String assertReadable(String since, Pdu good) {
    String next = alice.get(V3 + "/sync?timeout=0&since=" + since).expect(200).text("next_batch");
    assertThat(
            alice
                .get(V3 + "/sync?timeout=0")
                .expect(200)
                .at("/rooms/join")
                .path(room.value())
                .toString())
        .contains(good.eventId().value());
    String id = TestClient.encoded(good.eventId().value());
    for (String each :
        List.of(
            "/state",
            "/members",
            "/joined_members",
            "/aliases",
            "/messages?dir=b&limit=100",
            "/messages?dir=f&limit=100",
            "/context/" + id,
            "/event/" + id)) {
      alice.get(path(each)).expect(200);
    }
    for (String each : List.of("/hierarchy", "/threads", "/relations/" + id)) {
      alice.get(path(each).replace("/v3/", "/v1/")).expect(200);
    }
    alice.get(V3 + "/publicRooms").expect(200);
    alice.get(V3 + "/notifications").expect(200);
    alice
        .post(
            V3 + "/search",
            "{'search_categories':{'room_events':{'search_term':'good','include_state':true}}}")
        .expect(200);
    alice.post(V3 + "/user_directory/search", "{'search_term':'bob'}").expect(200);
    TestClient asking = server.client().as(peer.peer());
    for (String each :
        List.of(
            "/state/ROOM?event_id=" + id,
            "/state_ids/ROOM?event_id=" + id,
            "/backfill/ROOM?limit=100&v=" + id,
            "/hierarchy/ROOM",
            "/event_auth/ROOM/" + id)) {
      asking
          .get("/_matrix/federation/v1" + each.replace("ROOM", TestClient.encoded(room.value())))
          .expect(200);
    }
    return next;
  }
}
