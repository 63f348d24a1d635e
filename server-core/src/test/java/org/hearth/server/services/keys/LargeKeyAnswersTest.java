package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.http.Access;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.Requester;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Claims and queries of a user who has as many large answers under way as there may be.
@Timeout(120)
class LargeKeyAnswersTest {
  private static final ServerName SERVER = ServerName.parse("hearth.test");
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final String REMOTE = "@bob:other.test";

  /// Large answers that one user may have, and more that wait: what comes then is refused at once.
  /// The same answer counts once.
  private static final int HELD = 4;

  private static final int MOST_WAITING = 16;

  /// Of users elsewhere without devices.
  ///
  /// @param size what is said that the keys of each take; 0 for a user who is not known
  private record Kept(AtomicInteger size) implements KeptDevices {
    @Override
    public Knowledge knowledge(UserId user) {
      return size.get() == 0 ? Knowledge.NONE : Knowledge.FRESH;
    }

    @Override
    public long bytes(UserId user) {
      return size.get();
    }

    @Override
    public Optional<KeptList> list(UserId user) {
      return Optional.empty();
    }

    @Override
    public long streamId(UserId user) {
      return 0;
    }
  }

  @RegisterExtension private final StoreExtension stores = new StoreExtension();
  private final Kept kept = new Kept(new AtomicInteger());
  private final AtomicInteger askedElsewhere = new AtomicInteger();
  private final CountDownLatch released = new CountDownLatch(1);
  private OutputLog<AccountOutput> log;
  private KeyQueryRoute queries;
  private HttpServer http;
  private TestClient alice;

  @BeforeEach
  void start() {
    FailureHandling failures =
        new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system());
    JournaledLog<AccountOutput> journaled =
        new Journal(stores.store(), InstantSource.system()).log(Logs.ACCOUNT_OUTPUT, failures);
    // Told of users elsewhere, of whom these tests know none.
    InputLog<DeviceInput, LogPosition> input =
        new InputLog<>(
            Logs.DEVICE_INPUT,
            "test",
            1,
            _ -> (_, reply) -> reply.complete(LogPosition.ORIGIN),
            failures);
    log = journaled.output();
    log.start(stores.store().head());
    RemoteKeys remote =
        new RemoteKeys(request -> {
          askedElsewhere.incrementAndGet();
          return new FederationReply.NotAllowed(request.destination());
        });
    Keys keys = new Keys(stores.store().reads());
    DeviceKeyRoutes claims =
        new DeviceKeyRoutes(keys, SERVER, remote, journaled.writer("test"), new TurnPerKey());
    queries =
        new KeyQueryRoute(
            keys,
            new Accounts(stores.store().reads(), SERVER),
            SERVER,
            kept,
            new UsersElsewhere(kept, remote, input.writer("test")));
    http =
        HttpServer.start(
            HttpOptions.standard(List.of(Listener.loopback(0))).with(RateLimits.off()),
            List.of(claims, queries, this::register),
            HttpServer.Callers.users(
                device -> new Requester(ALICE, DeviceId.parse(device), 1, false, false)),
            InstantSource.system(),
            _ -> {});
    alice = TestClient.of(http).as("D0");
  }

  private void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        "/held",
        Access.USER,
        RateClass.NONE,
        _ ->
            Response.written(stream -> {
              stream.awaitTurn();
              int held =
                  stream.withoutTurn(() -> {
                    released.await();
                    return 1;
                  });
              stream.json().object().name("held").value(held).endObject();
            }));
  }

  @AfterEach
  void stop() throws InterruptedException {
    released.countDown();
    http.stop(Duration.ofSeconds(5));
    log.drainAndStop(Duration.ofSeconds(5));
  }

  /// What is answered while nothing large may be asked for.
  private TestClient.Answer meanwhile(String call, ObjectNode body) throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      CompletionService<TestClient.Answer> held = new ExecutorCompletionService<>(clients);
      for (int i = 0; i < HELD + MOST_WAITING + 1; i++) {
        String path = "/held?" + i;
        var _ = held.submit(() -> alice.get(path));
      }
      held.take().get().expect(429, "M_LIMIT_EXCEEDED");

      TestClient.Answer answer = alice.post(KeyClient.KEYS + call, body);

      released.countDown();
      for (int i = 0; i < HELD + MOST_WAITING; i++) {
        held.take().get().expect(200);
      }
      return answer;
    } finally {
      released.countDown();
    }
  }

  private void addDevice(String device) {
    commit(
        RowChange.of(
            new Table("device", "a test's", "the test"),
            "INSERT INTO device (user_id, device_id, created_millis) VALUES (?, ?, 0)",
            (statement, _) -> {
              statement.setString(1, ALICE.value());
              statement.setString(2, device);
            }));
  }

  private void commit(RowChange row) {
    var _ = stores.store().committer().commit("test", List.of(row), List.of());
  }

  private static ObjectNode claim(String user, int devices) {
    ObjectNode claim = JsonNodeFactory.instance.objectNode();
    ObjectNode wanted = claim.putObject("one_time_keys").putObject(user);
    for (int i = 0; i < devices; i++) {
      wanted.put("D" + i, "signed_curve25519");
    }
    return claim;
  }

  @Test
  void aClaimOfManyDevicesThatIsRefusedTakesNoKeysElsewhere() throws Exception {
    meanwhile("claim", claim(REMOTE, DeviceKeyRoutes.FEW_CLAIMS + 1))
        .expect(429, "M_LIMIT_EXCEEDED");

    assertThat(askedElsewhere).hasValue(0);
    alice.post(KeyClient.KEYS + "claim", claim(REMOTE, DeviceKeyRoutes.FEW_CLAIMS + 1)).expect(200);
    assertThat(askedElsewhere).hasValue(1);
  }

  /// The keys are as large as they may be.
  @Test
  void aClaimOfFewDevicesIsAnsweredAtOnce() throws Exception {
    ObjectNode upload = JsonNodeFactory.instance.objectNode();
    upload
        .putObject("one_time_keys")
        .putObject("signed_curve25519:A")
        .put("key", "k".repeat(4_000))
        .putObject("signatures");
    for (int i = 0; i < DeviceKeyRoutes.FEW_CLAIMS; i++) {
      String device = "D" + i;
      addDevice(device);
      alice.as(device).post(KeyClient.KEYS + "upload", upload).expect(200);
    }

    TestClient.Answer answer = meanwhile("claim", claim(ALICE.value(), DeviceKeyRoutes.FEW_CLAIMS));

    assertThat(answer.expect(200).at("/one_time_keys/@alice:hearth.test"))
        .hasSize(DeviceKeyRoutes.FEW_CLAIMS);
  }

  @Test
  void aQueryOfKeysThatTakeLittleIsAnsweredAtOnce() throws Exception {
    addDeviceKeys(30, 1_500);
    queryMeanwhile(ALICE.value()).expect(200);
  }

  @Test
  void aQueryOfKeysThatTakeMuchWaitsForRoom() throws Exception {
    addDeviceKeys(5, 15_000);
    queryMeanwhile(ALICE.value()).expect(429, "M_LIMIT_EXCEEDED");
  }

  @Test
  void aQueryOfKeysElsewhereThatTakeLittleIsAnsweredAtOnce() throws Exception {
    kept.size().set(KeyQueryRoute.SMALL_BYTES);
    queryMeanwhile(REMOTE).expect(200);
  }

  @Test
  void aQueryOfKeysElsewhereThatTakeMuchWaitsForRoom() throws Exception {
    kept.size().set(KeyQueryRoute.SMALL_BYTES + 1);
    queryMeanwhile(REMOTE).expect(429, "M_LIMIT_EXCEEDED");
  }

  @Test
  void aQueryOfOneDeviceReadsTheKeysOfNoOther() {
    addDeviceKeys(3, 10);
    damage("D1");
    ObjectNode query = JsonNodeFactory.instance.objectNode();
    query.putObject("device_keys").putArray(ALICE.value()).add("D2");

    assertThat(
            alice
                .post(KeyClient.KEYS + "query", query)
                .expect(200)
                .at("/device_keys/@alice:hearth.test"))
        .hasSize(1);
    assertThat(stores.store().figures().unreadable()).isZero();
  }

  /// Of the last device it shows, being damaged, when it is read.
  @Test
  void keysOfADeviceAreReadWhenThoseBeforeThemHaveGoneOut() {
    addDeviceKeys(10, 15_000);
    damage("D9");
    List<Long> unreadable = new ArrayList<>();
    JsonWriter json =
        new JsonWriter((_, _) -> unreadable.add(stores.store().figures().unreadable()));

    queries.write(
        json.object(), null, Map.of(ALICE, Set.of()), List.of(ALICE), UsersElsewhere.Found.NOBODY);

    assertThat(unreadable).isNotEmpty().containsOnly(0L);
    assertThat(stores.store().figures().unreadable()).isOne();
  }

  private void addDeviceKeys(int devices, int bytes) {
    commit(
        RowChange.of(
            new Table("account", "a test's", "the test"),
            "INSERT INTO account (user_id, is_admin, is_guest, is_locked, is_deactivated,"
                + " is_erased, is_leaving, created_millis)"
                + " VALUES (?, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, 0)",
            (statement, _) -> statement.setString(1, ALICE.value())));
    for (int i = 0; i < devices; i++) {
      String device = "D" + i;
      addDevice(device);
      ObjectNode keys = JsonNodeFactory.instance.objectNode();
      keys.put("user_id", ALICE.value()).put("device_id", device).put("more", "m".repeat(bytes));
      keys.putArray("algorithms");
      keys.putObject("keys");
      keys.putObject("signatures");
      Keys.setDeviceKeys(ALICE, DeviceId.parse(device), keys).forEach(this::commit);
    }
  }

  private void damage(String device) {
    commit(
        RowChange.of(
            Keys.DEVICE_KEY,
            "UPDATE device_key SET content = CAST(X'7B7B' AS BLOB) WHERE device_id = ?",
            (statement, _) -> statement.setString(1, device)));
  }

  private TestClient.Answer queryMeanwhile(String user) throws Exception {
    ObjectNode query = JsonNodeFactory.instance.objectNode();
    query.putObject("device_keys").putArray(user);
    return meanwhile("query", query);
  }
}
