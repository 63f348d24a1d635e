package org.hearth.server.writers.roomsend;

import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.presence.PresenceClient;
import org.hearth.server.servers.presence.PresenceQueries;
import org.hearth.server.servers.room.DistinctMillis;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.directory.DirectoryQueries;
import org.hearth.server.services.directory.DirectoryService;
import org.hearth.server.services.profile.ProfileQueries;
import org.hearth.server.services.profile.ProfileService;
import org.hearth.server.services.pushrules.PushRulesService;

/// The writer of the client calls that create room events.
///
/// **thread**: any.
public final class ClientRoomSend implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientRoomSend";

  private final List<RouteGroup> routes;
  private final Optional<PresenceClient> presence;

  /// Whom the writer asks.
  ///
  /// @param aliases what names lead to
  /// @param directory gives names to new rooms and publishes them
  /// @param elsewhere asks other servers for what is in rooms of theirs
  public record Needs(
      RoomQueries rooms,
      ProfileQueries profiles,
      AccountQueries accounts,
      AccountDataQueries accountData,
      DirectoryQueries aliases,
      DirectoryService directory,
      RoomsElsewhere elsewhere,
      InstantSource clock) {}

  /// Where users' settings of rooms are carried over to the rooms that replace these.
  public record Settings(AccountDataService accountData, PushRulesService pushRules) {}

  /// @param defaultVersion of a room for which the client names none
  /// @param commands has the Room Server do what is asked
  /// @param remoteInvites invites users of other servers
  /// @param presence told who is active; empty where presence is off
  public ClientRoomSend(
      Needs needs,
      Settings settings,
      RoomVersion defaultVersion,
      RoomClient commands,
      RemoteInvites remoteInvites,
      Optional<PresenceClient> presence) {
    this.presence = presence;
    PersonalSettings personal =
        new PersonalSettings(needs.rooms(), settings.accountData(), settings.pushRules());
    MembershipChanges changes =
        new MembershipChanges(
            needs.rooms(),
            commands,
            needs.profiles(),
            needs.accounts(),
            needs.accountData(),
            personal,
            remoteInvites);
    OwnMembership own =
        new OwnMembership(needs.rooms(), needs.accounts(), changes, personal, needs.elsewhere());
    MembershipRoutes memberships =
        new MembershipRoutes(needs.rooms(), commands, changes, own, needs.aliases());
    InstantSource creations = new DistinctMillis(needs.clock());
    List<RouteGroup> groups =
        List.of(
            new EventRoutes(needs.rooms(), commands, needs.aliases(), changes),
            memberships,
            new UpgradeRoute(
                needs.rooms(), commands, changes, needs.directory(), personal, creations),
            new CreateRoomRoute(
                needs.rooms(),
                commands,
                new NewRoomEvents(changes),
                changes,
                new InvitesBeside(remoteInvites, InvitesBeside.PATIENCE),
                needs.directory(),
                new CreateRoomRoute.Usual(creations, defaultVersion)));
    this.routes =
        presence
            .map(each ->
                groups.stream().<RouteGroup>map(group -> new SignsOfLife(group, each)).toList())
            .orElse(groups);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "What people send";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.WRITER;
  }

  @Override
  public List<String> asks() {
    return List.of(
        RoomQueries.BOX,
        ProfileService.BOX,
        AccountService.BOX,
        AccountDataService.BOX,
        DirectoryService.BOX);
  }

  @Override
  public List<String> commands() {
    return Stream.concat(
            Stream.of(DirectoryService.BOX, AccountDataService.BOX, PushRulesService.BOX),
            presence.stream().map(_ -> PresenceQueries.BOX))
        .toList();
  }

  @Override
  public List<RouteGroup> routes() {
    return routes;
  }
}
