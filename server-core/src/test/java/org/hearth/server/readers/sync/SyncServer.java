package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.box.Alarms;
import org.hearth.server.box.Reading;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.Requester;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.readers.sync.history.OlderHistory;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.sync.view.WaitingSync;
import org.hearth.server.servers.device.DeviceServer;
import org.hearth.server.servers.device.Inboxes;
import org.hearth.server.servers.device.RemoteDevices;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.servers.notification.NotificationServer;
import org.hearth.server.servers.presence.PresenceServer;
import org.hearth.server.servers.presence.StatusMessages;
import org.hearth.server.servers.receipt.ReceiptServer;
import org.hearth.server.servers.receipt.Receipts;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.servers.typing.TypingServer;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.directory.Directory;
import org.hearth.server.services.directory.RemoteAliases;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.services.pushrules.PushRulesService;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.hearth.server.writers.presencesetter.ClientPresenceSetter;
import org.hearth.server.writers.receiptupdater.ClientReceiptUpdater;
import org.hearth.server.writers.typingsetter.ClientTypingSetter;

/// The reading half of a server: database, Room Server, account data, ClientSync, HTTP. A token is
/// `user/device`; one that begins with `guest` is a guest's.
///
/// It is put together here and not by `AllBoxes`, which gives nobody what tests of `/sync` need:
/// users without accounts, budgets that are soon used up, a reader that stands before ClientSync's,
/// and an end as of a killed process, at which nothing is stored any more.
final class SyncServer implements AutoCloseable {
  /// Nobody has more history.
  private static final class NoOthers implements OlderHistory {
    @Override
    public Fetching before(RoomId room) {
      return Fetching.DONE;
    }

    @Override
    public void near(RoomId room, Wanted wanted) {
      // There is nobody to ask.
    }
  }

  static final ServerName NAME = ServerName.parse("hearth.test");

  private static final Table ACCOUNT = new Table("account", "a test's", "the test");
  private static final String TOLD = "told";
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final List<NotificationOutput> told = new CopyOnWriteArrayList<>();
  private final Store store;
  private final RoomServer roomServer;
  private final LogSet logs;
  private final JournalWriter<AccountOutput> journal;
  private final TypingServer typing;
  private final ReceiptServer receiptServer;
  private final NotificationServer notifications;
  private final Optional<PresenceServer> presence;
  private final ClientSync clientSync;
  private final HttpServer http;
  private final TestRooms rooms;

  SyncServer(Path folder) {
    this(folder, ClientSync.Budget.STANDARD);
  }

  SyncServer(Path folder, ClientSync.Budget budget) {
    this(folder, budget, List.of());
  }

  /// One with presence, which else is off: it would wake those who wait for something else.
  static SyncServer withPresence(Path folder) {
    return new SyncServer(
        folder, ClientSync.Budget.STANDARD, List.of(), true, Alarms.onThread("wakes"));
  }

  /// One that tells later what others do when these alarms ring.
  static SyncServer withAlarms(Path folder, Alarms wakeAlarms) {
    return new SyncServer(folder, ClientSync.Budget.STANDARD, List.of(), false, wakeAlarms);
  }

  /// @param before readers of account-output that handle each entry before ClientSync sees it
  SyncServer(Path folder, ClientSync.Budget budget, List<LogReader<AccountOutput>> before) {
    this(folder, budget, before, false, Alarms.onThread("wakes"));
  }

  private SyncServer(
      Path folder,
      ClientSync.Budget budget,
      List<LogReader<AccountOutput>> before,
      boolean withPresence,
      Alarms wakeAlarms) {
    InstantSource clock = InstantSource.system();
    store = open(folder);
    roomServer =
        new RoomServer(
            store,
            NAME,
            TestKeys.of(NAME),
            clock,
            new SplittableRandom(1),
            RoomServerOptions.standard());
    Journal keeping = new Journal(store, clock);
    FailureHandling failures = new FailureHandling(store.deadLetters(), _ -> false, clock);
    JournaledLog<AccountOutput> journaled = keeping.log(Logs.ACCOUNT_OUTPUT, failures);
    OutputLog<AccountOutput> accountOutput = journaled.output();
    journal = journaled.writer("test");
    AccountData accountData = new AccountData(store.reads());
    Accounts accounts = new Accounts(store.reads(), NAME);
    typing = new TypingServer(roomServer.queries(), roomServer.output(), store.head(), clock);
    typing.output().writtenBy(typing.name());
    Receipts receipts = new Receipts(store.reads());
    receiptServer =
        new ReceiptServer(
            roomServer.queries(),
            receipts,
            keeping.log(Logs.RECEIPT_OUTPUT, failures),
            roomServer.output(),
            store.head(),
            failures);
    notifications =
        new NotificationServer(
            new NotificationServer.Needs(
                store,
                NAME,
                roomServer.queries(),
                receipts,
                accountData,
                roomServer.output(),
                receiptServer.output()),
            clock);
    notifications.output().writtenBy(notifications.name());
    notifications.output().register(new MemoryReader<>(TOLD, LogPosition.ORIGIN, new Told()));
    Inboxes inboxes = new Inboxes(store.reads());
    Keys keys = new Keys(store.reads());
    RemoteDevices remoteDevices = new RemoteDevices(store.reads());
    DeviceServer devices =
        new DeviceServer(
            new DeviceServer.Needs(
                NAME,
                store,
                accounts,
                keys,
                roomServer.queries(),
                roomServer.peerQueries(),
                inboxes,
                remoteDevices,
                new Random(1)),
            new DeviceServer.Followed(accountOutput, roomServer.output()),
            keeping.log(Logs.DEVICE_OUTPUT, failures),
            failures);
    presence =
        withPresence
            ? Optional.of(
                new PresenceServer(new StatusMessages(store.reads()), store.committer(), clock))
            : Optional.empty();
    presence.ifPresent(each -> each.output().writtenBy(each.name()));
    clientSync =
        new ClientSync(
            new ClientSync.Needs(
                store,
                roomServer.queries(),
                accountData,
                accounts,
                typing.queries(),
                receipts,
                notifications.queries(),
                keys,
                new ClientSync.Devices(
                    inboxes, remoteDevices, devices.input().writer(ClientSync.BOX)),
                presence.map(each ->
                    new ClientSync.PresenceParts(
                        each.queries(), each.client(ClientSync.BOX), each.output())),
                new Directory(
                    store.reads(),
                    NAME,
                    roomServer.peerQueries(),
                    new RemoteAliases(
                        request -> new FederationReply.NotAllowed(request.destination()))),
                new NoOthers(),
                new ClientSync.Logs(
                    roomServer.output(),
                    accountOutput,
                    typing.output(),
                    receiptServer.output(),
                    devices.output()),
                clock),
            budget,
            wakeAlarms);
    before.forEach(accountOutput::register);
    List<String> first = before.stream().map(LogReader::name).toList();
    Stream.of(notifications, typing, receiptServer, clientSync)
        .flatMap(each -> each.readings().stream())
        .forEach(each -> register(each, each.log().equals(accountOutput) ? first : each.after()));
    logs =
        new LogSet(
            Stream.of(
                    roomServer.logs(),
                    typing.logs(),
                    receiptServer.logs(),
                    devices.logs(),
                    notifications.logs(),
                    presence.map(PresenceServer::logs).orElse(List.of()),
                    List.of(accountOutput))
                .flatMap(List::stream)
                .toList());
    logs.start(store.head());
    roomServer.start();
    receiptServer.start();
    notifications.start();
    List<RouteGroup> routes = new ArrayList<>(clientSync.routes());
    AccountDataService accountDataService = new AccountDataService(accountData, journal);
    routes.add(accountDataService);
    routes.add(new PushRulesService(accountData, journal));
    routes.addAll(
        new ClientReceiptUpdater(
                roomServer.queries(),
                accountDataService,
                receiptServer.input().writer(ClientReceiptUpdater.BOX),
                clock)
            .routes());
    routes.addAll(
        new ClientTypingSetter(roomServer.queries(), typing.input().writer(ClientTypingSetter.BOX))
            .routes());
    routes.addAll(
        new ClientPresenceSetter(
                roomServer.queries(),
                presence.map(each ->
                    new ClientPresenceSetter.Server(
                        each.queries(), each.client(ClientPresenceSetter.BOX))),
                clock)
            .routes());
    http =
        HttpServer.start(
            HttpOptions.standard(List.of(Listener.loopback(0))).with(RateLimits.off()),
            routes,
            HttpServer.Callers.users(SyncServer::authenticate),
            clock,
            _ -> {});
    rooms = new TestRooms(roomServer.input().writer("Tests"));
  }

  /// Keeps what notification-output tells.
  private final class Told implements MemoryReader.View<NotificationOutput> {
    @Override
    public void take(LogPosition at, NotificationOutput entry) {
      told.add(entry);
    }

    @Override
    public void renew(LogPosition upTo) {
      throw new AssertionError("the ring overtook the test");
    }
  }

  /// What notification-output has told since the start, of all that was committed before.
  List<NotificationOutput> told() throws InterruptedException {
    LogPosition head = store.head();
    for (OutputLog<?> each : List.of(roomServer.output(), receiptServer.output())) {
      assertThat(each.awaitReader(NotificationQueries.READER, head, GRACE)).isTrue();
    }
    LogPosition end = notifications.output().head().position();
    assertThat(notifications.output().awaitReader(TOLD, end, GRACE)).isTrue();
    return List.copyOf(told);
  }

  private static <E> void register(Reading<E> reading, List<String> after) {
    reading.log().register(reading.reader(), after.toArray(String[]::new));
  }

  private static Store open(Path folder) {
    try {
      StoreExtension.layTables(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0));
  }

  private static Requester authenticate(String token) {
    String[] parts = token.split("/", -1);
    if (parts.length != 2) {
      throw MatrixException.unknownToken(false);
    }
    return new Requester(
        TestRooms.user(parts[0]),
        DeviceId.parse(parts[1]),
        token.hashCode(),
        parts[0].startsWith("guest"),
        false);
  }

  TestRooms rooms() {
    return rooms;
  }

  RoomQueries queries() {
    return roomServer.queries();
  }

  ClientSync clientSync() {
    return clientSync;
  }

  TypingServer typing() {
    return typing;
  }

  ReceiptServer receiptServer() {
    return receiptServer;
  }

  NotificationServer notifications() {
    return notifications;
  }

  /// Of a server with presence.
  PresenceServer presence() {
    return presence.orElseThrow();
  }

  Store store() {
    return store;
  }

  /// Announces things of accounts in one commit.
  void announce(AccountOutput... entries) {
    journal.commit(List.of(), List.of(entries));
  }

  /// Closes an account as its owner does who wants everything to be erased; it must not have been
  /// heard of before. The rooms are left by whoever calls.
  void closeAndErase(String user) {
    UserId id = TestRooms.user(user);
    RowChange closed =
        RowChange.of(
            ACCOUNT,
            "INSERT INTO account (user_id, is_admin, is_guest, is_locked, is_deactivated,"
                + " is_erased, is_leaving, created_millis) VALUES (?, FALSE, FALSE, FALSE, TRUE,"
                + " TRUE, TRUE, 1)",
            (statement, _) -> statement.setString(1, id.value()));
    List<RowChange> changes = new ArrayList<>(new Receipts(store.reads()).closing(id, true));
    changes.add(closed);
    journal.commit(changes, List.of(new AccountOutput.AccountDeactivated(id)));
  }

  /// Sets whom a user ignores.
  ///
  /// @param content of the account data
  void setIgnored(String user, String content) {
    http(user)
        .put(
            "/_matrix/client/v3/user/@%s:hearth.test/account_data/m.ignored_user_list"
                .formatted(user),
            content)
        .expect(200);
  }

  void ignore(String user, String ignored) {
    setIgnored(user, "{'ignored_users':{'@%s:hearth.test':{}}}".formatted(ignored));
  }

  /// Starts a request and returns when it is registered as waiting. One that was answered before
  /// may be registered still, and does not count.
  <T> Future<T> waiting(ExecutorService waiters, String user, Callable<T> request) {
    Set<WaitingSync> before = registered(user);
    Future<T> future = waiters.submit(request);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (before.containsAll(registered(user))) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
    return future;
  }

  private Set<WaitingSync> registered(String user) {
    Set<WaitingSync> requests = new HashSet<>();
    UserFeed feed = clientSync.users().known(TestRooms.user(user).value());
    if (feed != null) {
      feed.waiting().forEach(requests::add);
    }
    return requests;
  }

  TestClient http(String user) {
    return http(user, "PHONE");
  }

  TestClient http(String user, String device) {
    return TestClient.of(http).as(user + "/" + device);
  }

  SyncClient client(String user) {
    return new SyncClient(http(user));
  }

  SyncClient client(String user, String device) {
    return new SyncClient(http(user, device));
  }

  @Override
  public void close() {
    close(true);
  }

  /// Ends as one does whose process is killed: what it had not stored of its own accord is lost.
  void kill() {
    close(false);
  }

  private void close(boolean inOrder) {
    http.stop(GRACE);
    try {
      clientSync.stop();
      notifications.stop();
      roomServer.stop();
      receiptServer.stop();
      typing.stop();
      if (presence.isPresent()) {
        presence.get().stop();
      }
      logs.drainAndStop(GRACE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (inOrder) {
      notifications.close();
    }
    roomServer.close();
    store.close();
  }
}
