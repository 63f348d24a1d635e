package org.hearth.server.writers.federationmembership;

import java.util.List;
import java.util.stream.Stream;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.staging.Staging;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms;

/// The writer by which users come into rooms of other servers and theirs into ours: joins, knocks,
/// leaves and invitations, on either side.
///
/// **thread**: as [Box] has it; the routes any.
public final class FederationMembership implements Box {
  /// The name in the wiring.
  public static final String BOX = "FederationMembership";

  private final RemoteRooms remoteRooms;
  private final List<RouteGroup> routes;

  /// @param remoteRooms this server as the one that comes
  /// @param resident what other servers ask of the rooms here
  /// @param invites what other servers invite our users to
  public FederationMembership(
      RemoteRooms remoteRooms, List<RouteGroup> resident, List<RouteGroup> invites) {
    this.remoteRooms = remoteRooms;
    this.routes = Stream.concat(resident.stream(), invites.stream()).toList();
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Joins elsewhere";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.WRITER;
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, AccountService.BOX, AccountDataService.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX, Staging.BOX);
  }

  @Override
  public List<RouteGroup> routes() {
    return routes;
  }

  @Override
  public void stop() throws InterruptedException {
    remoteRooms.stop();
  }
}
