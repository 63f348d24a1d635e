package org.hearth.server;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
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
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.RateHistory;
import org.hearth.server.admin.SigningKeyOperations;
import org.hearth.server.admin.WayIn;
import org.hearth.server.box.Boxes;
import org.hearth.server.box.Time;
import org.hearth.server.certificates.CertificatePage;
import org.hearth.server.certificates.HomeAuthority;
import org.hearth.server.certificates.Renewal;
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
import org.hearth.server.http.peers.Peers;
import org.hearth.server.matrix.checks.FederationPolicy;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.outbound.Dialer;
import org.hearth.server.outbound.NameServers;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundOptions;
import org.hearth.server.outbound.Resolver;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.serverkeys.KeyRotation;
import org.hearth.server.store.Journal;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.StoreState;
import org.jspecify.annotations.Nullable;

/// Everything that runs while a server runs: the store, the boxes, the listeners. What was opened
/// is closed in the reverse order, also when something later fails.
///
/// ```
/// store ─► boxes, each made of those before it ─► started: logs, boxes ─► listeners
/// ```
///
/// Which boxes there are, [AllBoxes] says.
///
/// **thread**: one that opens and closes; figures are read by any.
final class Composition {
  private static final System.Logger LOG = System.getLogger(Composition.class.getName());
  private static final Duration DRAIN = Duration.ofSeconds(10);
  private static final String RESTART =
      "Restart the server; if this happens again, report it with the log.";

  private final Configuration configuration;
  private final Time time;
  private final InstantSource clock;
  private final Consumer<? super ServerState.Failed> onFailed;
  private final Deque<Part> opened = new ArrayDeque<>();
  private final Boxes boxes;
  private volatile @Nullable Store store;
  private Admin.@Nullable Asked asked;
  private @Nullable Peers peers;
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
      Configuration configuration, Time time, Consumer<? super ServerState.Failed> onFailed) {
    this.configuration = configuration;
    this.time = time;
    this.clock = time.clock();
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
      Time time,
      SecureRandom random,
      Runnable onHeld,
      Consumer<String> progress,
      Consumer<? super ServerState.Failed> onFailed)
      throws IOException {
    InstantSource clock = time.clock();
    Composition composition = new Composition(configuration, time, onFailed);
    boolean open = false;
    RuntimeException failures = new IllegalStateException("what was opened could not be closed");
    try {
      progress.accept("Opening the database");
      AtomicReference<@Nullable OwnKeys> read = new AtomicReference<>();
      Store store =
          Store.open(
              StoreOptions.of(folder.root()).withClock(clock),
              () -> {
                read.set(ServerKeys.open(folder, random, clock));
                onHeld.run();
              });
      composition.opened.push(new Part("the database", (_, _) -> store.close()));
      composition.store = store;
      store.onFailed(failed ->
          onFailed.accept(
              store.damage().map(ServerState.Failed::of).orElseGet(() -> told(failed, folder))));
      try {
        OwnKeys opened = Objects.requireNonNull(read.get(), "they are read before the database");
        ServerKeys.keep(folder, opened);
        KeyRotation keys =
            KeyRotation.open(opened, new SigningKeyFile(folder, random), store, clock);
        progress.accept("Starting the components");
        composition.start(store, folder, keys, random);
        composition.prepareBackups(store, folder);
        store.requireNotFailed();
      } catch (RuntimeException e) {
        throw store.refusal(e);
      }
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

  private static ServerState.Failed told(StoreState.Failed failed, DataFolder folder) {
    if (failed.unopened().isEmpty()) {
      return new ServerState.Failed(
          "The database has failed, and nothing more can be stored: %s.".formatted(failed.detail()),
          "Check that the disk of %s works and has room, then restart the server. The log has the details."
              .formatted(folder.root()));
    }
    Path file = failed.unopened().get();
    if (Files.isReadable(file) && Files.isWritable(file)) {
      return new ServerState.Failed(
          "A file of the database cannot be opened, and nothing more can be stored: %s."
              .formatted(failed.detail()),
          "Let the server have more files open (ulimit -n, or LimitNOFILE of a service), then restart it.");
    }
    return new ServerState.Failed(
        "The user %s may no longer read and write %s, and nothing more can be stored."
            .formatted(System.getProperty("user.name"), file),
        "Give the data folder to that user again, then restart the server.");
  }

  /// `keys/signing.key` of a data folder that this process holds.
  private record SigningKeyFile(DataFolder folder, SecureRandom random)
      implements KeyRotation.KeyFile {
    @Override
    public SigningKey prepare() throws IOException {
      return ServerKeys.prepare(folder, random);
    }

    @Override
    public void complete(long expiredTs) throws IOException {
      ServerKeys.complete(folder, expiredTs);
    }
  }

  private void start(Store store, DataFolder folder, KeyRotation keys, SecureRandom random) {
    Outbound outbound = outbound(random);
    opened.push(new Part("the way to other servers", (_, _) -> outbound.close()));
    ServerName server = ServerName.parse(configuration.serverName());
    Accounts accounts = new Accounts(store.reads(), server);
    checkName(accounts, server);
    Journal journal = new Journal(store, clock);
    opened.push(new Part("the journal", (_, _) -> journal.close()));
    opened.push(new Part("the boxes", (_, failures) -> boxes.close(patience(store), failures)));
    AllBoxes.Made made =
        AllBoxes.addTo(
            boxes,
            new AllBoxes.Ground(
                configuration,
                time,
                store,
                folder,
                journal,
                accounts,
                new AllBoxes.Identity(server, keys, federationPolicy(), random),
                outbound));
    boxes.start(store.head());
    journal.start();
    peers = made.peers();
    Admin.Asked known = made.asked();
    asked = known;
    Admin operations =
        new Admin(
            known,
            store,
            () -> Optional.ofNullable(http).map(HttpServer::figures),
            new Admin.Wiring(
                boxes.description(),
                boxes.purposes(),
                boxes.storing(),
                boxes.logs()::figures,
                boxes.logs()::parked,
                boxes.logs()::release),
            () -> Optional.ofNullable(backups).flatMap(BackupMaker::trouble),
            new SigningKeyOperations(keys, known.activity()),
            clock);
    admin = operations;
  }

  /// What cannot be stored any more is not waited for.
  private static Duration patience(Store store) {
    return store.state() instanceof StoreState.Failed ? Duration.ZERO : DRAIN;
  }

  private void prepareBackups(Store store, DataFolder folder) {
    BackupMaker maker =
        new BackupMaker(
            store,
            () -> Belongings.of(folder, configuration),
            configuration.backups().folder().orElse(folder.backups()),
            configuration.backups().keep(),
            clock,
            asked().activity(),
            Optional.of(asked().media().backup()));
    backups = maker;
    opened.push(new Part("the backups", (_, _) -> maker.stop()));
  }

  private Outbound outbound(SecureRandom random) {
    try {
      return Outbound.start(
          OutboundOptions.of(configuration.outbound()),
          Resolver.SYSTEM,
          NameServers.ofSystem(clock, random),
          Dialer.DIRECT,
          clock);
    } catch (IOException e) {
      throw new ConfigurationException(
          "A file of outbound.trusted-certificates cannot be used: " + e.getMessage(), e);
    }
  }

  private static List<DiscoveryRoutes.Contact> contacts(Configuration.Support support) {
    return support.contacts().stream()
        .map(each ->
            new DiscoveryRoutes.Contact(
                switch (each.role()) {
                  case ADMIN -> "m.role.admin";
                  case SECURITY -> "m.role.security";
                },
                each.matrixId().map(UserId::value),
                each.email()))
        .toList();
  }

  private static void checkName(Accounts accounts, ServerName server) {
    Optional<ServerName> before = accounts.serverOfAccounts().filter(each -> !each.equals(server));
    if (before.isPresent()) {
      throw new ConfigurationException(
          "The configuration names this server %s, but its accounts belong to %s. A server's name is permanent: write \"server-name: %s\" again. For a server of another name give another data folder"
              .formatted(server, before.get(), before.get()));
    }
  }

  /// Opens the listeners: from now on the server can be reached.
  ///
  /// @param folder where how busy it was is kept
  /// @param authority the server's own, if a listener is certified by it
  void listen(DataFolder folder, Optional<HomeAuthority> authority) {
    List<RouteGroup> routes = new ArrayList<>(boxes.routes());
    routes.add(
        new DiscoveryRoutes(
            new DiscoveryRoutes.Whereabouts(
                configuration.publicBaseUrl(),
                Optional.empty(),
                contacts(configuration.support()),
                configuration.support().page()),
            ProductVersion.current()));
    routes.add(
        new LandingPage(
            configuration.serverName(),
            configuration.publicBaseUrl(),
            ProductVersion.current(),
            authority.map(_ -> CertificatePage.PATH)));
    authority.ifPresent(own -> routes.add(new CertificatePage(configuration.serverName(), own)));
    HttpOptions options =
        new HttpOptions(
            Addresses.listeners(configuration, folder),
            HttpLimits.standard().withStreamedBodies(configuration.media().largestUpload()),
            configuration.rateLimits() ? RateLimits.standard() : RateLimits.off(),
            configuration.accessTokenInQuery(),
            Set.copyOf(configuration.http().trustedProxies()));
    HttpServer serving =
        HttpServer.start(
            options,
            routes,
            new HttpServer.Callers(
                asked().accounts().authenticator(),
                Objects.requireNonNull(peers, "they are made by open()")),
            clock,
            sentence -> onFailed.accept(new ServerState.Failed(sentence, RESTART)));
    http = serving;
    authority.ifPresent(own -> keepCertified(own, serving));
    if (configuration.backups().daily()) {
      backups().startDaily();
    }
    opened.push(new Part("the listeners", (grace, _) -> serving.stop(grace)));
    RateHistory rates = admin().rates();
    rates.start(folder);
    opened.push(new Part("the history of rates", (_, _) -> rates.close()));
  }

  private void keepCertified(HomeAuthority authority, HttpServer serving) {
    Renewal renewal =
        new Renewal(
            authority,
            () -> Addresses.atHome(configuration, Addresses.links()),
            serving::reloadTls);
    renewal.start();
    opened.push(new Part("the certificates", (_, _) -> renewal.close()));
  }

  private FederationPolicy federationPolicy() {
    Configuration.Federation federation = configuration.federation();
    return switch (federation.mode()) {
      case OFF -> FederationPolicy.off();
      case ALLOW_LIST ->
          FederationPolicy.allowing(
              federation.servers().stream().map(ServerName::new).collect(Collectors.toSet()),
              federation.blocked());
      case OPEN -> FederationPolicy.open(federation.blocked());
    };
  }

  /// What makes backups.
  BackupMaker backups() {
    return Objects.requireNonNull(backups, "it is made by open()");
  }

  private Admin.Asked asked() {
    return Objects.requireNonNull(asked, "the boxes are made by open()");
  }

  /// Where clients reach the server, the best first.
  List<WayIn> ways() {
    return Addresses.of(configuration, listeners(), Addresses.links(), clock.instant());
  }

  private List<HttpServer.Bound> listeners() {
    HttpServer serving = http;
    return serving == null ? List.of() : serving.listeners();
  }

  /// What the owner should know of this moment, each a sentence.
  List<String> warnings() {
    Optional<String> waiting =
        Optional.ofNullable(http)
            .map(each -> each.figures().connections())
            .filter(connections -> !connections.accepting())
            .map(connections ->
                "New connections wait, since the system lets no more in; %d are open. Raise the limit of open files of the process."
                    .formatted(connections.open()));
    Optional<String> unreadable =
        Optional.ofNullable(store)
            .map(each -> each.figures().unreadable())
            .filter(times -> times > 0)
            .map(_ ->
                "Parts of the database are missing or damaged, and what was in them is left out. \"hearth check --database\" says how much that is; restore the newest backup.");
    return Stream.concat(
            Stream.of(waiting, unreadable).flatMap(Optional::stream),
            CertificateWarnings.of(configuration, listeners(), clock.instant()))
        .toList();
  }

  /// Whether pages of the database are not what was written.
  boolean isDamaged() {
    Store opened = store;
    return opened != null && opened.damage().isPresent();
  }

  /// What a start has met after this was opened, as the refusal that it is if the database is
  /// damaged.
  RuntimeException refusal(RuntimeException failure) {
    Store opened = store;
    return opened == null ? failure : opened.refusal(failure);
  }

  /// Where what happens to the server is told.
  Activity activity() {
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
