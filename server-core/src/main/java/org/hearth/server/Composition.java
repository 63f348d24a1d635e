package org.hearth.server;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.box.Boxes;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ServerKeys;
import org.hearth.server.http.DiscoveryRoutes;
import org.hearth.server.http.HttpLimits;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.LandingPage;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundOptions;
import org.hearth.server.outbound.Resolver;
import org.hearth.server.readers.push.ClientPush;
import org.hearth.server.readers.push.Pushers;
import org.hearth.server.readers.search.ClientSearch;
import org.hearth.server.readers.sync.ClientSync;
import org.hearth.server.readers.userdirectory.Names;
import org.hearth.server.readers.userdirectory.UserDirectory;
import org.hearth.server.servers.device.DeviceServer;
import org.hearth.server.servers.device.Inboxes;
import org.hearth.server.servers.notification.NotificationServer;
import org.hearth.server.servers.presence.PresenceServer;
import org.hearth.server.servers.presence.StatusMessages;
import org.hearth.server.servers.receipt.ReceiptServer;
import org.hearth.server.servers.receipt.Receipts;
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
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.directory.CanonicalAliasEvents;
import org.hearth.server.services.directory.Directory;
import org.hearth.server.services.directory.DirectoryService;
import org.hearth.server.services.keybackup.KeyBackupService;
import org.hearth.server.services.keys.KeyQueries;
import org.hearth.server.services.keys.KeyService;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.services.notices.NoticeRooms;
import org.hearth.server.services.notices.NoticeService;
import org.hearth.server.services.openid.OpenIdService;
import org.hearth.server.services.profile.MemberEvents;
import org.hearth.server.services.profile.ProfileService;
import org.hearth.server.services.profile.Profiles;
import org.hearth.server.services.pushrules.PushRulesService;
import org.hearth.server.services.report.ReportService;
import org.hearth.server.services.report.Reports;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.SigningKeys;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Unavailable;
import org.hearth.server.writers.devicesend.ClientDeviceSend;
import org.hearth.server.writers.presencesetter.ClientPresenceSetter;
import org.hearth.server.writers.receiptupdater.ClientReceiptUpdater;
import org.hearth.server.writers.roomsend.ClientRoomSend;
import org.hearth.server.writers.typingsetter.ClientTypingSetter;
import org.jspecify.annotations.Nullable;

/// Everything that runs while a server runs: the store, the boxes, the listeners. What was opened
/// is closed in the reverse order, also when something later fails.
///
/// ```
/// store ─► boxes, each made of those before it ─► started: logs, boxes ─► listeners
/// ```
///
/// A new box is one statement of [#addBoxes].
///
/// **thread**: one that opens and closes; figures are read by any.
final class Composition {
  private static final System.Logger LOG = System.getLogger(Composition.class.getName());
  private static final Duration DRAIN = Duration.ofSeconds(10);
  private static final String RESTART =
      "Restart the server; if this happens again, report it with the log.";

  private final Configuration configuration;
  private final InstantSource clock;
  private final Consumer<? super ServerState.Failed> onFailed;
  private final Deque<Part> opened = new ArrayDeque<>();
  private final Boxes boxes;
  private Admin.@Nullable Asked asked;
  private volatile @Nullable Admin admin;
  private volatile @Nullable BackupMaker backups;
  private volatile @Nullable HttpServer http;

  /// Something that has to be closed.
  ///
  /// @param name for the message when that fails
  /// @param closing told how long requests may take, and where to add what fails
  private record Part(String name, Closing closing) {}

  /// How a part is closed.
  @FunctionalInterface
  private interface Closing {
    void close(Duration grace, Exception failures) throws Exception;
  }

  private Composition(
      Configuration configuration,
      InstantSource clock,
      Consumer<? super ServerState.Failed> onFailed) {
    this.configuration = configuration;
    this.clock = clock;
    this.onFailed = onFailed;
    boxes =
        new Boxes(death ->
            onFailed.accept(
                new ServerState.Failed(
                    "The thread %s, which handles the log %s, has ended: %s."
                        .formatted(death.consumer(), death.log(), death.cause()),
                    RESTART)));
  }

  /// @param onHeld called as soon as the data folder is this process's own
  /// @param progress told what is being done
  /// @param onFailed told when something ends that must not, in its thread; quick
  static Composition open(
      DataFolder folder,
      Configuration configuration,
      InstantSource clock,
      SecureRandom random,
      Runnable onHeld,
      Consumer<String> progress,
      Consumer<? super ServerState.Failed> onFailed)
      throws IOException {
    Composition composition = new Composition(configuration, clock, onFailed);
    boolean open = false;
    RuntimeException failures = new IllegalStateException("what was opened could not be closed");
    try {
      SigningKey key = ServerKeys.open(folder, random);
      progress.accept("Opening the database");
      Store store = Store.open(StoreOptions.of(folder.root()).withClock(clock), onHeld);
      composition.opened.push(new Part("the database", (_, _) -> store.close()));
      store.onFailed(detail -> {
        LOG.log(Level.ERROR, "the database has failed: {0}", detail);
        onFailed.accept(
            new ServerState.Failed(
                "The database has failed, and nothing more can be stored.",
                "Check that the disk of %s works and has room, then restart the server. The log has the details."
                    .formatted(folder.root())));
      });
      ServerKeys.keep(folder);
      SigningKeys.use(store, key.id().value(), key.publicKeyBase64(), clock.instant());
      progress.accept("Starting the components");
      composition.start(store, folder, key, random);
      composition.prepareBackups(store, folder);
      open = true;
      return composition;
    } finally {
      if (!open) {
        composition.close(Duration.ZERO, failures);
        if (failures.getSuppressed().length > 0) {
          LOG.log(Level.ERROR, "The server did not start, and", failures);
        }
      }
    }
  }

  private void start(Store store, DataFolder folder, SigningKey key, SecureRandom random) {
    Outbound outbound = outbound();
    opened.push(new Part("the way to other servers", (_, _) -> outbound.close()));
    ServerName server = ServerName.parse(configuration.serverName());
    Accounts accounts = new Accounts(store.reads(), server);
    checkName(accounts, server);
    Journal journal = new Journal(store, clock);
    opened.push(new Part("the journal", (_, _) -> journal.close()));
    opened.push(new Part("the boxes", (_, failures) -> boxes.close(DRAIN, failures)));
    Admin.Asked known =
        addBoxes(store, folder, journal, accounts, new Identity(server, key, random), outbound);
    boxes.start(store.head());
    journal.start();
    asked = known;
    Admin operations =
        new Admin(
            known,
            store,
            () -> Optional.ofNullable(http).map(HttpServer::figures),
            new Admin.Wiring(
                boxes.description(),
                boxes.purposes(),
                boxes.logs()::figures,
                boxes.logs()::parked,
                boxes.logs()::release),
            () -> Optional.ofNullable(backups).flatMap(BackupMaker::trouble),
            clock);
    admin = operations;
    operations.rates().start();
    opened.push(new Part("the history of rates", (_, _) -> operations.rates().close()));
  }

  private void prepareBackups(Store store, DataFolder folder) {
    BackupMaker maker =
        new BackupMaker(
            store,
            folder::belongings,
            configuration.backups().folder().orElse(folder.backups()),
            configuration.backups().keep(),
            clock,
            asked().activity());
    backups = maker;
    opened.push(new Part("the backups", (_, _) -> maker.stop()));
  }

  private Outbound outbound() {
    try {
      return Outbound.start(OutboundOptions.of(configuration.outbound()), Resolver.SYSTEM, clock);
    } catch (IOException e) {
      throw new ConfigurationException(
          "A file of outbound.trusted-certificates cannot be used: " + e.getMessage(), e);
    }
  }

  /// Who this server is.
  private record Identity(ServerName server, SigningKey key, SecureRandom random) {}

  /// The boxes of the wiring, each after those that it asks.
  private Admin.Asked addBoxes(
      Store store,
      DataFolder folder,
      Journal journal,
      Accounts known,
      Identity identity,
      Outbound outbound) {
    Activity activity = boxes.add(new Activity(store, clock));
    RoomServer rooms =
        boxes.add(
            new RoomServer(
                store,
                identity.server(),
                identity.key(),
                clock,
                identity.random(),
                RoomServerOptions.standard()));
    JournaledLog<AccountOutput> accountOutput =
        journal.log(Logs.ACCOUNT_OUTPUT, Unavailable.handling(store, clock));
    Profiles profiles = new Profiles(store.reads());
    boxes.add(
        new ProfileService(
            profiles,
            accountOutput.writer(ProfileService.BOX),
            new MemberEvents(rooms.queries(), rooms.client(ProfileService.BOX))));
    AccountData accountData = new AccountData(store.reads());
    AccountDataService accountDataService =
        boxes.add(
            new AccountDataService(accountData, accountOutput.writer(AccountDataService.BOX)));
    PushRulesService pushRules =
        boxes.add(new PushRulesService(accountData, accountOutput.writer(PushRulesService.BOX)));
    Receipts receipts = new Receipts(store.reads());
    Inboxes inboxes = new Inboxes(store.reads());
    Keys keys = new Keys(store.reads());
    KeyBackupService keyBackup = boxes.add(new KeyBackupService(store));
    StatusMessages statusMessages = new StatusMessages(store.reads());
    Names names = new Names(store);
    NoticeRooms noticeRooms = new NoticeRooms(store);
    Pushers pushers = new Pushers(store.reads());
    AccountService accounts =
        boxes.add(
            new AccountService(
                accountOptions(configuration.registration())
                    .withDefaultRoomVersion(configuration.rooms().defaultVersion()),
                known,
                store.reads(),
                accountOutput.writer(AccountService.BOX),
                new LeaveRooms(rooms.queries(), rooms.client(AccountService.BOX)),
                List.of(
                    profiles,
                    accountData,
                    pushRules,
                    receipts,
                    inboxes,
                    keys,
                    keyBackup,
                    statusMessages,
                    names,
                    noticeRooms,
                    pushers),
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
    boxes.add(new OpenIdService(known, identity.key(), clock));
    Directory aliases = new Directory(store.reads(), identity.server());
    DirectoryService directory =
        boxes.add(
            new DirectoryService(
                aliases,
                rooms.queries(),
                accountOutput.writer(DirectoryService.BOX),
                new CanonicalAliasEvents(rooms.queries(), rooms.client(DirectoryService.BOX)),
                clock,
                configuration.roomDirectory().withoutLogin()));
    Optional<PresenceServer> presence =
        configuration.presence()
            ? Optional.of(boxes.add(new PresenceServer(statusMessages, store.committer(), clock)))
            : Optional.empty();
    boxes.add(
        new ClientPresenceSetter(
            rooms.queries(),
            presence.map(each ->
                new ClientPresenceSetter.Server(
                    each.queries(), each.client(ClientPresenceSetter.BOX))),
            clock));
    Reports reports = new Reports(store);
    boxes.add(
        new ReportService(reports, rooms.queries(), known, identity.server(), activity, clock));
    boxes.add(
        new ClientRoomSend(
            new ClientRoomSend.Needs(
                rooms.queries(), profiles, known, accountData, aliases, directory, clock),
            new ClientRoomSend.Settings(accountDataService, pushRules),
            configuration.rooms().defaultVersion(),
            rooms.client(ClientRoomSend.BOX),
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
    boxes.add(
        new KeyService(
            keys,
            List.of(inboxes),
            identity.server(),
            known,
            accounts.confirmation(),
            accountOutput.writer(KeyQueries.BOX)));
    DeviceServer devices =
        boxes.add(
            new DeviceServer(
                known,
                keys,
                inboxes,
                journal.log(Logs.DEVICE_OUTPUT, Unavailable.handling(store, clock)),
                Unavailable.handling(store, clock)));
    boxes.add(new ClientDeviceSend(devices.input().writer(ClientDeviceSend.BOX)));
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
                new ClientSync.Devices(inboxes, devices.input().writer(ClientSync.BOX)),
                presence.map(each ->
                    new ClientSync.PresenceParts(
                        each.queries(), each.client(ClientSync.BOX), each.output())),
                aliases,
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
                pushers,
                rooms.queries(),
                notifications.queries(),
                notifications.output(),
                outbound,
                clock,
                identity.random())));
    boxes.add(
        new UserDirectory(names, rooms.queries(), profiles, rooms.output(), identity.server()));
    NoticeService notices =
        boxes.add(
            new NoticeService(
                noticeRooms,
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
                folder.search()));
    return new Admin.Asked(accounts, profiles, rooms.queries(), activity, reports, notices, search);
  }

  private static void checkName(Accounts accounts, ServerName server) {
    Optional<ServerName> before = accounts.serverOfAccounts().filter(each -> !each.equals(server));
    if (before.isPresent()) {
      throw new ConfigurationException(
          "The configuration names this server %s, but its accounts belong to %s. A server's name is permanent: write \"server-name: %s\" again. For a server of another name give another data folder"
              .formatted(server, before.get(), before.get()));
    }
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

  /// Opens the listeners: from now on the server can be reached.
  void listen() {
    List<RouteGroup> routes = new ArrayList<>(boxes.routes());
    routes.add(
        new DiscoveryRoutes(
            new DiscoveryRoutes.Whereabouts(
                configuration.publicBaseUrl(), Optional.empty(), List.of(), Optional.empty()),
            ProductVersion.current()));
    routes.add(
        new LandingPage(
            configuration.serverName(), configuration.publicBaseUrl(), ProductVersion.current()));
    HttpOptions options =
        new HttpOptions(
            Addresses.listeners(configuration),
            HttpLimits.standard(),
            configuration.rateLimits() ? RateLimits.standard() : RateLimits.off(),
            configuration.accessTokenInQuery(),
            Set.copyOf(configuration.http().trustedProxies()));
    HttpServer serving =
        HttpServer.start(
            options,
            routes,
            asked().accounts().authenticator(),
            clock,
            sentence -> onFailed.accept(new ServerState.Failed(sentence, RESTART)));
    http = serving;
    if (configuration.backups().daily()) {
      backups().startDaily();
    }
    opened.push(new Part("the listeners", (grace, _) -> serving.stop(grace)));
  }

  /// What makes backups.
  BackupMaker backups() {
    return Objects.requireNonNull(backups, "it is made by open()");
  }

  private Admin.Asked asked() {
    return Objects.requireNonNull(asked, "the boxes are made by open()");
  }

  /// The addresses that clients may be given, the best first: the public one, then those with TLS.
  List<String> addresses() {
    HttpServer serving = http;
    return Addresses.of(configuration, serving == null ? List.of() : serving.addresses());
  }

  /// What the owner should know of this moment, each a sentence.
  List<String> warnings() {
    return Optional.ofNullable(http)
        .map(each -> each.figures().connections())
        .filter(connections -> !connections.accepting())
        .map(connections ->
            "New connections wait, since the system lets no more in; %d are open. Raise the limit of open files of the process."
                .formatted(connections.open()))
        .stream()
        .toList();
  }

  /// Where what happens to the server is told.
  Happenings happenings() {
    return asked().activity();
  }

  /// What the server is made of.
  Boxes boxes() {
    return boxes;
  }

  Admin admin() {
    return Objects.requireNonNull(admin, "the operations are made by open()");
  }

  /// Closes everything in the reverse order; what fails is added to `failures`.
  ///
  /// @param grace how long requests may take to end
  void close(Duration grace, Exception failures) {
    while (!opened.isEmpty()) {
      Part part = opened.pop();
      try {
        part.closing().close(grace, failures);
        LOG.log(Level.DEBUG, "closed {0}", part.name());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        failures.addSuppressed(e);
      } catch (Exception | Error e) {
        // An Error too: whatever is wrong with one part, the others let go of files and threads.
        failures.addSuppressed(new IllegalStateException(part.name() + " could not be closed", e));
      }
    }
  }
}
