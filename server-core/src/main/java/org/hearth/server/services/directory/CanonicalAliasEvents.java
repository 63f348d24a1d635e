package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.util.Optional;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;

/// Takes aliases out of rooms' canonical alias by commands on room-input.
///
/// **thread**: any; a call waits for the commit.
public final class CanonicalAliasEvents implements CanonicalAliases {
  private static final System.Logger LOG = System.getLogger(CanonicalAliasEvents.class.getName());

  private final RoomQueries rooms;
  private final RoomClient client;

  /// Asks what rooms say, and has the Room Server write by that client.
  public CanonicalAliasEvents(RoomQueries rooms, RoomClient client) {
    this.rooms = rooms;
    this.client = client;
  }

  @Override
  public void remove(RoomId room, UserId user, RoomAlias alias) throws InterruptedException {
    Optional<ObjectNode> before =
        rooms
            .currentState(room)
            .flatMap(state -> state.event(EventTypes.CANONICAL_ALIAS))
            .map(event -> event.pdu().content());
    if (before.isEmpty()) {
      return;
    }
    ObjectNode after = without(before.get(), alias.value());
    if (after.equals(before.get())) {
      return;
    }
    RoomReply reply =
        client.ask(
            new RoomInput.SendEvent(
                room,
                EventDraft.state(room, user, StateKey.of(EventTypes.CANONICAL_ALIAS), after),
                null));
    if (reply instanceof RoomReply.Refused refused) {
      // "delete the alias and return a successful response even if the user does not have
      // permission to update the `m.room.canonical_alias` event"
      LOG.log(
          Level.DEBUG,
          "{0} stays in the canonical alias of {1}: {2}",
          alias,
          room,
          refused.detail());
    }
  }

  private static ObjectNode without(ObjectNode content, String alias) {
    ObjectNode after = content.deepCopy();
    if (after.path("alias").asText("").equals(alias)) {
      after.remove("alias");
    }
    if (content.get("alt_aliases") instanceof ArrayNode others) {
      ArrayNode kept = after.putArray("alt_aliases");
      for (JsonNode each : others) {
        if (!each.asText("").equals(alias)) {
          kept.add(each);
        }
      }
      if (kept.isEmpty()) {
        after.remove("alt_aliases");
      }
    }
    return after;
  }
}
