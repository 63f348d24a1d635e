package org.hearth.server.services.account;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.PeerRequests;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.account.AccountOptions.RegistrationMode;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.directory.CanonicalAliasEvents;
import org.hearth.server.services.directory.Directory;
import org.hearth.server.services.directory.DirectoryService;
import org.hearth.server.services.directory.RemoteAliases;
import org.hearth.server.services.keybackup.KeyBackupService;
import org.hearth.server.services.profile.MemberEvents;
import org.hearth.server.services.profile.Profile;
import org.hearth.server.services.profile.ProfileService;
import org.hearth.server.services.profile.Profiles;
import org.hearth.server.services.profile.RoomProfiles;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Gives each test accounts, profiles and account data on a real database behind a real HTTP
/// server, without rooms.
///
/// ```
/// @RegisterExtension final ServicesExtension services = new ServicesExtension();
///
/// TestClient alice = services.register("alice");
/// ```
public final class ServicesExtension implements BeforeEachCallback, AfterEachCallback {
  /// The name of the server.
  public static final ServerName SERVER = new ServerName("hearth.test");

  /// No other server may be asked.
  private static final PeerRequests NOBODY =
      request -> new FederationReply.NotAllowed(request.destination());

  /// A password that every account made by [#register] has.
  public static final String PASSWORD = "correct horse battery";

  private final StoreExtension stores = new StoreExtension();
  private final ManualClock clock = new ManualClock();
  private final UnaryOperator<AccountOptions> options;
  private final UnaryOperator<HttpOptions> httpOptions;
  private final RecordedRooms rooms = new RecordedRooms();
  private final List<Happening> happenings = new CopyOnWriteArrayList<>();
  private final boolean withRooms;
  private @Nullable Running running;

  /// Open registration, passwords that are cheap to hash, no rate limits.
  public ServicesExtension() {
    this(UnaryOperator.identity());
  }

  /// @param options changes the options of the accounts
  public ServicesExtension(UnaryOperator<AccountOptions> options) {
    this(options, each -> each.with(RateLimits.off()), false);
  }

  /// The same with rooms.
  public static ServicesExtension withRooms() {
    return new ServicesExtension(
        UnaryOperator.identity(), each -> each.with(RateLimits.off()), true);
  }

  ServicesExtension(
      UnaryOperator<AccountOptions> options,
      UnaryOperator<HttpOptions> httpOptions,
      boolean withRooms) {
    this.options = options;
    this.httpOptions = httpOptions;
    this.withRooms = withRooms;
  }

  /// What was done in rooms.
  public static final class RecordedRooms implements RoomExit, RoomProfiles {
    final List<UserId> left = new CopyOnWriteArrayList<>();

    /// The profiles written into rooms, in order.
    public final List<Profile> written = new CopyOnWriteArrayList<>();

    /// Whether rooms fail now.
    public volatile boolean broken;

    /// What happens while something is done in rooms, on the thread that has it done.
    public volatile Runnable meanwhile = () -> {};

    @Override
    public void leaveAll(UserId user) {
      meanwhile.run();
      if (broken) {
        throw new IllegalStateException("rooms are broken in this test");
      }
      left.add(user);
    }

    @Override
    public List<UserId> whereGuestsMayNotBe(List<UserId> guests) {
      return List.of();
    }

    @Override
    public void leaveWhereGuestsMayNotBe(UserId guest) {
      throw new IllegalStateException("no guest is in a room in this test");
    }

    @Override
    public boolean isInRooms(UserId user) {
      return true;
    }

    @Override
    public void write(UserId user, Profile profile) {
      meanwhile.run();
      if (broken) {
        throw new IllegalStateException("rooms are broken in this test");
      }
      written.add(profile);
    }
  }

  private record Running(
      OutputLog<AccountOutput> log,
      Recorder recorder,
      Accounts accounts,
      AccountService service,
      Profiles profiles,
      ProfileService profileService,
      AccountData data,
      KeyBackupService keyBackup,
      @Nullable RoomServer rooms,
      @Nullable DirectoryService directory,
      HttpServer http) {}

  private static final class Recorder implements LogReader<AccountOutput> {
    private final LogPosition begin;
    private final List<Positioned<AccountOutput>> entries = new CopyOnWriteArrayList<>();

    Recorder(LogPosition begin) {
      this.begin = begin;
    }

    @Override
    public String name() {
      return "recorder";
    }

    @Override
    public LogPosition position() {
      return entries.isEmpty() ? begin : entries.getLast().position();
    }

    @Override
    public void onBatch(List<Positioned<AccountOutput>> batch) {
      entries.addAll(batch);
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    stores.beforeEach(context);
    begin();
  }

  private void begin() {
    Store store = stores.store();
    JournaledLog<AccountOutput> journaled =
        new Journal(store, clock)
            .log(
                Logs.ACCOUNT_OUTPUT,
                new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system()));
    OutputLog<AccountOutput> log = journaled.output();
    Recorder recorder = new Recorder(store.head());
    log.register(recorder);
    log.start(store.head());
    JournalWriter<AccountOutput> journal = journaled.writer("test");
    Accounts accounts = new Accounts(store.reads(), SERVER);
    RoomServer roomServer = withRooms ? roomServer(store) : null;
    Profiles profiles = new Profiles(store.reads());
    AccountData data = new AccountData(store.reads());
    KeyBackupService keyBackup = new KeyBackupService(store);
    AccountService service =
        new AccountService(
            options.apply(
                AccountOptions.defaults()
                    .withCheapPasswords()
                    .withRegistration(RegistrationMode.OPEN, false, Optional.empty())),
            accounts,
            store.reads(),
            journal,
            roomServer == null
                ? rooms
                : new LeaveRooms(roomServer.queries(), roomServer.client("Tests")),
            List.of(profiles, data, keyBackup),
            new AccountService.Surroundings(
                clock, new SecureRandom(), Optional.empty(), happenings::add));
    ProfileService profileService =
        new ProfileService(
            SERVER,
            profiles,
            journal,
            roomServer == null
                ? rooms
                : new MemberEvents(roomServer.queries(), roomServer.client("Tests")),
            NOBODY);
    List<RouteGroup> groups = new ArrayList<>(service.routes());
    groups.add(profileService);
    groups.add(new AccountDataService(data, journal));
    groups.add(keyBackup);
    DirectoryService directory = null;
    if (roomServer != null) {
      directory =
          new DirectoryService(
              directory(store, roomServer),
              roomServer.queries(),
              journal,
              new CanonicalAliasEvents(roomServer.queries(), roomServer.client("Tests")),
              clock,
              new DirectoryService.Outside(false, false, NOBODY));
      groups.add(directory);
      new LogSet(roomServer.logs()).start(store.head());
      roomServer.start();
      directory.start();
    }
    service.start();
    profileService.start();
    keyBackup.start();
    HttpServer http =
        HttpServer.start(
            httpOptions.apply(HttpOptions.standard(List.of(Listener.loopback(0)))),
            groups,
            HttpServer.Callers.users(service.authenticator()),
            clock,
            _ -> {});
    running =
        new Running(
            log,
            recorder,
            accounts,
            service,
            profiles,
            profileService,
            data,
            keyBackup,
            roomServer,
            directory,
            http);
  }

  private static Directory directory(Store store, RoomServer roomServer) {
    return new Directory(
        store.reads(), SERVER, roomServer.peerQueries(), new RemoteAliases(NOBODY));
  }

  /// Another view of the directory's tables.
  public Directory otherDirectory() {
    return directory(store(), Objects.requireNonNull(Objects.requireNonNull(running).rooms()));
  }

  private RoomServer roomServer(Store store) {
    byte[] seed = new byte[SigningKey.SEED_BYTES];
    Arrays.fill(seed, (byte) 7);
    return new RoomServer(
        store,
        SERVER,
        new SigningKey(KeyId.parse("ed25519:1"), seed),
        clock,
        new SecureRandom(),
        RoomServerOptions.standard());
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    try {
      end();
    } finally {
      stores.afterEach(context);
    }
  }

  private void end() throws InterruptedException {
    Running now = now();
    now.http.stop(Duration.ofSeconds(5));
    now.profileService.stop();
    now.service.stop();
    now.keyBackup.stop();
    if (now.directory != null) {
      now.directory.stop();
    }
    if (now.rooms != null) {
      now.rooms.stop();
      new LogSet(now.rooms.logs()).drainAndStop(Duration.ofSeconds(5));
      now.rooms.close();
    }
    now.log.drainAndStop(Duration.ofSeconds(5));
  }

  /// Stops everything and starts it again on the same database.
  public void restart() throws InterruptedException {
    end();
    stores.reopen();
    begin();
  }

  private Running now() {
    return Objects.requireNonNull(running, "the services run during a test only");
  }

  /// The accounts.
  public AccountService accounts() {
    return now().service;
  }

  /// The service of the profiles.
  public ProfileService profileService() {
    return now().profileService;
  }

  /// The profiles.
  public Profiles profiles() {
    return now().profiles;
  }

  /// The account data.
  public AccountData data() {
    return now().data;
  }

  Accounts tables() {
    return now().accounts;
  }

  /// The store.
  public Store store() {
    return stores.store();
  }

  /// The data folder of the store.
  public Path folder() {
    return stores.folder();
  }

  /// What the services told that happened.
  List<Happening> happenings() {
    return happenings;
  }

  /// The clock of everything.
  public ManualClock clock() {
    return clock;
  }

  /// What was done in rooms.
  public RecordedRooms rooms() {
    return rooms;
  }

  /// Says things to the Room Server.
  public RoomWriter roomWriter() {
    RoomServer server = Objects.requireNonNull(now().rooms, "there are no rooms in this test");
    return new RoomWriter(server.input().writer("Tests"));
  }

  /// The directory.
  public DirectoryService directory() {
    return Objects.requireNonNull(now().directory, "there are no rooms in this test");
  }

  /// What the Room Server answers.
  public RoomQueries roomQueries() {
    return Objects.requireNonNull(now().rooms, "there are no rooms in this test").queries();
  }

  /// A client without a token.
  public TestClient client() {
    return TestClient.of(now().http);
  }

  /// A client with the token of a new account.
  public TestClient register(String name) {
    return client().as(registration(name).text("access_token"));
  }

  /// The answer to the registration of a new account.
  public TestClient.Answer registration(String name) {
    return client()
        .post(
            "/_matrix/client/v3/register",
            "{'username': '%s', 'password': '%s', 'auth': {'type': 'm.login.dummy'}}"
                .formatted(name, PASSWORD))
        .expect(200);
  }

  /// The id of a user of this server.
  public static UserId user(String name) {
    return UserId.create(name, SERVER);
  }

  /// What was announced so far, once everything that is committed has been.
  public List<AccountOutput> announced() throws InterruptedException {
    LogPosition committed = store().head();
    while (committed.isAfter(store().published())) {
      // What was committed is about to be published.
      Thread.onSpinWait();
    }
    if (!now().log.awaitReader("recorder", now().log.head(), Duration.ofSeconds(60))) {
      throw new AssertionError("what was published has not been read within a minute");
    }
    return now().recorder.entries.stream().map(Positioned::entry).toList();
  }

  OutputLog<AccountOutput> log() {
    return now().log;
  }
}
