package org.hearth.server.readers.federationquery;

import java.time.InstantSource;
import java.util.List;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;

/// Answers what other servers ask about rooms: events, states, history, and why events are allowed.
///
/// **Thread:** as [Box] has it; the routes any.
public final class FederationQuery implements Box {
  /// The name in the wiring.
  public static final String BOX = "FederationQuery";

  private final List<RouteGroup> routes;

  /// @param here the name of this server
  public FederationQuery(
      ServerName here,
      RoomQueries rooms,
      PeerQueries peers,
      AccountQueries accounts,
      InstantSource clock) {
    Sources sources =
        new Sources(new Door(here, rooms, peers), rooms, peers, new Shown(here, peers, accounts));
    routes =
        List.of(new EventRoutes(new Transactions(here, clock), sources), new StateRoutes(sources));
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Answers servers";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, AccountService.BOX);
  }

  @Override
  public List<RouteGroup> routes() {
    return routes;
  }
}
