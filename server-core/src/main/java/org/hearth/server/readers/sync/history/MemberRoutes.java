package org.hearth.server.readers.sync.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.EventBatches;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Who is where: `GET /rooms/{roomId}/members`, `…/joined_members` and `/joined_rooms`.
///
/// **Source:** [getting events for a room][events], [room membership][membership].
///
/// [events]: https://spec.matrix.org/v1.19/client-server-api/#getting-events-for-a-room
/// [membership]: https://spec.matrix.org/v1.19/client-server-api/#room-membership
public final class MemberRoutes implements RouteGroup {
  private final RoomQueries rooms;
  private final ClientEvents events;
  private final Snapshots snapshots;

  public MemberRoutes(RoomQueries rooms, ClientEvents events, Snapshots snapshots) {
    this.rooms = rooms;
    this.events = events;
    this.snapshots = snapshots;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/rooms/{roomId}/members"),
        Access.USER_OR_GUEST,
        RateClass.DEFAULT,
        this::members);
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/rooms/{roomId}/joined_members"),
        Access.USER,
        RateClass.DEFAULT,
        this::joinedMembers);
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/joined_rooms"),
        Access.USER,
        RateClass.DEFAULT,
        this::joinedRooms);
  }

  private Response members(Request request) {
    Viewer viewer = Viewer.of(request.requester());
    RoomId room = Parameters.room(request);
    Optional<Membership> only = membership(request, "membership");
    Optional<Membership> not = membership(request, "not_membership");
    LogPosition at = at(request, room, viewer);
    return Response.written(stream -> {
      stream.awaitTurn();
      JsonWriter json = stream.json().object().name("chunk");
      events.writeState(
          json,
          members(room, at),
          each -> matches(OwnMembership.membershipOf(each), only, not),
          viewer,
          OwnMembership.upTo(rooms, rooms.membership(room, viewer.user())),
          EventStyle.SINGLE);
      json.endObject();
    });
  }

  /// Where the room's member events are, in order.
  private List<LogPosition> members(RoomId room, LogPosition at) {
    return rooms.stateAt(room, at).stream()
        .flatMap(state -> state.positions().entrySet().stream())
        .filter(each -> each.getKey().type().equals(EventTypes.MEMBER))
        .map(Map.Entry::getValue)
        .sorted()
        .toList();
  }

  /// The moment whose members are asked for, no later than the user may look. An earlier one is
  /// allowed if the user could see what happened then.
  private LogPosition at(Request request, RoomId room, Viewer viewer) {
    RoomAccess access =
        switch (RoomAccess.of(rooms, room, viewer.user(), snapshots.current())) {
          case RoomAccess.Member member -> member;
          case RoomAccess.FormerMember former -> former;
          case RoomAccess.Passer _ ->
              throw MatrixException.forbidden("You are not in this room and never were");
        };
    Optional<LogPosition> asked =
        Parameters.token(request, "at").filter(each -> access.upTo().isAfter(each));
    if (asked.isEmpty()) {
      return access.upTo();
    }
    List<RoomEvent> last = rooms.backwards(room, asked.get(), LogPosition.ORIGIN, 1);
    Optional<RoomEvent> seen =
        last.isEmpty() ? beginning(room, access.upTo()) : Optional.of(last.getFirst());
    if (seen.isPresent() && !rooms.maySee(viewer.user(), seen.get())) {
      throw MatrixException.forbidden("You may not see the room as it was then");
    }
    return last.isEmpty() ? seen.map(RoomEvent::position).orElse(asked.get()) : asked.get();
  }

  /// The first event after which the room has members. The `prev_batch` of a timeline that is the
  /// whole room is from before that, and who asks for the members then wants those that the room
  /// began with.
  private Optional<RoomEvent> beginning(RoomId room, LogPosition upTo) {
    return rooms.forwards(room, LogPosition.ORIGIN, upTo, 2).stream()
        .filter(each -> !each.type().equals(EventTypes.CREATE))
        .findFirst();
  }

  /// "When specified alongside `not_membership`, the two parameters create an 'or' condition:
  /// either the membership *is* the same as `membership` **or** *is not* the same as
  /// `not_membership`."
  private static boolean matches(
      Membership membership, Optional<Membership> only, Optional<Membership> not) {
    boolean is = only.isPresent() && membership == only.get();
    boolean isNot = not.isPresent() && membership != not.get();
    return is || isNot || (only.isEmpty() && not.isEmpty());
  }

  private static Optional<Membership> membership(Request request, String name) {
    return request
        .query(name)
        .map(each ->
            Membership.of(each)
                .orElseThrow(() ->
                    MatrixException.invalidParam(
                        name + " must be join, invite, knock, leave or ban")));
  }

  private Response joinedMembers(Request request) {
    RoomId room = Parameters.room(request);
    // Asked for its patience only: who was told of a join finds it here.
    LogPosition now = snapshots.current();
    if (!rooms.isJoined(room, request.requester().user())) {
      throw MatrixException.forbidden("You are not in this room");
    }
    return Response.written(stream -> {
      stream.awaitTurn();
      JsonWriter json = stream.json().object().name("joined").object();
      EventBatches.read(rooms, members(room, now))
          .filter(each -> OwnMembership.membershipOf(each) == Membership.JOIN)
          .forEach(each -> {
            ObjectNode member = JsonNodeFactory.instance.objectNode();
            copyText(each.pdu().content(), "displayname", member, "display_name");
            copyText(each.pdu().content(), "avatar_url", member, "avatar_url");
            json.name(each.pdu().stateKey().orElseThrow()).value(member);
          });
      json.endObject().endObject();
    });
  }

  /// Contents are other people's: only text is passed on.
  private static void copyText(ObjectNode from, String name, ObjectNode to, String as) {
    JsonNode value = from.path(name);
    if (value.isTextual()) {
      to.set(as, value);
    }
  }

  private Response joinedRooms(Request request) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode joined = json.putArray("joined_rooms");
    rooms.roomsOf(request.requester().user(), EnumSet.of(Membership.JOIN)).stream()
        .map(each -> each.room().value())
        .sorted()
        .forEach(joined::add);
    return Response.json(json);
  }
}
