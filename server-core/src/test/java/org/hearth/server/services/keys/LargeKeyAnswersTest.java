package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
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

  /// Of no user elsewhere.
  private record NothingKept() implements KeptDevices {
    @Override
    public Knowledge knowledge(UserId user) {
      return Knowledge.NONE;
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
  private final AtomicInteger askedElsewhere = new AtomicInteger();
  private final CountDownLatch released = new CountDownLatch(1);
  private OutputLog<AccountOutput> log;
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
    KeyQueryRoute queries =
        new KeyQueryRoute(
            keys,
            new Accounts(stores.store().reads(), SERVER),
            SERVER,
            new NothingKept(),
            new UsersElsewhere(new NothingKept(), remote, input.writer("test")));
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
  void aQueryOfAUserWithFewDevicesIsAnsweredAtOnce() throws Exception {
    addDeviceKeys(20);
    queryMeanwhile().expect(200);
  }

  @Test
  void aQueryOfAUserWithManyDevicesWaitsForRoom() throws Exception {
    addDeviceKeys(21);
    queryMeanwhile().expect(429, "M_LIMIT_EXCEEDED");
  }

  private void addDeviceKeys(int devices) {
    for (int i = 0; i < devices; i++) {
      addDevice("D" + i);
      Keys.setDeviceKeys(
              ALICE, DeviceId.parse("D" + i), JsonNodeFactory.instance.objectNode().put("a", i))
          .forEach(this::commit);
    }
  }

  private TestClient.Answer queryMeanwhile() throws Exception {
    ObjectNode query = JsonNodeFactory.instance.objectNode();
    query.putObject("device_keys").putArray(ALICE.value());
    return meanwhile("query", query);
  }
}
