package org.hearth.server.writers.federationmembership.resident;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A server, and another whose users want to come into its rooms. Each test has rooms of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("long")
abstract class WithPeer {
  static final String V1 = "/_matrix/federation/v1";
  static final String V2 = "/_matrix/federation/v2";
  static final String ALICE = "@alice:hearth.test";
  static final String BOB = "@bob:peer.test";
  static final ServerName HERE = ServerName.parse("hearth.test");
  static final ServerName THERE = ServerName.parse("peer.test");
  private static final String ALL_VERSIONS =
      versions().stream().map(each -> "ver=" + each.id()).collect(Collectors.joining("&"));
  private static final String V3 = "/_matrix/client/v3";

  private Path folder;
  FederatedServer server;
  TestClient alice;
  TestClient peer;

  static List<RoomVersion> versions() {
    return RoomVersions.all();
  }

  @BeforeAll
  void start(@TempDir Path root) throws IOException {
    folder = root;
    server = new FederatedServer(folder, "");
    alice = server.register("alice");
    peer = server.peer(THERE.value());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  /// Looks into the database while the server is not running.
  void lookInto(Consumer<Store> look) throws IOException {
    server.close();
    try (Store store = Store.open(StoreOptions.of(folder), () -> {})) {
      look.accept(store);
    } finally {
      server = new FederatedServer(folder, "");
      alice = alice.at(server.client().base());
      peer = server.peer(THERE.value());
    }
  }

  /// A room of Alice's that everybody may join.
  RoomId publicRoom(String version) {
    return room(version, "public_chat");
  }

  /// A room of Alice's in which she is alone.
  RoomId room(String version, String preset) {
    return RoomId.parse(
        alice
            .post(
                V3 + "/createRoom",
                "{'preset':'%s','room_version':'%s'}".formatted(preset, version))
            .expect(200)
            .text("room_id"));
  }

  void set(RoomId room, String type, String content) {
    alice
        .put("%s/rooms/%s/state/%s/".formatted(V3, encoded(room.value()), type), content)
        .expect(200);
  }

  void leave(RoomId room) {
    alice.post("%s/rooms/%s/leave".formatted(V3, encoded(room.value())), "{}").expect(200);
  }

  void ban(RoomId room, String user) {
    alice
        .post(
            "%s/rooms/%s/ban".formatted(V3, encoded(room.value())),
            "{'user_id':'%s'}".formatted(user))
        .expect(200);
  }

  void invite(RoomId room, String user) {
    server.invite(room, ALICE, user);
  }

  static String encoded(String text) {
    return TestClient.encoded(text);
  }

  static String make(String kind, RoomId room, String user) {
    return "%s/make_%s/%s/%s?%s"
        .formatted(V1, kind, encoded(room.value()), encoded(user), ALL_VERSIONS);
  }

  static String send(String version, String kind, RoomId room, Pdu event) {
    return "%s/send_%s/%s/%s"
        .formatted(version, kind, encoded(room.value()), encoded(event.eventId().value()));
  }

  /// What Bob's server is given to sign.
  ObjectNode template(String kind, RoomId room) {
    JsonNode made = peer.get(make(kind, room, BOB)).expect(200).json();
    RoomVersion version = version(room);
    assertThat(made.path("room_version").asText()).isEqualTo(version.id());
    ObjectNode event = (ObjectNode) made.path("event");
    assertThat(event.path("type").asText()).isEqualTo("m.room.member");
    assertThat(event.path("sender").asText()).isEqualTo(BOB);
    assertThat(event.path("state_key").asText()).isEqualTo(BOB);
    assertThat(event.path("room_id").asText()).isEqualTo(room.value());
    assertThat(event.path("origin").asText()).isEqualTo(HERE.value());
    assertThat(event.path("origin_server_ts").isIntegralNumber()).isTrue();
    assertThat(event.path("content").path("membership").asText()).isEqualTo(kind);
    assertThat(event.has("hashes")).isFalse();
    assertThat(event.has("signatures")).isFalse();
    assertThat(event.has("event_id")).isFalse();
    return event;
  }

  RoomVersion version(RoomId room) {
    return server.rooms().room(room).orElseThrow().version();
  }

  /// The event that Bob's server makes of a template.
  Pdu signed(RoomId room, ObjectNode template) {
    return signed(room, template, THERE, _ -> {});
  }

  /// The event that some server makes of a template, with something changed before it is signed.
  Pdu signed(RoomId room, ObjectNode template, ServerName server, Consumer<ObjectNode> change) {
    return Pdu.parse(json(version(room), template, server, change), version(room));
  }

  static ObjectNode json(
      RoomVersion version, ObjectNode template, ServerName server, Consumer<ObjectNode> change) {
    ObjectNode json = template.deepCopy();
    json.put("origin", server.value());
    if (!version.eventIds().isHash()) {
      json.put("event_id", "$" + UUID.randomUUID() + ":" + server);
    }
    change.accept(json);
    return EventSignatures.hashAndSign(json, version, server, TestKeys.of(server));
  }

  /// A template of a membership and what is made of it.
  Pdu made(String kind, RoomId room) {
    return signed(room, template(kind, room));
  }

  TestClient.Answer join(RoomId room, Pdu event) {
    return peer.put(send(V2, "join", room, event), event.json());
  }

  Optional<Membership> membership(RoomId room) {
    return server.rooms().membership(room, UserId.parse(BOB)).map(RoomMembership::membership);
  }

  void assertNothingKnownOf(Pdu event) {
    assertThat(server.rooms().status(event.eventId())).isEmpty();
  }

  static ObjectNode object(String json) {
    return MatrixJson.parseObject(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
