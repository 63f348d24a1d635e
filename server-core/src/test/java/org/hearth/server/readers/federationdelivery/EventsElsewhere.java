package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.jspecify.annotations.Nullable;

/// Makes events as other servers do.
final class EventsElsewhere {
  private long ts = 1_700_000_000_000L;

  /// An event after all that is in the room.
  Pdu event(
      RoomQueries rooms,
      RoomId room,
      UserId sender,
      String type,
      @Nullable String stateKey,
      ObjectNode content) {
    RoomVersion version = rooms.room(room).orElseThrow().version();
    ObjectNode made = JsonNodeFactory.instance.objectNode();
    made.put("type", type);
    made.put("sender", sender.value());
    made.put("room_id", room.value());
    made.set("content", content);
    made.put("origin_server_ts", ts++);
    if (stateKey != null) {
      made.put("state_key", stateKey);
    }
    long depth = 0;
    var previous = made.putArray("prev_events");
    for (EventId each : rooms.forwardExtremities(room)) {
      previous.add(each.value());
      depth = Math.max(depth, rooms.event(each).orElseThrow().pdu().depth());
    }
    made.put("depth", depth + 1);
    RoomState state = rooms.currentState(room).orElseThrow();
    var auth = made.putArray("auth_events");
    state
        .events(
            AuthEventSelection.keysFor(
                version, type, sender, Optional.ofNullable(stateKey), content))
        .forEach(each -> auth.add(each.id().value()));
    return Pdu.parse(
        EventSignatures.hashAndSign(made, version, sender.server(), TestKeys.of(sender.server())),
        version);
  }
}
