package org.hearth.server.servers.room;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;

/// What a user of this server is to a room in which this server is not: invited to it, knocking, or
/// no longer either.
///
/// @param membership the position is that of the log's entry, at which there is no event
/// @param event the member event; its room and its graph are not here
/// @param strippedState what the user is shown of the room; empty when it is over
/// @param via the server that invited the user, or by which the user knocked
public record OutsideRoom(
    RoomMembership membership, Pdu event, List<ObjectNode> strippedState, ServerName via) {
  /// Copies the list.
  public OutsideRoom {
    strippedState = List.copyOf(strippedState);
  }

  /// The servers that are likely to be in the room, the likeliest first: for who joins it, knocks
  /// or declines.
  public Set<ServerName> servers() {
    Set<ServerName> servers = new LinkedHashSet<>();
    servers.add(via);
    servers.add(event.sender().server());
    servers.remove(membership.user().server());
    return servers;
  }

  /// The member event as those have it who tell of events: it has no place in a timeline.
  public RoomEvent asEvent() {
    return new RoomEvent(membership.position(), event, null, null, null, 0);
  }
}
