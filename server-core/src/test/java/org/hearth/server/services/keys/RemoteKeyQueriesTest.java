package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.services.keys.KeptDevices.KeptList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How servers are asked for keys: many at once, each within bounds, and nobody waits for who does
/// not answer.
@Timeout(60)
class RemoteKeyQueriesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ServerName SLOW = ServerName.parse("slow.test");
  private static final UserId ASKER = UserId.parse("@asker:hearth.test");
  private static final UserId OTHER = UserId.parse("@other:hearth.test");

  private final CountDownLatch released = new CountDownLatch(1);
  private final CountDownLatch slowAsked = new CountDownLatch(3);
  private final CountDownLatch madeUpAsked = new CountDownLatch(8);
  private final AtomicInteger slowAtOnce = new AtomicInteger();
  private final AtomicInteger mostSlow = new AtomicInteger();
  private final Queue<FederationRequest> requests = new ConcurrentLinkedQueue<>();
  private volatile int keyBytes = 10;

  private final RemoteKeys remote = new RemoteKeys(this::send);

  @AfterEach
  void release() {
    released.countDown();
  }

  private FederationReply send(FederationRequest request) throws InterruptedException {
    requests.add(request);
    if (request.destination().value().endsWith(".made-up.test")) {
      madeUpAsked.countDown();
      released.await();
    }
    if (request.destination().equals(SLOW)) {
      mostSlow.accumulateAndGet(slowAtOnce.incrementAndGet(), Math::max);
      slowAsked.countDown();
      released.await();
      slowAtOnce.decrementAndGet();
    }
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ObjectNode users = answer.putObject("device_keys");
    request
        .content()
        .orElseThrow()
        .path("device_keys")
        .fieldNames()
        .forEachRemaining(user -> users.putObject(user).set("D", keys(user)));
    return new FederationReply.Answer(200, answer);
  }

  private ObjectNode keys(String user) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.put("user_id", user).put("device_id", "D");
    keys.putArray("algorithms");
    keys.putObject("keys").put("ed25519:D", "x".repeat(keyBytes));
    return keys;
  }

  private static Map<UserId, Set<String>> users(String server, int count) {
    Map<UserId, Set<String>> users = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      users.put(UserId.parse("@u%d:%s".formatted(i, server)), Set.of());
    }
    return users;
  }

  @Test
  void whoDoesNotAnswerIsAFailureAndTheOthersAreTold() throws Exception {
    Map<UserId, Set<String>> wanted = users("good.test", 1);
    wanted.putAll(users("slow.test", 1));

    RemoteKeys.Answers<KeptList> answers = remote.query(ASKER, wanted, Duration.ofSeconds(1));

    assertThat(answers.told().keySet()).containsExactly(UserId.parse("@u0:good.test"));
    assertThat(answers.failures().keySet()).containsExactly(SLOW);
    assertThat(answers.json().path("slow.test").has("errcode")).isTrue();
  }

  @Test
  void oneServerIsAskedByFewAtOnceAndKeepsNobodyElse() throws Exception {
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<RemoteKeys.Answers<KeptList>>> waiting = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        waiting.add(callers.submit(() -> remote.query(OTHER, users("slow.test", 1), PATIENCE)));
      }
      slowAsked.await();

      assertThat(remote.query(ASKER, users("good.test", 1), PATIENCE).failures()).isEmpty();

      released.countDown();
      for (Future<RemoteKeys.Answers<KeptList>> each : waiting) {
        assertThat(each.get().told()).hasSize(1);
      }
    }
    assertThat(mostSlow.get()).isEqualTo(3);
  }

  /// Names cost nothing, and whoever stands behind them may hang.
  @Test
  void whoAsksMadeUpServersKeepsNobodyFromTheOthers() throws Exception {
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int call = 0; call < 20; call++) {
        Map<UserId, Set<String>> wanted = new LinkedHashMap<>();
        for (int i = 0; i < RemoteKeys.MOST_REQUESTS_A_CALL; i++) {
          wanted.putAll(users("s%d-%d.made-up.test".formatted(call, i), 1));
        }
        var _ = callers.submit(() -> remote.query(OTHER, wanted, PATIENCE));
      }
      madeUpAsked.await();

      RemoteKeys.Answers<KeptList> answers =
          remote.query(ASKER, users("good.test", 1), Duration.ofSeconds(10));

      assertThat(answers.failures()).isEmpty();
      assertThat(answers.told()).hasSize(1);
      released.countDown();
    }
  }

  @Test
  void manyUsersAreAskedForInSeveralRequests() throws Exception {
    int count = 2 * RemoteKeys.MOST_USERS_A_REQUEST + 1;

    RemoteKeys.Answers<KeptList> answers = remote.query(ASKER, users("good.test", count), PATIENCE);

    assertThat(answers.told()).hasSize(count);
    assertThat(requests).hasSize(3);
    assertThat(requests)
        .allSatisfy(each ->
            assertThat(each.content().orElseThrow().path("device_keys").size())
                .isLessThanOrEqualTo(RemoteKeys.MOST_USERS_A_REQUEST));
  }

  @Test
  void oneCallMakesABoundedNumberOfRequests() throws Exception {
    Map<UserId, Set<String>> wanted = new LinkedHashMap<>();
    for (int i = 0; i < RemoteKeys.MOST_REQUESTS_A_CALL + 10; i++) {
      wanted.putAll(users("s%d.test".formatted(i), 1));
    }

    RemoteKeys.Answers<KeptList> answers = remote.query(ASKER, wanted, PATIENCE);

    assertThat(requests).hasSize(RemoteKeys.MOST_REQUESTS_A_CALL);
    assertThat(answers.told()).hasSize(RemoteKeys.MOST_REQUESTS_A_CALL);
    assertThat(answers.failures()).hasSize(10);
  }

  @Test
  void whatTheAnswersOfOneCallTakeHasABound() throws Exception {
    keyBytes = 15 << 10;
    int count = 2 * RemoteKeys.MOST_BYTES_A_CALL / keyBytes;
    Map<UserId, Set<String>> wanted = new LinkedHashMap<>();
    for (int i = 0; i < 20; i++) {
      wanted.putAll(users("s%d.test".formatted(i), count / 20));
    }

    RemoteKeys.Answers<KeptList> answers = remote.query(ASKER, wanted, PATIENCE);

    assertThat(answers.told()).hasSizeBetween(count / 3, count / 2 + 1);
    assertThat(answers.failures()).isNotEmpty();
  }

  @Test
  void manyClaimsOfOneUserAreMadeInSeveralRequests() throws Exception {
    Map<DeviceId, String> devices = new LinkedHashMap<>();
    for (int i = 0; i < RemoteKeys.MOST_CLAIMS_A_REQUEST + 1; i++) {
      devices.put(new DeviceId("D" + i), "a");
    }

    RemoteKeys.Answers<ObjectNode> answers =
        remote.claim(ASKER, Map.of(UserId.parse("@u:good.test"), devices), PATIENCE);

    assertThat(answers.told()).isEmpty();
    assertThat(answers.failures()).isEmpty();
    assertThat(requests)
        .extracting(
            each -> each.content().orElseThrow().path("one_time_keys").path("@u:good.test").size())
        .containsExactlyInAnyOrder(RemoteKeys.MOST_CLAIMS_A_REQUEST, 1);
  }
}
