package org.hearth.server.readers.federationdevices;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSet;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.Phase;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.servers.device.RemoteDeviceQueries;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Which lists of devices are fetched when: by servers that answer, do not, or keep all waiting.
@Timeout(60)
class FetchingTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ServerName GOOD = ServerName.parse("good.test");
  private static final ServerName BAD = ServerName.parse("bad.test");

  private final Stale stale = new Stale();
  private final BlockingQueue<UserId> fetched = new LinkedBlockingQueue<>();
  private final BlockingQueue<ServerName> asked = new LinkedBlockingQueue<>();
  private final BlockingQueue<Thread> asking = new LinkedBlockingQueue<>();
  private final CountDownLatch released = new CountDownLatch(1);
  private final AtomicInteger atOnce = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private volatile Instant now = Instant.parse("2026-03-01T04:00:00Z");
  private volatile Answering answering = request -> list(user(request));
  private LogSet logs;
  private Fetching fetching;

  /// What a server does.
  @FunctionalInterface
  private interface Answering {
    FederationReply answer(FederationRequest request) throws InterruptedException;
  }

  /// The lists that are out of date.
  private static final class Stale implements RemoteDeviceQueries {
    private final Map<String, Long> marks = new ConcurrentSkipListMap<>();

    @Override
    public List<UserId> changed(LogPosition after, LogPosition upTo) {
      return List.of();
    }

    @Override
    public List<ServerName> staleServers() {
      return marks.keySet().stream().map(each -> UserId.parse(each).server()).distinct().toList();
    }

    @Override
    public List<StaleList> stale(ServerName server, String after, int most) {
      return marks.entrySet().stream()
          .filter(each -> each.getKey().compareTo(after) > 0)
          .map(each -> new StaleList(UserId.parse(each.getKey()), each.getValue()))
          .filter(each -> each.user().isOn(server))
          .limit(most)
          .toList();
    }

    void add(String user) {
      marks.put(user, 1L);
    }
  }

  @BeforeEach
  void start() {
    FailureHandling failures =
        new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system());
    InputLog<DeviceInput, LogPosition> input =
        new InputLog<>(
            Logs.DEVICE_INPUT,
            "test",
            1,
            _ ->
                (command, reply) -> {
                  stale.marks.remove(command.user().value());
                  fetched.add(command.user());
                  reply.complete(LogPosition.ORIGIN);
                },
            failures);
    logs = new LogSet(List.of(input));
    logs.start(LogPosition.ORIGIN);
    fetching = new Fetching(stale, this::send, input.writer("fetching"), () -> now);
  }

  @AfterEach
  void stop() throws InterruptedException {
    released.countDown();
    fetching.stop();
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();
  }

  private FederationReply send(FederationRequest request) throws InterruptedException {
    asking.add(Thread.currentThread());
    asked.add(request.destination());
    return answering.answer(request);
  }

  private static UserId user(FederationRequest request) {
    String path = request.target();
    return UserId.parse(
        java.net.URLDecoder.decode(
            path.substring(path.lastIndexOf('/') + 1), java.nio.charset.StandardCharsets.UTF_8));
  }

  private static FederationReply list(UserId user) {
    ObjectNode answer =
        JsonNodeFactory.instance.objectNode().put("user_id", user.value()).put("stream_id", 1);
    answer.putArray("devices");
    return new FederationReply.Answer(200, answer);
  }

  private static FederationReply notReached() {
    return new FederationReply.NotReached(
        new Failure.TimedOut(Phase.CONNECT, Duration.ofSeconds(1)));
  }

  private UserId next() throws InterruptedException {
    UserId user = fetched.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(user).isNotNull();
    return user;
  }

  /// Who was asked, once what became of it is known.
  private @Nullable ServerName nextAsked() throws InterruptedException {
    ServerName server = asked.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    asking.take().join();
    return server;
  }

  @Test
  void whatIsOutOfDateIsFetchedAtTheStartAndWhenSomethingChanges() throws Exception {
    stale.add("@a:good.test");
    fetching.start();
    assertThat(next()).hasToString("@a:good.test");

    stale.add("@b c/d:good.test");
    fetching.wake();

    assertThat(next()).hasToString("@b c/d:good.test");
  }

  @Test
  void aServerThatKeepsAllWaitingKeepsNobodyElse() throws Exception {
    answering =
        request -> {
          if (request.destination().equals(BAD)) {
            most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
            released.await();
            atOnce.decrementAndGet();
          }
          return list(user(request));
        };
    for (int i = 0; i < 100; i++) {
      stale.add("@a%d:bad.test".formatted(i));
    }
    stale.add("@z:good.test");

    fetching.start();

    assertThat(next()).hasToString("@z:good.test");
    released.countDown();
    Set<UserId> all = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < 100; i++) {
      all.add(next());
    }
    assertThat(all).hasSize(100);
    assertThat(most.get()).isEqualTo(Fetching.AT_ONCE_A_SERVER);
  }

  @Tag("long")
  @Test
  void aServerThatIsNotReachedIsLeftAloneForLongerAndLonger() throws Exception {
    answering = request -> request.destination().equals(BAD) ? notReached() : list(user(request));
    stale.add("@a:bad.test");
    fetching.start();
    assertThat(nextAsked()).isEqualTo(BAD);

    // Another's list shows that it was looked for again.
    stale.add("@b:good.test");
    fetching.wake();
    assertThat(next()).hasToString("@b:good.test");
    assertThat(nextAsked()).isEqualTo(GOOD);
    assertThat(asked).as("not asked again").isEmpty();

    now = now.plusSeconds(3);
    assertThat(nextAsked()).isEqualTo(BAD);
    now = now.plusSeconds(3);
    stale.add("@c:good.test");
    fetching.wake();
    assertThat(next()).hasToString("@c:good.test");
    assertThat(nextAsked()).isEqualTo(GOOD);
    assertThat(asked).as("the second pause is longer").isEmpty();

    answering = request -> list(user(request));
    now = now.plusSeconds(3);
    assertThat(next()).hasToString("@a:bad.test");
  }

  /// That it is there is known, so what it says ends nothing.
  @Tag("long")
  @Test
  void aServerThatAsksForAPauseHasIt() throws Exception {
    FederationReply later =
        new FederationReply.Refused(429, "M_LIMIT_EXCEEDED", "", "", Duration.ofMinutes(10));
    answering = request -> request.destination().equals(BAD) ? later : list(user(request));
    stale.add("@a:bad.test");
    fetching.start();
    assertThat(nextAsked()).isEqualTo(BAD);

    now = now.plusSeconds(599);
    fetching.heardOf(BAD);
    stale.add("@b:bad.test");
    stale.add("@c:good.test");
    fetching.wake();
    assertThat(next()).hasToString("@c:good.test");
    assertThat(nextAsked()).isEqualTo(GOOD);
    assertThat(asked).as("not asked again").isEmpty();

    answering = request -> list(user(request));
    now = now.plusSeconds(1);
    assertThat(List.of(next(), next()))
        .extracting(UserId::value)
        .containsExactlyInAnyOrder("@a:bad.test", "@b:bad.test");
  }

  @Test
  void anAnswerThatIsNoListCostsOnlyItsUser() throws Exception {
    answering =
        request ->
            user(request).value().startsWith("@bad")
                ? new FederationReply.Answer(200, JsonNodeFactory.instance.objectNode())
                : list(user(request));
    for (int i = 0; i < 50; i++) {
      stale.add("@bad%02d:good.test".formatted(i));
    }
    stale.add("@good:good.test");

    fetching.start();

    assertThat(next()).hasToString("@good:good.test");
    assertThat(fetched).isEmpty();
  }

  /// One user may have thousands of devices, and no one else on that server.
  @Test
  void aListThatIsTooLongCostsOnlyItsUser() throws Exception {
    answering =
        request ->
            user(request).value().startsWith("@bad")
                ? new FederationReply.NotReached(new Failure.TooLarge(Failure.Part.BODY, 1))
                : list(user(request));
    for (int i = 0; i < 10; i++) {
      stale.add("@bad%02d:good.test".formatted(i));
    }
    stale.add("@good:good.test");

    fetching.start();

    assertThat(next()).hasToString("@good:good.test");
  }
}
