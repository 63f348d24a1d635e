package org.hearth.server.readers.spaces;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// `GET /rooms/{roomId}/hierarchy`: the rooms of a space, page by page.
///
/// **thread**: any. **source**: [the call][s].
///
/// [s]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy
final class HierarchyRoute implements RouteGroup {
  private static final int USUAL_LIMIT = 50;
  private static final int LARGEST_LIMIT = 100;
  private static final int LARGEST_DEPTH = 20;

  private final RoomsHere here;
  private final RoomsElsewhere elsewhere;
  private final WalkTokens tokens;

  HierarchyRoute(RoomsHere here, RoomsElsewhere elsewhere, WalkTokens tokens) {
    this.here = here;
    this.elsewhere = elsewhere;
    this.tokens = tokens;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v1("/rooms/{roomId}/hierarchy"),
        Access.USER_OR_GUEST,
        RateClass.SEARCH,
        this::hierarchy);
  }

  private Response hierarchy(Request request) throws InterruptedException {
    UserId user = request.requester().user();
    RoomId root = RoomId.parse(request.path("roomId"));
    boolean suggestedOnly = request.queryFlag("suggested_only", false);
    // "Must be an integer greater than zero. Servers should apply a default value, and impose a
    // maximum value to avoid resource exhaustion." The same of the depth, which may be zero.
    int limit =
        request
            .queryLong("limit", 1, Long.MAX_VALUE)
            .map(each -> (int) Math.min(each, LARGEST_LIMIT))
            .orElse(USUAL_LIMIT);
    int maxDepth =
        request
            .queryLong("max_depth", 0, Long.MAX_VALUE)
            .map(each -> (int) Math.min(each, LARGEST_DEPTH))
            .orElse(LARGEST_DEPTH);
    Walk.Wish wish = new Walk.Wish(user, root, suggestedOnly, maxDepth);
    Optional<String> from = request.query("from");
    Walk.Point point =
        from.isPresent()
            ? point(from.get(), wish)
            : Walk.Point.start(wish, here.likelyServers(user, root));
    Walk.Page page = new Walk(here, elsewhere, point).page(limit);
    if (from.isEmpty() && page.rooms().stream().noneMatch(each -> each.room().equals(root))) {
      // The same for a room that there is not.
      throw MatrixException.forbidden("You are not allowed to view this room");
    }
    return Response.json(json(page, suggestedOnly));
  }

  /// "The `from` token is unknown to the server", "`suggested_only` or `max_depth` changed during
  /// pagination".
  private Walk.Point point(String from, Walk.Wish wish) {
    Walk.Point point =
        tokens
            .find(from, wish.user())
            .orElseThrow(() -> MatrixException.invalidParam("from is not a token of this list"));
    if (!point.wish().equals(wish)) {
      throw MatrixException.invalidParam(
          "suggested_only and max_depth cannot change on paginated requests");
    }
    return point;
  }

  private ObjectNode json(Walk.Page page, boolean suggestedOnly) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode rooms = json.putArray("rooms");
    page.rooms().forEach(each -> rooms.add(each.json(suggestedOnly)));
    page.next().ifPresent(each -> json.put("next_batch", tokens.keep(each)));
    return json;
  }
}
