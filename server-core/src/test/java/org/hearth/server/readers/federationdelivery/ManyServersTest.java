package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Many servers at a time, most of which are not there.
@Timeout(300)
@Tag("long")
class ManyServersTest {
  private static final int MANY = 300;
  private static final int GOOD = MANY + 1;

  @RegisterExtension final DeliveryServer server = new DeliveryServer();

  private RoomId room(int from, int to) {
    return server.room(
        IntStream.rangeClosed(from, to)
            .mapToObj(each -> DeliveryServer.user("bob", each))
            .toArray(String[]::new));
  }

  private long leftAlone() {
    return server.delivery().destinations().stream()
        .filter(each -> each.state() == DestinationState.State.LEFT_ALONE)
        .count();
  }

  private long dialed() {
    return server.internet().dialed().size();
  }

  /// Who is not there costs an attempt now and then: no thread, no look, no row for each message.
  @Test
  void deadServersCostNextToNothing() throws Exception {
    server.serve(GOOD);
    RoomId room = room(1, GOOD);
    server.awaitEvent(GOOD, server.say(room, "hello"));
    Eventually.until("all others are left alone", () -> leftAlone() == MANY);
    server.advance(Duration.ofSeconds(2));
    Eventually.until("a row for each", () -> server.rows("delivery_debt") == MANY);
    long before = dialed();

    List<EventId> said = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      said.add(server.say(room, "message " + i));
    }
    server.awaitEvent(GOOD, said.getLast());
    server.awaitReaders();
    server.advance(Duration.ofSeconds(2));
    server.awaitEvent(GOOD, server.say(room, "and one more"));

    assertThat(dialed()).isEqualTo(before);
    assertThat(server.rows("delivery_debt")).isEqualTo(MANY);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(each -> each.getName().startsWith("delivery 93."));
    // Then each is tried again, once.
    server.advance(Duration.ofSeconds(75));
    Eventually.until("all have been tried", () -> dialed() >= before + MANY);
    Eventually.until("all others are left alone", () -> leftAlone() == MANY);
    assertThat(dialed()).isEqualTo(before + MANY);
  }

  /// What the dead are owed survives a restart, and costs no attempt at the start.
  @Test
  void deadServersAreLeftAloneAfterARestart() throws Exception {
    server.serve(GOOD);
    RoomId room = room(1, GOOD);
    server.awaitEvent(GOOD, server.say(room, "hello"));
    Eventually.until("all others are left alone", () -> leftAlone() == MANY);

    server.restart();
    long before = dialed();
    server.awaitEvent(GOOD, server.say(room, "after the restart"));

    Eventually.until("all others are left alone", () -> leftAlone() == MANY);
    assertThat(dialed()).isLessThanOrEqualTo(before + 1);
    server.serve(7);
    server.federation().signOfLife(DeliveryServer.server(7));
    Eventually.until("it is told", () -> !server.events(7).isEmpty());
  }

  /// Servers that hang have turns of their own once they are known to.
  @Test
  void serversThatHangDoNotKeepOthersWaiting() {
    CountDownLatch never = new CountDownLatch(1);
    int hanging = Turns.NEW - 8;
    for (int i = 1; i <= hanging; i++) {
      server.serve(i, (_, _) -> never.await());
    }
    for (int i = hanging + 1; i <= hanging + 5; i++) {
      server.serve(i);
    }
    RoomId room = room(1, hanging + 5);

    for (int round = 0; round < 10; round++) {
      EventId event = server.say(room, "round " + round);
      for (int i = hanging + 1; i <= hanging + 5; i++) {
        server.awaitEvent(i, event);
      }
    }

    never.countDown();
  }

  /// Servers that answer once and then hang, more than there are turns: each gives way after a
  /// moment to one that works.
  @Test
  void serversThatAnswerAndThenHangGiveWay() {
    CountDownLatch never = new CountDownLatch(1);
    int hanging = Turns.ANSWERING + 10;
    TestInternet.Script taking = TestInternet.json(200, "{\"pdus\": {}}");
    for (int i = 1; i <= hanging; i++) {
      AtomicBoolean asked = new AtomicBoolean();
      server.serve(
          i,
          (request, out) -> {
            if (asked.getAndSet(true)) {
              never.await();
            }
            taking.answer(request, out);
          });
    }
    int good = hanging + 1;
    server.serve(good);
    RoomId bad = room(1, hanging);
    RoomId other = server.room(DeliveryServer.user("gwen", good));
    EventId first = server.say(bad, "first");
    for (int i = 1; i <= hanging; i++) {
      server.awaitEvent(i, first);
    }
    server.awaitEvent(good, server.say(other, "first"));

    var _ = server.say(bad, "second");
    Eventually.until("all places are taken", () -> told("second") >= Turns.ANSWERING);
    long begun = System.nanoTime();
    server.awaitEvent(good, server.say(other, "second too"));

    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
    Eventually.until("all are asked", () -> told("second") > hanging);
    never.countDown();
  }

  @Test
  void aMessageIsDeliveredToAHundredServersSoon() {
    int hundred = 100;
    for (int i = 1; i <= hundred; i++) {
      server.serve(i);
    }
    RoomId room = room(1, hundred);
    EventId first = server.say(room, "first, which connects");
    IntStream.rangeClosed(1, hundred).forEach(each -> server.awaitEvent(each, first));
    long longest = 0;
    for (int round = 0; round < 5; round++) {
      String words = "round " + round;
      long begun = System.nanoTime();
      var _ = server.say(room, words);
      Eventually.until("all have it", () -> told(words) == hundred);
      longest = Math.max(longest, System.nanoTime() - begun);
    }

    // A second on a quiet machine; here others are at work too.
    assertThat(Duration.ofNanos(longest)).isLessThan(Duration.ofSeconds(20));
    // Nobody who takes it at once has a row.
    server.advance(Duration.ofSeconds(2));
    assertThat(server.rows("delivery_debt")).isZero();
  }

  private long told(String words) {
    return server.internet().asked().stream().filter(each -> each.body().contains(words)).count();
  }

  /// Beyond the bound a server is forgotten that has taken nothing yet: whoever fills a room with
  /// made-up servers has nobody forgotten who is only away.
  @Test
  void moreServersThanTheBoundTakeThePlaceOfStrangers() {
    Queues queues = server.queuesOf(3, _ -> {});
    add(queues, 1);
    add(queues, 2);
    queues.all().forEach(each -> queues.change(each, Queue::countAccepted));
    for (int i = 3; i <= 6; i++) {
      add(queues, i);
    }

    assertThat(queues.all())
        .extracting(Queue::name)
        .containsExactly(
            DeliveryServer.server(1), DeliveryServer.server(2), DeliveryServer.server(6));
  }

  /// It would be told by two queues at once.
  @Test
  void whoseQueueGaveWayIsToldByTheNewOneOnly() {
    Queues queues = server.queuesOf(1, _ -> {});
    add(queues, 1);
    Queue before = queues.all().getFirst();
    add(queues, 2);
    add(queues, 1);
    Queue now = queues.all().getFirst();

    assertThat(queues.begin(before)).isFalse();
    assertThat(queues.begin(now)).isTrue();
    assertThat(before.isSending()).isFalse();
    assertThat(now.isSending()).isTrue();
  }

  /// Of servers that have all taken something, the one that was known first goes.
  @Test
  void whereAllHaveTakenSomethingTheFirstGivesWay() {
    Queues queues = server.queuesOf(2, _ -> {});
    for (int i = 1; i <= 3; i++) {
      add(queues, i);
      queues.all().forEach(each -> queues.change(each, Queue::countAccepted));
    }

    assertThat(queues.all())
        .extracting(Queue::name)
        .containsExactly(DeliveryServer.server(2), DeliveryServer.server(3));
  }

  private static void add(Queues queues, int number) {
    queues.add(
        RoomId.parse("!r:hearth.test"),
        new Item(number, EventId.parse("$event" + number)),
        Set.of(DeliveryServer.server(number)),
        Optional.empty(),
        Cause.NONE);
  }
}
