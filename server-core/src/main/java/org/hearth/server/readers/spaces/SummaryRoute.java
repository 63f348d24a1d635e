package org.hearth.server.readers.spaces;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashSet;
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
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.directory.AliasTarget;
import org.hearth.server.services.directory.DirectoryQueries;

/// `GET /room_summary/{roomIdOrAlias}`: what a room is, for who thinks of joining it; and the same
/// by the names that it had as a proposal. Only for users: strangers do not make this server ask
/// others.
///
/// **bound**: [#MOST_SERVERS] servers are asked, within [#TIME].
///
/// **thread**: any. **source**: [the call][s],
/// [MSC3266](https://github.com/matrix-org/matrix-spec-proposals/pull/3266).
///
/// [s]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias
final class SummaryRoute implements RouteGroup {
  private static final String UNSTABLE = "/_matrix/client/unstable/im.nheko.summary";
  private static final int MOST_SERVERS = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration TIME = Duration.ofSeconds(15);

  private final RoomsHere here;
  private final RoomsElsewhere elsewhere;
  private final DirectoryQueries directory;

  SummaryRoute(RoomsHere here, RoomsElsewhere elsewhere, DirectoryQueries directory) {
    this.here = here;
    this.elsewhere = elsewhere;
    this.directory = directory;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        List.of(
            ClientPaths.v1("/room_summary/{roomIdOrAlias}"),
            UNSTABLE + "/summary/{roomIdOrAlias}",
            UNSTABLE + "/rooms/{roomIdOrAlias}/summary"),
        Access.USER_OR_GUEST,
        RateClass.SEARCH,
        this::summary);
  }

  private Response summary(Request request) throws InterruptedException {
    UserId user = request.requester().user();
    AliasTarget target = target(request);
    SpaceRoom room =
        (here.has(target.room()) ? here.room(target.room()) : find(target, request.asker()))
            .filter(each -> here.mayKnow(user, each))
            .orElseThrow(() -> MatrixException.notFound("Room not found"));
    ObjectNode json = room.summary().deepCopy();
    here.membership(user, room.room()).ifPresent(each -> json.put("membership", each.value()));
    return Response.json(json);
  }

  /// The room that is asked about, and the servers that may know it: "the servers to attempt to
  /// request the summary from when the local server cannot generate it" first.
  private AliasTarget target(Request request) throws InterruptedException {
    String name = request.path("roomIdOrAlias");
    Set<ServerName> servers = new LinkedHashSet<>();
    request.queryAll("via").stream()
        .limit(MOST_SERVERS)
        .map(ServerName::parse)
        .forEach(servers::add);
    try {
      if (name.startsWith("#")) {
        AliasTarget led =
            directory
                .find(RoomAlias.parse(name), request.asker())
                .orElseThrow(() -> MatrixException.notFound("Room not found"));
        servers.addAll(led.servers());
        return new AliasTarget(led.room(), List.copyOf(servers));
      }
      RoomId room = RoomId.parse(name);
      servers.addAll(here.likelyServers(request.requester().user(), room));
      return new AliasTarget(room, List.copyOf(servers));
    } catch (InvalidIdentifierException _) {
      throw MatrixException.invalidParam("Expected the id or an alias of a room");
    }
  }

  private Optional<SpaceRoom> find(AliasTarget target, String asker) throws InterruptedException {
    long end = System.nanoTime() + TIME.toNanos();
    List<ServerName> servers =
        target.servers().stream()
            .filter(each -> !each.equals(here.server()))
            .limit(MOST_SERVERS)
            .toList();
    for (ServerName server : servers) {
      if (System.nanoTime() > end) {
        break;
      }
      Optional<SpaceRoom> room =
          elsewhere
              .ask(new RoomsElsewhere.Question(server, target.room(), false), asker, PATIENCE)
              .room();
      if (room.isPresent()) {
        return room;
      }
    }
    return Optional.empty();
  }
}
