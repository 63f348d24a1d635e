package org.hearth.server.readers.spaces;

import java.util.List;
import java.util.random.RandomGenerator;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.PeerRequests;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.directory.DirectoryQueries;
import org.hearth.server.services.directory.DirectoryService;

/// Shows what is in spaces, here and on other servers.
///
/// **Thread:** as [Box] has it; the routes any.
public final class Spaces implements Box {
  /// The name in the wiring.
  public static final String BOX = "Spaces";

  private final List<RouteGroup> routes;

  /// What it asks.
  ///
  /// @param others the way to other servers
  public record Needs(
      RoomQueries rooms, PeerQueries peers, DirectoryQueries directory, PeerRequests others) {}

  /// @param here the name of this server
  /// @param random that nobody can guess
  public Spaces(ServerName here, Needs needs, RandomGenerator random) {
    RoomsHere rooms = new RoomsHere(here, needs.rooms(), needs.peers());
    RoomsElsewhere elsewhere = new RoomsElsewhere(needs.others());
    routes =
        List.of(
            new HierarchyRoute(rooms, elsewhere, new WalkTokens(random)),
            new ServerHierarchyRoute(rooms),
            new SummaryRoute(rooms, elsewhere, needs.directory()));
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "What is in spaces";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, DirectoryService.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX);
  }

  @Override
  public List<RouteGroup> routes() {
    return routes;
  }
}
