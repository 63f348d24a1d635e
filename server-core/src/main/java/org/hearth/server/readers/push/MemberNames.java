package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.Heroes;
import org.hearth.server.servers.room.MemberCounts;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.RoomSummary;

/// Names a room that has no name by its members, for one of them.
///
/// "If none of the above conditions are met, a name should be composed based on the members of the
/// room." The first five of the others are named, and how many more there are: in no language,
/// because a server has none, as in `Alice, Bob, Carol, Dan, Eve +7`. Where there is one other, who
/// mostly is the sender, that name alone says it.
///
/// **bound**: [#LARGEST_ROOM], and the events of [Heroes#MOST] members are read. **thread**: any.
///
/// **source**: [calculating the display name for a room][name].
///
/// [name]: https://spec.matrix.org/v1.19/client-server-api/#calculating-the-display-name-for-a-room
final class MemberNames {
  /// Members of a room that is named so; a larger one without a name has none here either.
  static final int LARGEST_ROOM = 100;

  /// Whose name is longer is told by the user id.
  private static final int LONGEST_NAME = 100;

  private final RoomQueries rooms;

  MemberNames(RoomQueries rooms) {
    this.rooms = rooms;
  }

  /// The name; empty if there are not at least two others, or too many.
  ///
  /// @param user for whom, and who is not named
  Optional<String> of(RoomId room, UserId user) {
    MemberCounts counts = rooms.room(room).map(RoomSummary::counts).orElse(new MemberCounts(0, 0));
    Optional<RoomState> state = rooms.currentState(room);
    if (counts.joined() + counts.invited() > LARGEST_ROOM || state.isEmpty()) {
      return Optional.empty();
    }
    List<RoomMembership> members =
        rooms.members(room, EnumSet.of(Membership.JOIN, Membership.INVITE));
    List<UserId> named = Heroes.among(members).of(user);
    if (named.size() < 2) {
      return Optional.empty();
    }
    String names = String.join(", ", names(state.get(), named));
    long others = members.stream().filter(each -> !each.user().equals(user)).count();
    long more = others - named.size();
    return Optional.of(more == 0 ? names : names + " +" + more);
  }

  /// "Disambiguating them if required": two of those who are named may have one name.
  private static List<String> names(RoomState state, List<UserId> users) {
    List<Optional<String>> own = users.stream().map(each -> name(state, each)).toList();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < users.size(); i++) {
      String id = users.get(i).value();
      boolean shared = Collections.frequency(own, own.get(i)) > 1;
      names.add(own.get(i).map(name -> shared ? "%s (%s)".formatted(name, id) : name).orElse(id));
    }
    return names;
  }

  private static Optional<String> name(RoomState state, UserId user) {
    return state
        .event(StateKey.member(user.value()))
        .map(event -> event.pdu().content().path("displayname"))
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue)
        .filter(name -> !name.isBlank() && name.length() <= LONGEST_NAME);
  }
}
