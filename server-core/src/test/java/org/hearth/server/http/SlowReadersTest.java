package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.CloseConnectionException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.connection.ConnectionLimits;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Clients that take their large answers slowly do not keep others from theirs.
class SlowReadersTest {
  private static final String ADDRESS = "192.0.2.1";
  private static final String OTHER_ADDRESS = "192.0.2.2";

  /// So long that no slow client is given up for its own sake.
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
  private final CompletionService<Boolean> readers = new ExecutorCompletionService<>(clients);
  private final CountDownLatch taken = new CountDownLatch(1);

  @AfterEach
  void close() {
    taken.countDown();
    clients.close();
  }

  @Tag("long")
  @Test
  void ofOneAddressLeaveRoomForAnother() {
    HttpLimits usual = HttpLimits.standard();
    HttpLimits limits =
        new HttpLimits(
            usual.smallBodyBytes(),
            usual.standardBodyBytes(),
            usual.largeBodyBytes(),
            usual.targetBytes(),
            usual.headerBytes(),
            usual.requests(),
            PATIENCE,
            new ConnectionLimits(99, 99, 99, 99, PATIENCE, PATIENCE, 99));
    HttpOptions standard = TestServer.standard().with(limits);
    HttpOptions options =
        new HttpOptions(
            standard.listeners(),
            limits,
            standard.rateLimits(),
            false,
            Set.of(InetAddress.getLoopbackAddress()));
    List<RawClient> slow = new ArrayList<>();
    try (TestServer server = new TestServer(options, SlowReadersTest::register)) {
      for (int i = 0; i < LargeAnswers.MOST; i++) {
        RawClient each = server.raw();
        slow.add(each);
        String user = "some" + i / LargeAnswers.MOST_OF_A_USER;
        request(each, "/endless?" + i, user, ADDRESS);
      }
      for (int i = 0; i < LargeAnswers.MOST_OF_AN_ADDRESS; i++) {
        assertThat(slow.get(i).head()).isNotEmpty();
      }

      try (RawClient quick = server.raw()) {
        request(quick, "/large", "alice", OTHER_ADDRESS);

        assertThat(quick.head()).contains("HTTP/1.1 200 OK");
      }
      assertThat(server.server().figures().inFlight())
          .as("nobody had to give way")
          .isGreaterThanOrEqualTo(LargeAnswers.MOST);
    } finally {
      slow.forEach(RawClient::close);
    }
  }

  /// What takes long and needs no turn, such as a search.
  @Test
  void workBesideTheTurnsKeepsNobodyFromAnAnswer() throws InterruptedException {
    int turns = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    CountDownLatch working = new CountDownLatch(turns);
    List<RawClient> busy = new ArrayList<>();
    try (TestServer server =
        new TestServer(
            TestServer.standard(),
            routes -> {
              register(routes);
              routes.add(
                  HttpMethod.GET,
                  "/long",
                  Access.USER,
                  RateClass.NONE,
                  _ ->
                      Response.written(stream -> {
                        stream.awaitTurn();
                        stream
                            .json()
                            .value(
                                stream.withoutTurn(() -> {
                                  working.countDown();
                                  taken.await();
                                  return "done";
                                }));
                      }));
            })) {
      for (int i = 0; i < turns; i++) {
        RawClient each = server.raw();
        busy.add(each);
        request(each, "/long?" + i, "some" + i, ADDRESS);
      }
      assertThat(working.await(60, TimeUnit.SECONDS)).isTrue();

      try (RawClient quick = server.raw()) {
        request(quick, "/large", "alice", ADDRESS);

        assertThat(quick.head()).contains("HTTP/1.1 200 OK");
      }
      taken.countDown();
      assertThat(busy.getFirst().head()).contains("HTTP/1.1 200 OK");
    } finally {
      taken.countDown();
      busy.forEach(RawClient::close);
    }
  }

  private static void request(RawClient client, String path, String user, String address) {
    client.request("GET", path, "Authorization: Bearer " + user, "X-Forwarded-For: " + address);
  }

  private static void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        "/endless",
        Access.USER,
        RateClass.NONE,
        _ ->
            Response.written(stream -> {
              stream.json().array();
              while (true) {
                stream.json().value("x".repeat(1000));
              }
            }));
    routes.add(
        HttpMethod.GET,
        "/large",
        Access.USER,
        RateClass.NONE,
        _ ->
            Response.written(stream -> {
              stream.json().array();
              for (int i = 0; i < 100; i++) {
                stream.json().value("x".repeat(1000));
              }
              stream.json().endArray();
            }));
  }

  @Test
  void giveWayToWhoWaitsForTheirPlace() throws Exception {
    LargeAnswers large = new LargeAnswers(Duration.ZERO);
    List<LargeAnswers.Place> slow = new ArrayList<>();
    for (int i = 0; i < LargeAnswers.MOST_OF_AN_ADDRESS; i++) {
      slow.add(take(large, ADDRESS, "some" + i));
    }
    slow.forEach(this::holdBySlowClient);

    // Enters although all places of its address are taken.
    take(large, ADDRESS, "alice").close();

    Future<Boolean> first = readers.poll(60, TimeUnit.SECONDS);
    assertThat(first).isNotNull();
    assertThat(first.get()).as("it was ended").isTrue();
    taken.countDown();
    for (int i = 1; i < slow.size(); i++) {
      assertThat(readers.take().get()).as("another one was ended").isFalse();
    }
  }

  @Test
  void ofTheSameDeviceGiveWayWhenItAsksAgain() throws Exception {
    LargeAnswers large = new LargeAnswers(Duration.ZERO);
    holdBySlowClient(take(large, ADDRESS, "alice"));

    take(large, OTHER_ADDRESS, "alice").close();
    taken.countDown();

    assertThat(readers.take().get()).isTrue();
  }

  @Test
  void keepTheirPlaceWhileNobodyNeedsIt() throws Exception {
    LargeAnswers large = new LargeAnswers(Duration.ZERO);
    holdBySlowClient(take(large, ADDRESS, "some0"));
    LargeAnswers.Place own = take(large, ADDRESS, "some1");

    // Waits for what its own device asked before, which no client holds up.
    CountDownLatch entered = new CountDownLatch(1);
    Thread again =
        Thread.ofPlatform()
            .start(() -> {
              try {
                take(large, ADDRESS, "some1").close();
                entered.countDown();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    while (again.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    own.close();
    assertThat(entered.await(60, TimeUnit.SECONDS)).isTrue();
    taken.countDown();

    assertThat(readers.take().get()).isFalse();
  }

  /// A place of which somebody waits for its first turn no longer.
  private static LargeAnswers.Place take(LargeAnswers large, String address, String user)
      throws InterruptedException {
    LargeAnswers.Place place = large.enter(new LargeAnswers.Asker(user, "D", "/sync"), address);
    place.pause();
    return place;
  }

  /// Sends with it to somebody who takes nothing until the test says so.
  private void holdBySlowClient(LargeAnswers.Place place) {
    CountDownLatch begun = new CountDownLatch(1);
    readers.submit(() -> {
      try (place) {
        place.send(() -> await(begun));
        return false;
      } catch (CloseConnectionException e) {
        return true;
      }
    });
    try {
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void await(CountDownLatch begun) {
    begun.countDown();
    try {
      taken.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
