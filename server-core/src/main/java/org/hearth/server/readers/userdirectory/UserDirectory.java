package org.hearth.server.readers.userdirectory;

import java.util.List;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.profile.ProfileQueries;
import org.hearth.server.services.profile.ProfileService;
import org.hearth.server.store.Table;

/// Finds people by name, and the rooms that two of them share.
///
/// **Thread:** as [Box] has it; the routes any.
public final class UserDirectory implements Box {
  /// The name in the wiring.
  public static final String BOX = "UserDirectory";

  private final Names names;
  private final List<RouteGroup> routes;
  private final List<Reading<?>> readings;

  /// @param roomOutput not yet started
  public UserDirectory(
      Names names,
      RoomQueries rooms,
      PeerQueries peers,
      ProfileQueries profiles,
      OutputLog<RoomOutput> roomOutput,
      ServerName server) {
    this.names = names;
    readings =
        List.of(
            Reading.of(roomOutput, new NameReader(names, RoomMembers.of(rooms), profiles, server)));
    routes = List.of(new SearchRoute(names, rooms, peers), new MutualRoomsRoute(rooms));
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Finds people";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<Reading<?>> readings() {
    return readings;
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, ProfileService.BOX);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(names);
  }

  @Override
  public List<Table> tables() {
    return List.of(Names.TABLE, Names.POSITION);
  }

  @Override
  public List<RouteGroup> routes() {
    return routes;
  }
}
