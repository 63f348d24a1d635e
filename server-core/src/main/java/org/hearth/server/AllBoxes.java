package org.hearth.server;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.hearth.server.admin.Admin;
import org.hearth.server.box.Boxes;
import org.hearth.server.box.Time;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.checks.FederationPolicy;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.events.PolicyRequests;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.readers.federationdelivery.FederationDelivery;
import org.hearth.server.readers.push.ClientPush;
import org.hearth.server.readers.push.Pushers;
import org.hearth.server.readers.search.ClientSearch;
import org.hearth.server.readers.spaces.Spaces;
import org.hearth.server.readers.sync.ClientSync;
import org.hearth.server.readers.sync.history.OlderHistory;
import org.hearth.server.readers.userdirectory.Names;
import org.hearth.server.readers.userdirectory.UserDirectory;
import org.hearth.server.servers.device.DeviceServer;
import org.hearth.server.servers.device.Inboxes;
import org.hearth.server.servers.device.RemoteDevices;
import org.hearth.server.servers.notification.NotificationServer;
import org.hearth.server.servers.presence.PresenceServer;
import org.hearth.server.servers.presence.StatusMessages;
import org.hearth.server.servers.receipt.ReceiptServer;
import org.hearth.server.servers.receipt.Receipts;
import org.hearth.server.servers.room.PolicySigning;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.servers.typing.TypingServer;
import org.hearth.server.services.account.AccountOptions;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.services.account.Guests;
import org.hearth.server.services.account.LeaveRooms;
import org.hearth.server.services.account.Recaptcha;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.directory.CanonicalAliasEvents;
import org.hearth.server.services.directory.Directory;
import org.hearth.server.services.directory.DirectoryService;
import org.hearth.server.services.directory.RemoteAliases;
import org.hearth.server.services.keybackup.KeyBackupService;
import org.hearth.server.services.keys.KeyQueries;
import org.hearth.server.services.keys.KeyService;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.services.media.MediaService;
import org.hearth.server.services.notices.NoticeRooms;
import org.hearth.server.services.notices.NoticeService;
import org.hearth.server.services.openid.OpenIdService;
import org.hearth.server.services.profile.MemberEvents;
import org.hearth.server.services.profile.ProfileService;
import org.hearth.server.services.profile.Profiles;
import org.hearth.server.services.pushrules.PushRulesService;
import org.hearth.server.services.report.ReportService;
import org.hearth.server.services.report.Reports;
import org.hearth.server.services.serverkeys.KeyRotation;
import org.hearth.server.services.serverkeys.ServerKeyService;
import org.hearth.server.services.staging.Staging;
import org.hearth.server.services.voip.TurnServers;
import org.hearth.server.services.voip.VoipService;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.Store;
import org.hearth.server.store.Unavailable;
import org.hearth.server.writers.devicesend.ClientDeviceSend;
import org.hearth.server.writers.presencesetter.ClientPresenceSetter;
import org.hearth.server.writers.receiptupdater.ClientReceiptUpdater;
import org.hearth.server.writers.roomsend.ClientRoomSend;
import org.hearth.server.writers.typingsetter.ClientTypingSetter;

/// Which boxes the server is made of, each made after those that it asks. A new box is one
/// statement here, or in [FederationBoxes] if it is there for other servers.
///
/// **thread**: the composition's.
final class AllBoxes {
  private AllBoxes() {}

  /// Who this server is.
  ///
  /// @param policy with whom it talks
  record Identity(
      ServerName server, KeyRotation keys, FederationPolicy policy, SecureRandom random) {}

  /// What others ask the boxes for.
  ///
  /// @param asked by the operations of the panel and the command line
  /// @param peers how requests of other servers are known
  record Made(Admin.Asked asked, Peers peers) {}

  /// What the boxes stand on.
  ///
  /// @param accounts the same object that answers whose accounts are here
  record Ground(
      Configuration configuration,
      Time time,
      Store store,
      DataFolder folder,
      Journal journal,
      Accounts accounts,
      Identity identity,
      Outbound outbound) {
    /// What time it is.
    InstantSource clock() {
      return time.clock();
    }
  }

  /// Adds the boxes.
  static Made addTo(Boxes boxes, Ground ground) {
    Configuration configuration = ground.configuration();
    InstantSource clock = ground.clock();
    Store store = ground.store();
    Journal journal = ground.journal();
    Accounts known = ground.accounts();
    Outbound outbound = ground.outbound();
    Identity identity = ground.identity();
    Activity activity = boxes.add(new Activity(store, clock));
    FederationClient federationClient =
        boxes.add(
            new FederationClient(
                outbound,
                new FederationClient.Identity(identity.server(), identity.keys()::current),
                identity.policy()::allows,
                store,
                clock,
                identity.random()));
    RoomServer rooms =
        boxes.add(
            new RoomServer(
                store,
                identity.server(),
                identity.keys()::current,
                clock,
                identity.random(),
                RoomServerOptions.standard(),
                new PolicySigning(new PolicyRequests(federationClient)::ask)));
    JournaledLog<AccountOutput> accountOutput =
        journal.log(Logs.ACCOUNT_OUTPUT, Unavailable.handling(store, clock));
    Profiles profiles = new Profiles(store.reads());
    boxes.add(
        new ProfileService(
            identity.server(),
            profiles,
            accountOutput.writer(ProfileService.BOX),
            new MemberEvents(rooms.queries(), rooms.client(ProfileService.BOX)),
            federationClient));
    AccountData accountData = new AccountData(store.reads());
    AccountDataService accountDataService =
        boxes.add(
            new AccountDataService(accountData, accountOutput.writer(AccountDataService.BOX)));
    PushRulesService pushRules =
        boxes.add(new PushRulesService(accountData, accountOutput.writer(PushRulesService.BOX)));
    Receipts receipts = new Receipts(store.reads());
    Inboxes inboxes = new Inboxes(store.reads());
    Keys keys = new Keys(store.reads());
    boxes.add(new KeyBackupService(store));
    AccountService accounts =
        boxes.add(
            new AccountService(
                accountOptions(configuration.registration())
                    .withDefaultRoomVersion(configuration.rooms().defaultVersion()),
                known,
                store.reads(),
                accountOutput.writer(AccountService.BOX),
                new LeaveRooms(rooms.queries(), rooms.client(AccountService.BOX)),
                boxes.companions(),
                new AccountService.Surroundings(
                    clock,
                    identity.random(),
                    recaptcha(configuration.registration(), outbound),
                    activity)));
    boxes.add(
        new Guests(
            known,
            rooms.queries(),
            new LeaveRooms(rooms.queries(), rooms.client(Guests.BOX)),
            rooms.output(),
            store.head()));
    boxes.add(new OpenIdService(known, identity.keys(), clock));
    boxes.add(new VoipService(configuration.turn().map(AllBoxes::turnServers), clock));
    ServerKeyService serverKeys =
        boxes.add(
            new ServerKeyService(
                identity.server(),
                identity.keys(),
                store,
                federationClient,
                configuration.federation().keyNotaries().stream().map(ServerName::parse).toList(),
                clock));
    FederationBoxes federation =
        new FederationBoxes(boxes, ground, federationClient, rooms, serverKeys.queries());
    Directory aliases =
        new Directory(
            store.reads(),
            identity.server(),
            rooms.peerQueries(),
            new RemoteAliases(federationClient));
    DirectoryService directory =
        boxes.add(
            new DirectoryService(
                aliases,
                rooms.queries(),
                accountOutput.writer(DirectoryService.BOX),
                new CanonicalAliasEvents(rooms.queries(), rooms.client(DirectoryService.BOX)),
                clock,
                new DirectoryService.Outside(
                    configuration.roomDirectory().withoutLogin(),
                    configuration.roomDirectory().overFederation(),
                    federationClient)));
    StatusMessages statusMessages = new StatusMessages(store.reads());
    Optional<PresenceServer> presence =
        configuration.presence()
            ? Optional.of(boxes.add(new PresenceServer(statusMessages, store.committer(), clock)))
            : Optional.empty();
    if (presence.isEmpty()) {
      boxes.addCompanion(statusMessages);
    }
    boxes.add(
        new ClientPresenceSetter(
            rooms.queries(),
            presence.map(each ->
                new ClientPresenceSetter.Server(
                    each.queries(), each.client(ClientPresenceSetter.BOX))),
            clock));
    FederationBoxes.Elsewhere elsewhere = federation.addMembership(accountData);
    MediaService media = new MediaBoxes(boxes, ground, federationClient).add(activity);
    Reports reports = new Reports(store);
    boxes.add(
        new ReportService(reports, rooms.queries(), known, identity.server(), activity, clock));
    boxes.add(
        new ClientRoomSend(
            new ClientRoomSend.Needs(
                rooms.queries(),
                profiles,
                known,
                accountData,
                aliases,
                directory,
                elsewhere.rooms(),
                clock),
            new ClientRoomSend.Settings(accountDataService, pushRules),
            configuration.rooms().defaultVersion(),
            rooms.client(ClientRoomSend.BOX),
            elsewhere.invites(),
            presence.map(each -> each.client(ClientRoomSend.BOX))));
    TypingServer typing =
        boxes.add(new TypingServer(rooms.queries(), rooms.output(), store.head(), clock));
    boxes.add(
        new ClientTypingSetter(rooms.queries(), typing.input().writer(ClientTypingSetter.BOX)));
    ReceiptServer receiptServer =
        boxes.add(
            new ReceiptServer(
                rooms.queries(),
                receipts,
                journal.log(Logs.RECEIPT_OUTPUT, Unavailable.handling(store, clock)),
                rooms.output(),
                store.head(),
                Unavailable.handling(store, clock)));
    NotificationServer notifications =
        boxes.add(
            new NotificationServer(
                new NotificationServer.Needs(
                    store,
                    identity.server(),
                    rooms.queries(),
                    receipts,
                    accountData,
                    rooms.output(),
                    receiptServer.output()),
                clock));
    boxes.add(
        new ClientReceiptUpdater(
            rooms.queries(),
            accountDataService,
            receiptServer.input().writer(ClientReceiptUpdater.BOX),
            clock));
    RemoteDevices remoteDevices = new RemoteDevices(store.reads());
    DeviceServer devices =
        boxes.add(
            new DeviceServer(
                new DeviceServer.Needs(
                    identity.server(),
                    store,
                    known,
                    keys,
                    rooms.queries(),
                    rooms.peerQueries(),
                    inboxes,
                    remoteDevices,
                    identity.random()),
                new DeviceServer.Followed(accountOutput.output(), rooms.output()),
                journal.log(Logs.DEVICE_OUTPUT, Unavailable.handling(store, clock)),
                Unavailable.handling(store, clock)));
    boxes.add(
        new KeyService(
            keys,
            List.of(inboxes),
            identity.server(),
            known,
            accounts.confirmation(),
            new KeyService.Others(
                remoteDevices, federationClient, devices.input().writer(KeyQueries.BOX)),
            accountOutput.writer(KeyQueries.BOX)));
    federation.addDevices(remoteDevices, devices);
    boxes.add(new ClientDeviceSend(devices.input().writer(ClientDeviceSend.BOX)));
    OlderHistory olderHistory = federation.addBackfill();
    boxes.add(
        new ClientSync(
            new ClientSync.Needs(
                store,
                rooms.queries(),
                accountData,
                known,
                typing.queries(),
                receipts,
                notifications.queries(),
                keys,
                new ClientSync.Devices(
                    inboxes, remoteDevices, devices.input().writer(ClientSync.BOX)),
                presence.map(each ->
                    new ClientSync.PresenceParts(
                        each.queries(), each.client(ClientSync.BOX), each.output())),
                aliases,
                olderHistory,
                new ClientSync.Logs(
                    rooms.output(),
                    accountOutput.output(),
                    typing.output(),
                    receiptServer.output(),
                    devices.output()),
                clock),
            ClientSync.Budget.STANDARD));
    boxes.add(
        new ClientPush(
            new ClientPush.Needs(
                store,
                new Pushers(store.reads()),
                rooms.queries(),
                notifications.queries(),
                notifications.output(),
                outbound,
                clock,
                identity.random())));
    FederationBoxes.EduServers eduServers =
        new FederationBoxes.EduServers(typing, receiptServer, devices, presence);
    Staging staging = federation.addSend(eduServers);
    federation.addQuery();
    FederationDelivery delivery = federation.addDelivery(eduServers, receipts, keys);
    boxes.add(
        new Spaces(
            identity.server(),
            new Spaces.Needs(rooms.queries(), rooms.peerQueries(), aliases, federationClient),
            identity.random()));
    boxes.add(
        new UserDirectory(
            new Names(store),
            rooms.queries(),
            rooms.peerQueries(),
            profiles,
            rooms.output(),
            identity.server()));
    NoticeService notices =
        boxes.add(
            new NoticeService(
                new NoticeRooms(store),
                new NoticeService.Needs(
                    rooms.queries(),
                    rooms.client(NoticeService.BOX),
                    known,
                    profiles,
                    accountDataService),
                identity.server(),
                configuration.rooms().defaultVersion(),
                clock));
    ClientSearch search =
        boxes.add(
            new ClientSearch(
                new ClientSearch.Needs(
                    store,
                    rooms.output(),
                    rooms.queries(),
                    known,
                    accountData,
                    identity.server(),
                    clock),
                ground.folder().search()));
    return new Made(
        new Admin.Asked(
            accounts,
            profiles,
            rooms.queries(),
            activity,
            reports,
            notices,
            search,
            federationClient,
            delivery,
            staging,
            media.custody()),
        new Peers(
            identity.server(),
            identity.policy(),
            serverKeys.peerKeys(),
            federationClient::signOfLife));
  }

  private static TurnServers turnServers(Configuration.Turn turn) {
    return new TurnServers(
        turn.uris(),
        turn.sharedSecret()
            .<TurnServers.Credentials>map(TurnServers.Credentials.Shared::new)
            .orElseGet(() -> new TurnServers.Credentials.Fixed(turn.username(), turn.password())),
        Duration.ofSeconds(turn.lifetimeSeconds()));
  }

  private static Optional<Recaptcha> recaptcha(
      Configuration.Registration registration, Outbound outbound) {
    return registration
        .recaptcha()
        .map(each ->
            new Recaptcha(
                each.verifyUrl(), each.publicKey(), each.privateKey(), each.required(), outbound));
  }

  private static AccountOptions accountOptions(Configuration.Registration registration) {
    return AccountOptions.defaults()
        .withRegistration(
            switch (registration.mode()) {
              case CLOSED -> AccountOptions.RegistrationMode.CLOSED;
              case TOKEN -> AccountOptions.RegistrationMode.TOKEN;
              case OPEN -> AccountOptions.RegistrationMode.OPEN;
            },
            registration.guests(),
            registration.sharedSecret());
  }
}
