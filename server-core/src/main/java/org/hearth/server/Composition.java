package org.hearth.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.WiringDescription;
import org.hearth.server.admin.Admin;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ServerKeys;
import org.hearth.server.http.DiscoveryRoutes;
import org.hearth.server.http.HttpLimits;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.Listener;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.readers.sync.ClientSync;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.account.AccountAnnouncer;
import org.hearth.server.services.account.AccountJournal;
import org.hearth.server.services.account.AccountOptions;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.services.account.GuestAccess;
import org.hearth.server.services.account.LeaveRooms;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.directory.CanonicalAliasEvents;
import org.hearth.server.services.directory.Directory;
import org.hearth.server.services.directory.DirectoryService;
import org.hearth.server.services.profile.MemberEvents;
import org.hearth.server.services.profile.ProfileService;
import org.hearth.server.services.profile.Profiles;
import org.hearth.server.services.pushrules.PushRulesService;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.writers.roomsend.ClientRoomSend;
import org.jspecify.annotations.Nullable;

/// Everything that runs while a server runs, constructed in the order of who needs whom, and closed
/// in the reverse order. What was opened is closed again when something later fails.
///
/// ```
/// store ─► room server ─► services ─► writers, readers ─► started: logs, services ─► listeners
/// ```
///
/// **thread**: one that opens and closes; figures are read by any.
final class Composition {
  private static final System.Logger LOG = System.getLogger(Composition.class.getName());
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private final Configuration configuration;
  private final InstantSource clock;
  private final Deque<Part> opened = new ArrayDeque<>();
  private final AccountService accounts;
  private final List<RouteGroup> routes;
  private final Admin admin;
  private volatile @Nullable HttpServer http;

  /// Something that has to be closed.
  ///
  /// @param name for the message when that fails
  /// @param closing how
  private record Part(String name, AutoCloseable closing) {}

  static Composition open(
      DataFolder folder,
      Configuration configuration,
      InstantSource clock,
      SecureRandom random,
      Consumer<String> progress)
      throws IOException {
    SigningKey key = ServerKeys.open(folder, random);
    progress.accept("Opening the database");
    Store store = Store.open(StoreOptions.of(folder.root()).withClock(clock));
    progress.accept("Starting the components");
    return new Composition(store, key, configuration, clock, random);
  }

  private Composition(
      Store store,
      SigningKey key,
      Configuration configuration,
      InstantSource clock,
      SecureRandom random) {
    this.configuration = configuration;
    this.clock = clock;
    opened.push(new Part("the database", store));
    ServerName server = ServerName.parse(configuration.serverName());
    FailureHandling failures =
        new FailureHandling(
            store.deadLetters(),
            failure -> failure instanceof StorageException storage && storage.isUnavailable(),
            clock);

    RoomServer rooms =
        new RoomServer(store, server, key, clock, random, RoomServerOptions.standard());
    OutputLog<AccountOutput> accountOutput =
        new OutputLog<>(
            Logs.ACCOUNT_OUTPUT,
            new AccountJournal(store.reads(), Logs.ACCOUNT_OUTPUT.codec()),
            failures);
    AccountAnnouncer announcer = new AccountAnnouncer(store.committer(), accountOutput, clock);

    Profiles profiles = new Profiles(store.reads());
    ProfileService profileService =
        new ProfileService(
            profiles, announcer, new MemberEvents(rooms.queries(), rooms.client("Profiles")));
    Accounts known = new Accounts(store.reads(), server);
    AccountData accountData = new AccountData(store.reads());
    PushRulesService pushRules = new PushRulesService(accountData, announcer);
    AccountDataService accountDataService = new AccountDataService(accountData, announcer);
    LeaveRooms leaveRooms = new LeaveRooms(rooms.queries(), rooms.client("Accounts"));
    this.accounts =
        new AccountService(
            accountOptions(configuration.registration()),
            known,
            store.reads(),
            announcer,
            leaveRooms,
            List.of(profiles, accountData, pushRules),
            new AccountService.Surroundings(clock, random));
    Directory aliases = new Directory(store.reads(), server);
    DirectoryService directory =
        new DirectoryService(
            aliases,
            rooms.queries(),
            announcer,
            new CanonicalAliasEvents(rooms.queries(), rooms.client("Directory")),
            clock,
            configuration.roomDirectory().withoutLogin());
    ClientSync sync =
        new ClientSync(
            new ClientSync.Needs(
                store,
                rooms.queries(),
                accountData,
                accounts.queries(),
                rooms.output(),
                accountOutput,
                clock),
            ClientSync.Budget.STANDARD);
    rooms.output().register(sync.roomOutputReader());
    rooms
        .output()
        .register(new GuestAccess(accounts.queries(), rooms.queries(), leaveRooms, store.head()));
    accountOutput.register(sync.accountOutputReader());
    accountOutput.writtenBy("Accounts", "Profiles", "AccountData", "PushRules", "Directory");
    LogSet logs =
        new LogSet(Stream.concat(rooms.logs().stream(), Stream.of(accountOutput)).toList());

    try {
      checkName(known, server);
      opened.push(new Part("the Room Server", rooms));
      opened.push(new Part("the logs", () -> logs.drainAndStop(DRAIN)));
      logs.start(store.head());
      rooms.start();
      opened.push(new Part("the profiles", profileService));
      profileService.start();
      opened.push(new Part("the accounts", accounts));
      accounts.start();
      opened.push(new Part("the syncs", sync));
    } catch (RuntimeException e) {
      close(Duration.ZERO, e);
      throw e;
    }

    List<RouteGroup> groups = new ArrayList<>(accounts.routes());
    groups.addAll(List.of(profileService, accountDataService, pushRules, directory));
    groups.addAll(
        new ClientRoomSend(
                new ClientRoomSend.Needs(
                    rooms.queries(),
                    profiles,
                    accounts.queries(),
                    accountData,
                    aliases,
                    directory,
                    clock),
                rooms.client("ClientRoomSend"))
            .routes());
    groups.addAll(sync.routes());
    groups.add(new DiscoveryRoutes(whereabouts(configuration), ProductVersion.current()));
    this.routes = List.copyOf(groups);
    this.admin =
        new Admin(
            accounts,
            profiles,
            rooms.queries(),
            store,
            () -> Optional.ofNullable(http).map(HttpServer::figures),
            new Admin.Wiring(
                WiringDescription.join(List.of(Logs.wiring(), logs.description())),
                logs::figures,
                logs::release),
            clock);
  }

  private static void checkName(Accounts accounts, ServerName server) {
    Optional<ServerName> before = accounts.serverOfAccounts().filter(each -> !each.equals(server));
    if (before.isPresent()) {
      throw new ConfigurationException(
          "The configuration names this server %s, but its accounts belong to %s. A server's name is permanent: write \"server-name: %s\" again. For a server of another name give another data folder"
              .formatted(server, before.get(), before.get()));
    }
  }

  private static DiscoveryRoutes.Whereabouts whereabouts(Configuration configuration) {
    return new DiscoveryRoutes.Whereabouts(
        configuration.publicBaseUrl(), Optional.empty(), List.of(), Optional.empty());
  }

  private static AccountOptions accountOptions(Configuration.Registration registration) {
    return AccountOptions.defaults()
        .withRegistration(
            switch (registration.effectiveMode()) {
              case CLOSED -> AccountOptions.RegistrationMode.CLOSED;
              case TOKEN -> AccountOptions.RegistrationMode.TOKEN;
              case OPEN -> AccountOptions.RegistrationMode.OPEN;
            },
            registration.guests(),
            registration.sharedSecret());
  }

  /// Opens the listeners: from now on the server can be reached.
  void listen() {
    HttpOptions options =
        new HttpOptions(
            configuration.listeners().stream().map(Composition::listener).toList(),
            HttpLimits.standard(),
            configuration.rateLimits() ? RateLimits.standard() : RateLimits.off(),
            configuration.accessTokenInQuery(),
            Set.of());
    http = HttpServer.start(options, routes, accounts.authenticator(), clock);
  }

  private static Listener listener(Configuration.Listener listener) {
    try {
      return new Listener(
          InetAddress.getByName(listener.bind()),
          listener.port(),
          listener.tls().map(tls -> new Listener.Tls(tls.certificate(), tls.privateKey())));
    } catch (UnknownHostException e) {
      throw new UncheckedIOException(
          "the address to bind, " + listener.bind() + ", is none of this computer", e);
    }
  }

  /// The addresses that clients may be given, the best first: the public one, then those with TLS.
  List<String> addresses() {
    List<String> addresses = new ArrayList<>();
    configuration.publicBaseUrl().ifPresent(address -> addresses.add(address.toString()));
    HttpServer serving = http;
    if (serving != null) {
      List<InetSocketAddress> bound = serving.addresses();
      for (boolean withTls : new boolean[] {true, false}) {
        for (int i = 0; i < bound.size(); i++) {
          if (configuration.listeners().get(i).tls().isPresent() == withTls) {
            addresses.add(
                (withTls ? "https://" : "http://")
                    + reachable(bound.get(i).getAddress(), configuration.listeners().get(i).bind())
                    + ":"
                    + bound.get(i).getPort());
          }
        }
      }
    }
    return addresses;
  }

  /// A listener on all addresses is told by one that others can reach this computer at.
  private static String reachable(InetAddress bound, String bind) {
    if (bound.isAnyLocalAddress()) {
      try {
        return NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
            .map(InetAddress::getHostAddress)
            .findFirst()
            .orElse("127.0.0.1");
      } catch (SocketException e) {
        LOG.log(Level.WARNING, "The addresses of this computer cannot be listed", e);
        return "127.0.0.1";
      }
    }
    return bind.contains(":") && !bind.startsWith("[") ? "[" + bind + "]" : bind;
  }

  Admin admin() {
    return admin;
  }

  /// Closes everything in the reverse order; what fails is added to `failures`.
  ///
  /// @param grace how long requests may take to end
  void close(Duration grace, Exception failures) {
    HttpServer serving = http;
    if (serving != null) {
      attempt("the listeners", () -> serving.stop(grace), failures);
    }
    while (!opened.isEmpty()) {
      Part part = opened.pop();
      attempt(part.name(), part.closing(), failures);
    }
  }

  private static void attempt(String name, AutoCloseable closing, Exception failures) {
    try {
      closing.close();
      LOG.log(Level.DEBUG, "closed {0}", name);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failures.addSuppressed(e);
    } catch (Exception e) {
      failures.addSuppressed(new IllegalStateException(name + " could not be closed", e));
    }
  }
}
