package org.hearth.server.writers.federationsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.outbound.TestAuthority;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/// A server, and another one that sends to it.
@Tag("long")
abstract class WithPeers {
  private static final String SEND = "/_matrix/federation/v1/send/";

  @TempDir Path folder;
  FederatedServer server;
  TestClient alice;
  TestHomeserver peer;
  TestHomeserver other;
  RoomId room;
  String bob;
  private int transactions;

  @BeforeEach
  void start() throws IOException {
    TestAuthority authority = new TestAuthority();
    Path file = authority.writeTo(folder.resolve("authority.pem"));
    peer = new TestHomeserver(authority, file);
    other = new TestHomeserver(authority, file);
    bob = peer.user("bob");
    server = open();
    alice = server.register("alice");
    room = room();
    server.membership(room, bob, "join");
  }

  private FederatedServer open() throws IOException {
    return new FederatedServer(folder.resolve("data"), peer.settings());
  }

  void restart() throws IOException {
    server.close();
    server = open();
    alice = server.login("alice");
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    peer.close();
    other.close();
  }

  /// A room in which Alice is alone.
  RoomId room() {
    return RoomId.parse(
        alice
            .post("/_matrix/client/v3/createRoom", "{'preset':'public_chat','room_version':'11'}")
            .expect(200)
            .text("room_id"));
  }

  Pdu says(String user, String text) {
    return server.event(room, user, EventTypes.MESSAGE, null, "{'body':'" + text + "'}");
  }

  /// The same after other events, which need not be here.
  Pdu says(String user, String text, List<EventId> previous) {
    return server.event(room, user, EventTypes.MESSAGE, null, "{'body':'" + text + "'}", previous);
  }

  /// Messages, each after the one before.
  List<Pdu> chain(String user, int count) {
    List<Pdu> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      events.add(
          events.isEmpty()
              ? says(user, "number 0")
              : says(user, "number " + i, List.of(events.getLast().eventId())));
    }
    return events;
  }

  /// The event with something else in it, signed by its server.
  static Pdu bent(Pdu event, Consumer<ObjectNode> change) {
    ObjectNode json = event.json().deepCopy();
    change.accept(json);
    json.remove(List.of("hashes", "signatures"));
    ServerName server = event.sender().server();
    return Pdu.parse(
        EventSignatures.hashAndSign(json, event.version(), server, TestKeys.of(server)),
        event.version());
  }

  static ObjectNode transaction(List<? extends JsonNode> pdus, List<? extends JsonNode> edus) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("origin", "told.by.nobody");
    json.put("origin_server_ts", 1);
    ArrayNode list = json.putArray("pdus");
    pdus.forEach(list::add);
    ArrayNode those = json.putArray("edus");
    edus.forEach(those::add);
    return json;
  }

  TestClient.Answer put(TestHomeserver from, String id, JsonNode body) {
    return server.client().as(from.peer()).put(SEND + id, body.toString());
  }

  JsonNode send(TestHomeserver from, List<Pdu> events) {
    return sendJson(from, events.stream().map(Pdu::json).toList(), List.of());
  }

  JsonNode send(TestHomeserver from, Pdu... events) {
    return send(from, List.of(events));
  }

  JsonNode sendJson(
      TestHomeserver from, List<? extends JsonNode> pdus, List<? extends JsonNode> edus) {
    return put(from, "t" + transactions++, transaction(pdus, edus)).expect(200).at("/pdus");
  }

  List<EventId> ids(RoomState state) {
    return server.rooms().eventsAt(List.copyOf(state.positions().values())).stream()
        .map(RoomEvent::id)
        .toList();
  }

  boolean isShown(EventId event) {
    return server.rooms().event(event).filter(each -> each.place() > 0).isPresent();
  }

  /// Whether it is shown and counted: it is in the database a moment before the room's state has
  /// it.
  private boolean isCounted(EventId event) {
    LogPosition counted = server.box(RoomServer.class).output().head();
    return server
        .rooms()
        .event(event)
        .filter(each -> each.place() > 0 && !each.position().isAfter(counted))
        .isPresent();
  }

  void awaitShown(Pdu... events) {
    await(() -> Stream.of(events).allMatch(each -> isCounted(each.eventId())));
  }

  void awaitShown(List<Pdu> events) {
    awaitShown(events.toArray(Pdu[]::new));
  }

  /// Waits until something is so.
  static void await(BooleanSupplier condition) {
    Eventually.until("it is so", condition);
  }
}
