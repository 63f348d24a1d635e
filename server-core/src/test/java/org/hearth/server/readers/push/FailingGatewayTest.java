package org.hearth.server.readers.push;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Gateways that do not take what they are told, and restarts.
@Tag("long")
class FailingGatewayTest {
  @RegisterExtension private final PushServer server = new PushServer();
  private final CountDownLatch never = new CountDownLatch(1);
  private Gateway gateway;
  private TestClient bob;
  private RoomId room;

  @BeforeEach
  void open() throws IOException {
    gateway = new Gateway();
    bob = server.http("bob", "PHONE");
    room = server.room();
    server.set(bob, "key", gateway.url(), "").expect(200);
  }

  @AfterEach
  void close() {
    never.countDown();
    gateway.close();
  }

  static Stream<Named<Gateway.Script>> failures() {
    return Stream.of(
        Named.of("500", exchange -> Gateway.answer(exchange, 500, "{}")),
        Named.of("400", exchange -> Gateway.answer(exchange, 400, "{}")),
        Named.of("no JSON", exchange -> Gateway.answer(exchange, 200, "<html>")),
        Named.of(
            "a redirect to another",
            exchange -> {
              exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/" + Gateway.PATH);
              Gateway.answer(exchange, 307, "{}");
            }),
        Named.of("no answer", exchange -> exchange.close()),
        Named.of(
            "an endless answer",
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              byte[] chunk = new byte[8 << 10];
              while (true) {
                exchange.getResponseBody().write(chunk);
              }
            }));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void whatAGatewayDoesNotTakeIsToldAgainLaterAndInOrder(Gateway.Script failure) {
    gateway.says(failure);
    EventId first = server.say(room, "first", 1);
    assertThat(event()).isEqualTo(first.value());
    server.awaitAlarms(1);
    EventId second = server.say(room, "second", 2);

    server.advance(Deliveries.FIRST_PAUSE);
    assertThat(event()).isEqualTo(first.value());
    server.awaitAlarms(1);
    gateway.says(Gateway.TAKES);
    server.advance(Deliveries.FIRST_PAUSE.multipliedBy(2));

    assertThat(event()).isEqualTo(first.value());
    assertThat(event()).isEqualTo(second.value());
    Eventually.until("all is told", () -> server.queued() == 0);
    assertThat(PushServer.pushkeys(bob)).containsExactly("key");
  }

  /// More than one turn has, so that the turns after it come too.
  @Test
  void whatCannotBeReadIsGivenUpAndTheRestIsTold() {
    gateway.says(500, "{}");
    for (int i = 0; i < Deliveries.MOST_A_TURN; i++) {
      server.say(room, "damaged", 1);
    }
    Eventually.until("all is queued", () -> server.queued() == Deliveries.MOST_A_TURN);
    server.change("UPDATE pusher_notification SET room_id = ?", "nope");
    EventId last = server.say(room, "last", 2);
    Eventually.until("all is queued", () -> server.queued() == Deliveries.MOST_A_TURN + 1);
    gateway.next();
    server.awaitAlarms(1);
    gateway.says(Gateway.TAKES);

    server.advance(Deliveries.FIRST_PAUSE);

    assertThat(event()).isEqualTo(last.value());
    Eventually.until("all is told", () -> server.queued() == 0);
  }

  private String event() {
    return gateway.next().path("event_id").asText();
  }

  @Test
  void thePausesGrowToAnHour() {
    gateway.says(500, "{}");
    server.say(room, "hello", 1);
    Duration pause = Deliveries.FIRST_PAUSE;
    for (int i = 0; i < 14; i++) {
      gateway.next();
      server.awaitAlarms(1);
      // Half of a pause is by chance, and the other half is not.
      server.advance(pause.dividedBy(2).minusMillis(1));
      assertThat(server.alarms()).isEqualTo(1);
      server.advance(pause.dividedBy(2).plusMillis(1));
      pause = pause.multipliedBy(2);
      if (pause.compareTo(Deliveries.LONGEST_PAUSE) > 0) {
        pause = Deliveries.LONGEST_PAUSE;
      }
    }
  }

  @Test
  void aGatewayThatAsksForAPauseHasIt() {
    gateway.says(exchange -> {
      exchange.getResponseHeaders().add("Retry-After", "600");
      Gateway.answer(exchange, 429, "{}");
    });
    server.say(room, "hello", 1);
    gateway.next();
    server.awaitAlarms(1);
    gateway.says(Gateway.TAKES);

    server.advance(Duration.ofSeconds(599));
    assertThat(server.alarms()).isEqualTo(1);
    server.advance(Duration.ofSeconds(1));
    gateway.next();
  }

  @Test
  void aRejectedPushKeyIsRemovedWithThoseOfOthersAtThatGateway() throws Exception {
    try (Gateway elsewhere = new Gateway()) {
      TestClient carol = server.http("carol", "PHONE");
      server.set(bob, "other", gateway.url(), "").expect(200);
      server.set(carol, "key", elsewhere.url(), "").expect(200);
      server.set(bob, "key", gateway.url(), "").expect(200);
      appended(carol, gateway.url());
      gateway.says(200, "{'rejected': ['key', 'unknown']}".replace('\'', '"'));

      server.say(room, "hello", 1);
      gateway.next();
      gateway.next();

      Eventually.until(
          "the push key is gone", () -> PushServer.pushkeys(bob).equals(List.of("other")));
      assertThat(PushServer.pushkeys(carol)).isEmpty();
      Eventually.until("nothing is to be told", () -> server.queued() == 0);
    }
  }

  private static void appended(TestClient client, String url) {
    client
        .post(
            "/_matrix/client/v3/pushers/set",
            """
            {'kind': 'http', 'app_id': 'org.test.app', 'pushkey': 'key', 'append': true,
             'app_display_name': 'App', 'device_display_name': 'Phone', 'lang': 'en',
             'data': {'url': '%s'}}\
            """
                .formatted(url))
        .expect(200);
  }

  @Test
  void aGatewayDoesNotRejectWhatIsAtAnother() throws Exception {
    try (Gateway elsewhere = new Gateway()) {
      TestClient carol = server.http("carol", "PHONE");
      appended(carol, elsewhere.url());
      gateway.says(200, "{\"rejected\": [\"key\"]}");

      server.say(room, "hello", 1);

      Eventually.until("the push key is gone", () -> PushServer.pushkeys(bob).isEmpty());
      assertThat(PushServer.pushkeys(carol)).containsExactly("key");
    }
  }

  @Test
  void aGatewayThatHangsDelaysNoOther() throws Exception {
    gateway.says(exchange -> await(never));
    try (Gateway other = new Gateway()) {
      server.set(server.http("bob", "TABLET"), "tablet", other.url(), "").expect(200);

      server.say(room, "first", 1);
      server.say(room, "second", 2);

      gateway.next();
      other.next();
      other.next();
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void theEndWaitsForNoGatewayAndNothingIsForgotten() throws Exception {
    gateway.says(exchange -> await(never));
    EventId event = server.say(room, "hello", 1);
    assertThat(event()).isEqualTo(event.value());

    server.restart();

    assertThat(event()).isEqualTo(event.value());
    assertThat(server.queued()).isEqualTo(1);
  }

  @Test
  void pausesAndWhatIsToBeToldOutliveARestart() throws Exception {
    gateway.says(500, "{}");
    EventId event = server.say(room, "hello", 1);
    gateway.next();
    server.awaitAlarms(1);

    server.restart();
    server.awaitAlarms(1);
    assertThat(gateway.waiting()).isZero();
    gateway.says(Gateway.TAKES);
    server.advance(Deliveries.FIRST_PAUSE);

    assertThat(event()).isEqualTo(event.value());
    Eventually.until("all is told", () -> server.queued() == 0);
  }

  @Test
  void whatComesAgainAfterARestartIsNotToldAgain() throws Exception {
    EventId first = server.say(room, "first");
    server.unread().set(PushServer.user("bob"), room, 1);
    NotificationOutput.Notified entry = server.notified(first);
    server.publish(entry);
    assertThat(event()).isEqualTo(first.value());
    Eventually.until("it is told", () -> server.queued() == 0);

    server.restart();
    server.publish(entry);
    EventId second = server.say(room, "second", 2);

    assertThat(event()).isEqualTo(second.value());
    assertThat(gateway.waiting()).isZero();
  }

  @Test
  void aBadgeThatIsDueOutlivesARestart() throws Exception {
    server.say(room, "hello", 1);
    gateway.next();
    Eventually.until("it is told", () -> server.queued() == 0);
    server.read(room, 0);
    server.awaitAlarms(1);

    server.restart();
    server.awaitAlarms(1);
    server.advance(Worker.BADGE_PAUSE);

    assertThat(gateway.next().at("/counts/unread").asInt(-1)).isZero();
  }

  @Test
  void whatIsADayOldIsGivenUpAndThePusherStays() {
    gateway.says(500, "{}");
    server.say(room, "old", 1);
    gateway.next();
    server.awaitAlarms(1);
    gateway.says(Gateway.TAKES);

    server.advance(PushQueue.MOST_AGE.plusSeconds(1));
    Eventually.until("it is given up", () -> server.queued() == 0);
    EventId event = server.say(room, "new", 2);

    assertThat(event()).isEqualTo(event.value());
  }

  @Test
  void aBadgeIsGivenUpAfterADay() {
    server.say(room, "hello", 1);
    gateway.next();
    Eventually.until("it is told", () -> server.queued() == 0);
    gateway.says(500, "{}");
    server.read(room, 0);
    server.advanceUntil(Worker.BADGE_PAUSE, () -> gateway.waiting() > 0);

    server.advanceUntil(
        PushQueue.MOST_AGE.plusSeconds(1), () -> server.badges().equals(List.of(0L)));

    assertThat(PushServer.pushkeys(bob)).containsExactly("key");
  }

  @Test
  void aPusherIsToldTheNewestHundredNotificationsAndNoMore() {
    gateway.says(500, "{}");
    List<String> events = new ArrayList<>();
    for (int i = 0; i < PushQueue.MOST + 5; i++) {
      events.add(server.say(room, "message " + i, i + 1L).value());
    }
    Eventually.until("all is written down", () -> server.newestQueued().equals(events.getLast()));
    assertThat(server.queued()).isEqualTo(PushQueue.MOST);
    gateway.next();
    server.awaitAlarms(1);
    gateway.says(Gateway.TAKES);
    server.advance(Deliveries.FIRST_PAUSE);

    for (String each : events.subList(5, events.size())) {
      assertThat(event()).isEqualTo(each);
    }
  }

  @Test
  void entriesThatWereLostAreAskedFor() throws Exception {
    EventId told = server.say(room, "told", 1);
    assertThat(event()).isEqualTo(told.value());
    EventId lost = server.say(room, "lost");
    server.unread().set(PushServer.user("bob"), room, 2);

    server.lose(server.notified(told), false);
    server.lose(server.notified(lost), false);
    server.lose(server.notified(server.say(room, "lost and read")), true);
    EventId next = server.say(room, "next", 3);

    assertThat(event()).isEqualTo(lost.value());
    assertThat(event()).isEqualTo(next.value());
    assertThat(gateway.waiting()).isZero();
  }

  @Test
  void aPusherThatIsSetAnewIsTriedAtOnceAndAtItsNewGateway() throws Exception {
    try (Gateway other = new Gateway()) {
      gateway.says(500, "{}");
      EventId event = server.say(room, "hello", 1);
      gateway.next();
      server.awaitAlarms(1);

      server.set(bob, "key", other.url(), "").expect(200);

      assertThat(other.next().path("event_id").asText()).isEqualTo(event.value());
    }
  }

  /// The pause that the old gateway has earned is not the new one's.
  @Test
  void aPusherThatIsSetAnewWhileItsOldGatewayHangsIsTriedAtTheNewOne() throws Exception {
    try (Gateway other = new Gateway()) {
      CountDownLatch asked = new CountDownLatch(1);
      CountDownLatch set = new CountDownLatch(1);
      gateway.says(exchange -> {
        asked.countDown();
        await(set);
        Gateway.answer(exchange, 500, "{}");
      });
      EventId event = server.say(room, "hello", 1);
      await(asked);
      server.advance(Duration.ofMillis(1));

      server.set(bob, "key", other.url(), "").expect(200);
      set.countDown();

      assertThat(other.next().path("event_id").asText()).isEqualTo(event.value());
    }
  }
}
