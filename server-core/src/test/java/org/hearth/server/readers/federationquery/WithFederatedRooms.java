package org.hearth.server.readers.federationquery;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/// A server that other servers ask about its rooms.
@Tag("long")
abstract class WithFederatedRooms {
  static final String V1 = "/_matrix/federation/v1";
  static final String BOB = "@bob:peer.test";

  @TempDir private Path folder;
  FederatedServer server;
  TestClient alice;
  TestClient peer;

  @BeforeEach
  void start() throws IOException {
    server = new FederatedServer(folder, "");
    alice = server.register("alice");
    peer = server.peer("peer.test");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /// A room in which Alice is alone.
  RoomId room(String visibility) {
    return RoomId.parse(
        alice
            .post(
                "/_matrix/client/v3/createRoom",
                "{'preset':'public_chat','room_version':'11','initial_state':[{'type':'m.room.history_visibility','state_key':'','content':{'history_visibility':'%s'}}]}"
                    .formatted(visibility))
            .expect(200)
            .text("room_id"));
  }

  EventId say(TestClient user, RoomId room, String text) {
    return EventId.parse(
        user.put(
                "/_matrix/client/v3/rooms/%s/send/m.room.message/%s"
                    .formatted(encoded(room.value()), encoded(text)),
                "{'msgtype':'m.text','body':'%s'}".formatted(text))
            .expect(200)
            .text("event_id"));
  }

  EventId set(RoomId room, String type, String content) {
    return EventId.parse(
        alice
            .put(
                "/_matrix/client/v3/rooms/%s/state/%s/".formatted(encoded(room.value()), type),
                content)
            .expect(200)
            .text("event_id"));
  }

  void invite(RoomId room, String user) {
    server.does(room, "@alice:hearth.test", EventTypes.MEMBER, user, "{'membership':'invite'}");
  }

  static String encoded(String text) {
    return TestClient.encoded(text);
  }

  static String event(EventId event) {
    return V1 + "/event/" + encoded(event.value());
  }

  static String at(String endpoint, RoomId room, EventId event) {
    return "%s/%s/%s?event_id=%s"
        .formatted(V1, endpoint, encoded(room.value()), encoded(event.value()));
  }

  static String auth(RoomId room, EventId event) {
    return "%s/event_auth/%s/%s".formatted(V1, encoded(room.value()), encoded(event.value()));
  }

  static String backfill(RoomId room, EventId event, int limit) {
    return "%s/backfill/%s?v=%s&limit=%d"
        .formatted(V1, encoded(room.value()), encoded(event.value()), limit);
  }

  static String nearest(RoomId room, long timestamp, String direction) {
    return "%s/timestamp_to_event/%s?ts=%d&dir=%s"
        .formatted(V1, encoded(room.value()), timestamp, direction);
  }

  TestClient.Answer missing(
      TestClient who, RoomId room, EventId earliest, EventId latest, String more) {
    return who.post(
        V1 + "/get_missing_events/" + encoded(room.value()),
        "{'earliest_events':['%s'],'latest_events':['%s']%s}".formatted(earliest, latest, more));
  }

  List<EventId> pdus(RoomId room, TestClient.Answer answer) {
    return server.ids(room, answer.expect(200).at("/pdus"));
  }
}
