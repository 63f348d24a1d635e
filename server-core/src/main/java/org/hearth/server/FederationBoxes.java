package org.hearth.server;

import java.util.List;
import java.util.Optional;
import org.hearth.server.box.Boxes;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.readers.federationdelivery.FederationDelivery;
import org.hearth.server.readers.federationdevices.FederationDevices;
import org.hearth.server.readers.federationquery.FederationQuery;
import org.hearth.server.readers.sync.history.OlderHistory;
import org.hearth.server.servers.device.DeviceEdus;
import org.hearth.server.servers.device.DeviceServer;
import org.hearth.server.servers.device.RemoteDevices;
import org.hearth.server.servers.presence.PresenceServer;
import org.hearth.server.servers.receipt.ReceiptServer;
import org.hearth.server.servers.receipt.Receipts;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.servers.typing.TypingServer;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.services.serverkeys.ServerKeyQueries;
import org.hearth.server.services.staging.Staging;
import org.hearth.server.writers.federationbackfill.FederationBackfill;
import org.hearth.server.writers.federationmembership.FederationMembership;
import org.hearth.server.writers.federationmembership.invites.InviteRoutes;
import org.hearth.server.writers.federationmembership.invites.OnBindRoute;
import org.hearth.server.writers.federationmembership.invites.OutwardInvites;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms;
import org.hearth.server.writers.federationmembership.resident.ResidentRoutes;
import org.hearth.server.writers.federationsend.FederationSend;
import org.hearth.server.writers.roomsend.RemoteInvites;
import org.hearth.server.writers.roomsend.RoomsElsewhere;

/// The boxes by which this server and others share rooms.
///
/// ```
///  others ──► membership, send, query        membership, backfill, devices, delivery ──► others
/// ```
///
/// [AllBoxes] has each added after those that it asks, and before those that ask it.
///
/// **thread**: the composition's.
final class FederationBoxes {
  private final Boxes boxes;
  private final AllBoxes.Ground ground;
  private final FederationClient client;
  private final RoomServer rooms;
  private final ServerKeyQueries keys;
  private final PeerEvents events;
  private final Staging staging;

  /// @param client sends requests to other servers
  /// @param keys of other servers
  FederationBoxes(
      Boxes boxes,
      AllBoxes.Ground ground,
      FederationClient client,
      RoomServer rooms,
      ServerKeyQueries keys) {
    this.boxes = boxes;
    this.ground = ground;
    this.client = client;
    this.rooms = rooms;
    this.keys = keys;
    events = new PeerEvents(client, keys::keys);
    staging = new Staging(ground.store(), ground.clock());
  }

  /// What ClientRoomSend has FederationMembership do.
  record Elsewhere(RoomsElsewhere rooms, RemoteInvites invites) {}

  /// How users come into rooms elsewhere, and users of other servers into those here.
  Elsewhere addMembership(AccountData accountData) {
    AllBoxes.Identity identity = ground.identity();
    RemoteRooms remoteRooms =
        new RemoteRooms(
            new RemoteRooms.Needs(
                identity.server(),
                client,
                keys::keys,
                rooms.queries(),
                rooms.peerQueries(),
                rooms.client(FederationMembership.BOX),
                new LocalEvents(identity.server(), identity.keys()::current, identity.random()),
                staging.arriving(),
                ground.clock()));
    OutwardInvites invites =
        new OutwardInvites(
            client, keys::keys, rooms.queries(), rooms.client(FederationMembership.BOX));
    boxes.add(
        new FederationMembership(
            remoteRooms,
            List.of(
                new ResidentRoutes(
                    new ResidentRoutes.Needs(
                        identity.server(),
                        identity.keys()::current,
                        rooms.queries(),
                        rooms.peerQueries(),
                        rooms.client(FederationMembership.BOX),
                        events,
                        invite -> {
                          var _ = invites.invite(invite);
                        }))),
            List.of(
                new InviteRoutes(
                    new InviteRoutes.Needs(
                        identity.server(),
                        identity.keys()::current,
                        events,
                        keys::keys,
                        new InviteRoutes.Rooms(
                            rooms.queries(),
                            rooms.peerQueries(),
                            rooms.client(FederationMembership.BOX)),
                        ground.accounts(),
                        accountData)),
                new OnBindRoute(
                    identity.server(),
                    client,
                    rooms.queries(),
                    rooms.client(FederationMembership.BOX),
                    ground.accounts()))));
    return new Elsewhere(new RoomsOfOtherServers(remoteRooms), invites::invite);
  }

  /// The devices of users elsewhere, as their servers tell them.
  void addDevices(RemoteDevices known, DeviceServer devices) {
    boxes.add(
        new FederationDevices(
            known,
            client,
            devices.output(),
            ground.store().head(),
            devices.input().writer(FederationDevices.BOX),
            ground.clock()));
  }

  /// What was before all that is here.
  OlderHistory addBackfill() {
    return new HistoryOfOthers(
        boxes.add(
            new FederationBackfill(
                ground.identity().server(),
                new FederationBackfill.Needs(
                    rooms.queries(),
                    rooms.peerQueries(),
                    rooms.client(FederationBackfill.BOX),
                    events,
                    client),
                ground.clock(),
                ground.identity().random())));
  }

  /// The servers whose news goes from one homeserver to another in EDUs.
  ///
  /// @param presence empty where nobody is told who is there
  record EduServers(
      TypingServer typing,
      ReceiptServer receipts,
      DeviceServer devices,
      Optional<PresenceServer> presence) {}

  /// What other servers send.
  Staging addSend(EduServers servers) {
    boxes.add(staging);
    boxes.add(
        new FederationSend(
            new FederationSend.Needs(
                ground.identity().server(),
                rooms.queries(),
                rooms.peerQueries(),
                rooms.client(FederationSend.BOX),
                events,
                staging,
                ground.clock()),
            new FederationSend.Inputs(
                servers.typing().input().writer(FederationSend.BOX),
                servers.receipts().input().writer(FederationSend.BOX),
                servers.devices().input().writer(FederationSend.BOX),
                DeviceEdus::read,
                servers.presence().map(each -> each.client(FederationSend.BOX)),
                ground.configuration().federation().presence()),
            ground.time().alarms().apply("federation-send-alarms")));
    return staging;
  }

  /// What other servers ask about rooms.
  void addQuery() {
    boxes.add(
        new FederationQuery(
            ground.identity().server(),
            rooms.queries(),
            rooms.peerQueries(),
            ground.accounts(),
            ground.clock()));
  }

  /// What other servers are told.
  FederationDelivery addDelivery(EduServers servers, Receipts receipts, Keys deviceKeys) {
    return boxes.add(
        new FederationDelivery(
            new FederationDelivery.Needs(
                ground.identity().server(),
                ground.identity().policy()::allows,
                ground.store(),
                new FederationDelivery.Asked(
                    rooms.queries(),
                    rooms.peerQueries(),
                    receipts,
                    servers.typing().queries(),
                    deviceKeys),
                client,
                new FederationDelivery.Logs(
                    rooms.output(),
                    servers.receipts().output(),
                    servers.typing().output(),
                    servers.devices().output(),
                    servers
                        .presence()
                        .filter(_ -> ground.configuration().federation().presence())
                        .map(PresenceServer::output)),
                ground.clock()),
            ground.time().alarms().apply("delivery-alarms")));
  }
}
