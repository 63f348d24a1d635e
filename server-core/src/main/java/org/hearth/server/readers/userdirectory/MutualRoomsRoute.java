package org.hearth.server.readers.userdirectory;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// `GET /mutual_rooms`: the rooms in which two users are, one of whom asks; also by the name that
/// it had as a proposal, by which clients of today call it.
///
/// A token is the id of the last room of a page, so it is good for ever.
///
/// **Thread:** any. **Source:** [mutual
/// rooms](https://spec.matrix.org/v1.19/client-server-api/#mutual-rooms),
/// [MSC2666](https://github.com/matrix-org/matrix-spec-proposals/pull/2666)
final class MutualRoomsRoute implements RouteGroup {
  /// Rooms in one answer.
  static final int PAGE = 100;

  private final RoomQueries rooms;

  MutualRoomsRoute(RoomQueries rooms) {
    this.rooms = rooms;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v1("/mutual_rooms"),
        Access.USER,
        RateClass.DEFAULT,
        request -> mutual(request, "from", "next_batch"));
    routes.add(
        HttpMethod.GET,
        "/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms",
        Access.USER,
        RateClass.DEFAULT,
        request -> mutual(request, "batch_token", "next_batch_token"));
  }

  /// "400: […] the `user_id` parameter was missing, non-compliant, or was the sender's own user
  /// ID."
  ///
  /// @param from the name of the parameter with the token
  /// @param next the name of the next token in the answer
  private Response mutual(Request request, String from, String next) {
    UserId user = request.requester().user();
    UserId other = UserId.parse(request.requiredQuery("user_id"));
    if (other.equals(user) || !other.isForwardable()) {
      throw MatrixException.invalidParam("user_id must be the id of another user");
    }
    Optional<String> after = request.query(from).map(each -> room(from, each));
    Set<String> theirs = new HashSet<>(joined(other));
    List<String> shared = joined(user).stream().filter(theirs::contains).sorted().toList();
    List<String> rest =
        shared.stream().filter(each -> after.isEmpty() || each.compareTo(after.get()) > 0).toList();
    List<String> page = rest.subList(0, Math.min(PAGE, rest.size()));
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode ids = json.putArray("joined");
    page.forEach(ids::add);
    json.put("count", shared.size());
    if (page.size() < rest.size()) {
      json.put(next, token(page.getLast()));
    }
    return Response.json(json);
  }

  private List<String> joined(UserId user) {
    return rooms.roomsOf(user, Set.of(Membership.JOIN)).stream()
        .map(RoomMembership::room)
        .map(each -> each.value())
        .toList();
  }

  private static String token(String room) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(room.getBytes(StandardCharsets.UTF_8));
  }

  private static String room(String parameter, String token) {
    try {
      String room = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      if (room.startsWith("!")) {
        return room;
      }
    } catch (IllegalArgumentException _) {
      // Refused as any other text that is no token.
    }
    throw MatrixException.invalidParam(parameter + " is not a token that this server gave");
  }
}
