package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
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
  public void remove(RoomId room, UserId user, Collection<RoomAlias> aliases)
      throws InterruptedException {
    Optional<ObjectNode> before = content(room);
    if (before.isEmpty()) {
      return;
    }
    Set<String> removed = new HashSet<>();
    aliases.forEach(each -> removed.add(each.value()));
    ObjectNode after = only(before.get(), each -> !removed.contains(each));
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
          "{0} stay in the canonical alias of {1}: {2}",
          aliases,
          room,
          refused.detail());
    }
  }

  @Override
  public Optional<ObjectNode> only(RoomId room, Collection<RoomAlias> aliases) {
    Set<String> kept = new HashSet<>();
    aliases.forEach(each -> kept.add(each.value()));
    return content(room)
        .map(content -> only(content, kept::contains))
        .filter(Predicate.not(ObjectNode::isEmpty));
  }

  private Optional<ObjectNode> content(RoomId room) {
    return rooms
        .currentState(room)
        .flatMap(state -> state.event(EventTypes.CANONICAL_ALIAS))
        .map(event -> event.pdu().content());
  }

  /// The content with those aliases only that are wanted.
  private static ObjectNode only(ObjectNode content, Predicate<String> wanted) {
    ObjectNode after = content.deepCopy();
    if (!wanted.test(after.path("alias").asText(""))) {
      after.remove("alias");
    }
    if (content.get("alt_aliases") instanceof ArrayNode others) {
      ArrayNode kept = after.putArray("alt_aliases");
      for (JsonNode each : others) {
        if (wanted.test(each.asText(""))) {
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
