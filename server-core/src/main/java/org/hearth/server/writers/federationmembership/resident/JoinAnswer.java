package org.hearth.server.writers.federationmembership.resident;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.servers.room.Heroes;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// Writes what a server is told that has joined a room: the state before the join, and what
/// authorises it.
///
/// A room may have a hundred thousand members, so the answer is written while it is read.
///
/// **bound**: [#PAGE] events are in memory at the same time; of the others their ids and positions.
///
/// **thread**: any.
final class JoinAnswer {
  private static final int PAGE = 16;

  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;

  JoinAnswer(ServerName here, RoomQueries rooms, PeerQueries peers) {
    this.here = here;
    this.rooms = rooms;
    this.peers = peers;
  }

  /// Writes all of it.
  ///
  /// @param join the event that was accepted
  void write(JsonWriter json, RoomEvent join) {
    json.object();
    begin(json, join);
    writeState(json, join, rooms.stateBefore(join).positions(), false);
    json.endObject();
  }

  /// Writes it without the members: "events of type `m.room.member` may be omitted from the
  /// response to reduce the size of the response. If this is done, `members_omitted` must be set to
  /// `true`."
  ///
  /// @param servers that were in the room before the join
  void writeWithoutMembers(JsonWriter json, RoomEvent join, Set<ServerName> servers) {
    json.object();
    begin(json, join);
    json.name("members_omitted").value(true);
    // "Required if `members_omitted` is true. A list of the servers active in the room (ie, those
    // with joined members) before the join."
    json.name("servers_in_room").array();
    servers.forEach(each -> json.value(each.value()));
    json.endArray();
    RoomState state = rooms.stateBefore(join);
    Map<StateKey, LogPosition> told = new HashMap<>(state.positions());
    Set<StateKey> heroes = heroes(join, state);
    told.keySet().removeIf(each -> each.type().equals(EventTypes.MEMBER) && !heroes.contains(each));
    writeState(json, join, told, true);
    json.endObject();
  }

  private void begin(JsonWriter json, RoomEvent join) {
    json.name("origin").value(here.value());
    // "The membership event sent to other servers by the resident server including a signature from
    // the resident server. Required if the room is restricted and the joining user is authorised by
    // one of the conditions."
    if (join.pdu().json().path("signatures").has(here.value())) {
      json.name("event").value(join.pdu().exchanged());
    }
  }

  /// "If the room to be joined has no `m.room.name` nor `m.room.canonical_alias` events in its
  /// current state, the resident server should determine the room members who would be included in
  /// the `m.heroes` property of the room summary as defined in the Client-Server /sync response.
  /// The resident server should include these members' membership events in the response `state`
  /// field, and include the auth chains for these membership events in the response `auth_chain`
  /// field."
  private Set<StateKey> heroes(RoomEvent join, RoomState state) {
    Set<StateKey> keys = new HashSet<>();
    if (state.position(StateKey.of(EventTypes.NAME)).isEmpty()
        && state.position(StateKey.of(EventTypes.CANONICAL_ALIAS)).isEmpty()) {
      Heroes.among(rooms.members(join.room(), EnumSet.allOf(Membership.class)))
          .of(join.sender())
          .forEach(user -> keys.add(StateKey.member(user.value())));
    }
    return keys;
  }

  /// "The resolved current room state prior to the join event", and "all events in the auth chain
  /// for the new join event, as well as those in the auth chains for any events returned in
  /// `state`".
  ///
  /// @param reduced whether "any events that are returned in `state` may be omitted from
  ///   `auth_chain`"
  private void writeState(
      JsonWriter json, RoomEvent join, Map<StateKey, LogPosition> state, boolean reduced) {
    Set<EventId> told = new HashSet<>();
    Set<EventId> authorising = new LinkedHashSet<>(join.pdu().authEvents());
    json.name("state").array();
    List<LogPosition> positions = state.values().stream().sorted().toList();
    for (int begin = 0; begin < positions.size(); begin += PAGE) {
      List<LogPosition> page = positions.subList(begin, Math.min(begin + PAGE, positions.size()));
      for (RoomEvent each : rooms.eventsAt(page)) {
        json.value(each.pdu().exchanged());
        authorising.addAll(each.pdu().authEvents());
        if (reduced) {
          told.add(each.id());
        }
      }
    }
    json.endArray();
    json.name("auth_chain").array();
    peers.authChain(
        join.room(),
        authorising,
        each -> {
          if (!told.contains(each.id())) {
            json.value(each.pdu().exchanged());
          }
        });
    json.endArray();
  }
}
