package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.TestInternet.Asked;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Order, what is sent again, and what is sent to who was away.
@Timeout(180)
@Tag("long")
class RetryTest {
  private static final String BOB = DeliveryServer.user("bob", 1);
  private static final ServerName PEER = DeliveryServer.server(1);
  private static final String TAKEN = "{\"pdus\": {}}";

  @RegisterExtension final DeliveryServer server = new DeliveryServer();

  /// What the peer does now.
  private volatile TestInternet.Script script = TestInternet.json(200, TAKEN);

  private void serve() {
    server.serve(1, (Asked asked, OutputStream out) -> script.answer(asked, out));
  }

  @Test
  void eventsComeInOrderInTransactionsOfBoundedSizeOneAtATime() {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger mostAtOnce = new AtomicInteger();
    CountDownLatch go = new CountDownLatch(1);
    script =
        (_, out) -> {
          mostAtOnce.accumulateAndGet(now.incrementAndGet(), Math::max);
          go.await();
          now.decrementAndGet();
          TestInternet.respond(out, 200, "", TAKEN);
        };
    serve();
    RoomId room = server.room(BOB);
    RoomId other = server.room(BOB);
    List<EventId> said = new ArrayList<>();
    List<EventId> saidThere = new ArrayList<>();
    for (int i = 0; i < 90; i++) {
      said.add(server.say(room, "message " + i));
      saidThere.add(server.say(other, "message " + i));
    }
    go.countDown();

    server.awaitEvent(1, said.getLast());
    server.awaitEvent(1, saidThere.getLast());

    List<EventId> sent = server.events(1);
    assertThat(sent).doesNotHaveDuplicates();
    assertThat(sent.stream().filter(said::contains)).containsExactlyElementsOf(said);
    assertThat(sent.stream().filter(saidThere::contains)).containsExactlyElementsOf(saidThere);
    assertThat(server.sent(1))
        .allSatisfy(each -> assertThat(each.pdus().size()).isBetween(1, Plan.MOST_PDUS))
        .extracting(Sent::id)
        .doesNotHaveDuplicates();
    assertThat(mostAtOnce).hasValue(1);
  }

  @Test
  void transactionsAreNotLarge() {
    AtomicBoolean up = new AtomicBoolean();
    script = (_, out) -> TestInternet.respond(out, up.get() ? 200 : 503, "", TAKEN);
    serve();
    RoomId room = server.room(BOB);
    List<EventId> said = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      said.add(server.say(room, "x".repeat(50_000)));
    }
    up.set(true);

    server.advanceUntil(
        "all is sent", Duration.ofMinutes(1), () -> server.events(1).containsAll(said));

    assertThat(server.internet().asked())
        .filteredOn(each -> each.line().startsWith("PUT "))
        .allSatisfy(
            each -> assertThat(each.body().length()).isLessThan((int) Composer.MOST_BYTES + 1_000));
  }

  @ParameterizedTest
  @CsvSource({"503, ''", "500, ''", "429, '{}'", "400, '{}'", "403, '{}'", "200, 'nonsense'"})
  void whatWasNotTakenIsSentAgainUnderTheSameId(int status, String body) {
    AtomicBoolean up = new AtomicBoolean();
    script =
        (_, out) -> TestInternet.respond(out, up.get() ? 200 : status, "", up.get() ? TAKEN : body);
    serve();
    RoomId room = server.room(BOB);
    EventId event = server.say(room, "hello");
    Eventually.until("it was sent", () -> !server.sent(1).isEmpty());
    Eventually.until("it waits", () -> server.destination(PEER).nextTry().isPresent());
    assertThat(server.destination(PEER).lastError()).isNotBlank();

    up.set(true);
    server.advanceUntil(
        "it is taken",
        Duration.ofMinutes(2),
        () -> server.destination(PEER).state() == DestinationState.State.IDLE);

    assertThat(server.sent(1)).hasSizeGreaterThan(1);
    assertThat(server.sent(1))
        .filteredOn(each -> each.events().contains(event))
        .extracting(Sent::id)
        .containsOnly(server.sent(1).getFirst().id());
    assertThat(server.destination(PEER).lastError()).isEmpty();
  }

  @Test
  void afterACrashBeforeTheAnswerTheSameIsSentUnderTheSameId() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    script = (_, _) -> never.await();
    serve();
    RoomId room = server.room(BOB);
    EventId event = server.say(room, "hello");
    Eventually.until("it was sent", () -> !server.sent(1).isEmpty());
    server.awaitEvent(1, event);

    script = TestInternet.json(200, TAKEN);
    server.crash();

    Eventually.until("it was sent again", () -> server.sent(1).size() >= 2);
    Sent again = server.sent(1).getLast();
    assertThat(again.id()).isEqualTo(server.sent(1).getFirst().id());
    assertThat(again.events()).contains(event);
    never.countDown();
  }

  @Test
  void whatWasTakenIsNotSentAgainAfterARestart() throws Exception {
    serve();
    RoomId room = server.room(BOB);
    EventId before = server.say(room, "before");
    server.awaitEvent(1, before);
    Eventually.until(
        "it is taken", () -> server.destination(PEER).state() == DestinationState.State.IDLE);

    server.restart();
    EventId after = server.say(room, "after");

    server.awaitEvent(1, after);
    assertThat(server.events(1)).containsOnlyOnce(before, after);
  }

  /// A crash at any time: what was committed is delivered in the end.
  @Test
  void nothingIsLostByCrashes() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    script =
        (_, out) ->
            TestInternet.respond(out, requests.incrementAndGet() % 3 == 0 ? 200 : 503, "", TAKEN);
    serve();
    RoomId room = server.room(BOB);
    List<EventId> said = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      said.add(server.say(room, "message " + i));
      if (i % 2 == 1) {
        server.advance(Duration.ofSeconds(2));
      }
      server.crash();
    }

    script = TestInternet.json(200, TAKEN);
    server.advanceUntil(
        "the last is there",
        Duration.ofMinutes(5),
        () -> server.events(1).contains(said.getLast()));
  }

  /// The room's latest events are enough: the server asks for what was before them.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoWasAwayForLongIsSentTheLatestEventsOfEachRoom(boolean restarted) throws Exception {
    AtomicBoolean up = new AtomicBoolean(true);
    script = (_, out) -> TestInternet.respond(out, up.get() ? 200 : 503, "", TAKEN);
    serve();
    server.serve(2);
    List<RoomId> rooms = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      rooms.add(server.room(BOB));
    }
    RoomId left = server.room(BOB, DeliveryServer.user("carol", 2));
    server.awaitEvent(1, server.say(left, "still there"));
    up.set(false);
    List<EventId> latest = new ArrayList<>();
    List<EventId> missed = new ArrayList<>();
    for (RoomId each : rooms) {
      for (int i = 0; i < 40; i++) {
        missed.add(server.say(each, "message " + i));
      }
      latest.add(server.say(each, "the last"));
    }
    EventId kick = server.change(left, BOB, Membership.LEAVE);
    EventId secret = server.say(left, "without them");
    server.awaitReaders();
    server.advance(Duration.ofSeconds(2));
    Eventually.until("it failed", () -> server.destination(PEER).nextTry().isPresent());
    if (restarted) {
      server.restart();
    }
    // Where it is tried in between it fails still.
    server.advance(Duration.ofHours(2));
    Eventually.until("it failed again", () -> server.destination(PEER).nextTry().isPresent());
    server.advance(Duration.ofSeconds(2));
    Eventually.until("there is a row for each room", () -> server.rows("delivery_debt") >= 4);
    assertThat(server.rows("delivery_debt")).isLessThanOrEqualTo(6);
    int before = server.sent(1).size();

    up.set(true);
    server.federation().signOfLife(PEER);

    Eventually.until(
        "all is taken", () -> server.destination(PEER).state() == DestinationState.State.IDLE);
    List<EventId> sent =
        server.sent(1).subList(before, server.sent(1).size()).stream()
            .flatMap(each -> each.events().stream())
            .toList();
    assertThat(sent).containsAll(latest).contains(kick).doesNotContain(secret);
    assertThat(sent).doesNotContainAnyElementsOf(missed);
    server.advance(Duration.ofSeconds(2));
    Eventually.until("no row is left", () -> server.rows("delivery_debt") == 0);
  }

  @Test
  void aSignOfLifeHasTheServerTriedAtOnce() {
    AtomicBoolean up = new AtomicBoolean();
    script = (_, out) -> TestInternet.respond(out, up.get() ? 200 : 503, "", TAKEN);
    serve();
    RoomId room = server.room(BOB);
    EventId event = server.say(room, "hello");
    Eventually.until("it waits", () -> server.destination(PEER).nextTry().isPresent());
    assertThat(server.federation().failing(PEER)).isPresent();

    up.set(true);
    int before = server.sent(1).size();
    server.federation().signOfLife(PEER);

    Eventually.until("it is tried", () -> server.sent(1).size() > before);
    server.awaitEvent(1, event);
  }

  /// A server whose requests reach this one and that cannot be reached is not tried at each of
  /// them.
  @Test
  void manySignsOfLifeAreNotManyAttempts() {
    script = TestInternet.json(503, "");
    serve();
    RoomId room = server.room(BOB);
    var _ = server.say(room, "hello");
    Eventually.until("it waits", () -> server.destination(PEER).nextTry().isPresent());

    for (int i = 0; i < 50; i++) {
      server.federation().signOfLife(PEER);
    }

    Eventually.until("it was tried", () -> server.sent(1).size() >= 2);
    Eventually.until("it waits", () -> server.destination(PEER).nextTry().isPresent());
    assertThat(server.sent(1)).hasSizeLessThanOrEqualTo(3);
  }

  /// Row 84: what one server cannot take blocks nothing else, and is given up in the end.
  @ParameterizedTest
  @ValueSource(ints = {400, 413, 500})
  void whatCannotBeTakenDoesNotBlockTheRest(int status) {
    script =
        (asked, out) -> {
          boolean bad = asked.body().contains("poison");
          TestInternet.respond(out, bad ? status : 200, "", bad ? "{}" : TAKEN);
        };
    serve();
    RoomId room = server.room(BOB);
    RoomId other = server.room(BOB);
    var _ = server.say(room, "poison");
    EventId good = server.say(other, "good");

    server.advanceUntil("the good one is there", Duration.ofMinutes(1), () -> taken("good"));
    EventId next = server.say(other, "another");
    server.advanceUntil("the next is there", Duration.ofMinutes(1), () -> taken("another"));
    server.advanceUntil(
        "what cannot be taken is given up",
        Duration.ofMinutes(10),
        () -> server.destination(PEER).state() == DestinationState.State.IDLE);

    assertThat(server.events(1)).contains(good, next);
    EventId last = server.say(room, "after it");
    server.advanceUntil(
        "the room goes on", Duration.ofMinutes(1), () -> server.events(1).contains(last));
  }

  /// Whether that was in a transaction that the peer takes.
  private boolean taken(String words) {
    return server.sent(1).stream()
        .map(each -> each.content().toString())
        .anyMatch(each -> each.contains("\"" + words + "\"") && !each.contains("poison"));
  }

  /// Whoever refuses everything loses nothing, and is not asked all the time.
  @ParameterizedTest
  @ValueSource(ints = {403, 500})
  void whoRefusesEverythingIsSentItAllLater(int status) {
    AtomicBoolean up = new AtomicBoolean();
    script =
        (_, out) -> TestInternet.respond(out, up.get() ? 200 : status, "", up.get() ? TAKEN : "{}");
    serve();
    RoomId room = server.room(BOB);
    RoomId other = server.room(BOB);
    EventId one = server.say(room, "one");
    EventId two = server.say(other, "two");
    for (int i = 0; i < 40; i++) {
      server.advance(Duration.ofMinutes(30));
      Eventually.until("it waits", () -> server.destination(PEER).nextTry().isPresent());
    }
    assertThat(server.sent(1)).hasSizeLessThan(60);
    int before = server.sent(1).size();

    up.set(true);
    server.advanceUntil(
        "all is taken",
        Duration.ofHours(1),
        () -> server.destination(PEER).state() == DestinationState.State.IDLE);

    assertThat(
            server.sent(1).subList(before, server.sent(1).size()).stream()
                .flatMap(each -> each.events().stream()))
        .contains(one, two);
  }

  /// A server that refuses what it is sent is alive, so what it sends says nothing new.
  @Test
  void whoRefusesIsTriedAtOnceOnlyWhereTheOwnerWantsThat() {
    script = TestInternet.json(403, "{}");
    serve();
    RoomId room = server.room(BOB);
    EventId event = server.say(room, "hello");
    Eventually.until("it waits", () -> server.destination(PEER).nextTry().isPresent());
    server.federation().signOfLife(PEER);
    assertThat(server.destination(PEER).nextTry()).isPresent();
    script = TestInternet.json(200, TAKEN);

    server.delivery().retry(PEER);

    Eventually.until("it is tried", () -> server.sent(1).size() == 2);
    assertThat(server.sent(1).getLast().events()).contains(event);
  }

  @Test
  void whoComesBackAndRefusesIsTriedAtOnceOnlyWhereTheOwnerWantsThat() {
    script = TestInternet.json(503, "");
    serve();
    var _ = server.say(server.room(BOB), "hello");
    Eventually.until(
        "it is left alone",
        () -> server.destination(PEER).state() == DestinationState.State.LEFT_ALONE);
    script = TestInternet.json(403, "{}");
    server.federation().signOfLife(PEER);
    Eventually.until(
        "it refuses", () -> server.destination(PEER).state() == DestinationState.State.WAITING);
    Optional<Instant> nextTry = server.destination(PEER).nextTry();

    server.federation().signOfLife(PEER);

    assertThat(server.destination(PEER).nextTry()).isEqualTo(nextTry);
    assertThat(server.sent(1)).hasSize(2);
  }

  /// After something was given up there are no refusals.
  @ParameterizedTest
  @CsvSource({"0, 15", "1, 15", "2, 30", "3, 60", "8, 1920", "9, 3600", "60, 3600"})
  void pausesAfterRefusalsGrow(int refusals, long seconds) {
    assertThat(Sender.pauseAfter(refusals, Duration.ZERO)).isEqualTo(Duration.ofSeconds(seconds));
  }

  /// It is left alone for as long as it says, within bounds; and never for less than it would be.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Retry-After: 600 | {} | 600",
        "Retry-After: Tue, 24 Nov 2026 00:10:00 GMT | {} | 600",
        "Retry-After: Mon, 23 Nov 2026 00:10:00 GMT | {} | 15",
        "Retry-After: 600 | nonsense | 600",
        "X: y | {\"retry_after_ms\": 600000} | 600",
        "Retry-After: soon | {\"retry_after_ms\": 600000} | 600",
        "Retry-After: 1 | {\"retry_after_ms\": 1} | 15",
        "Retry-After: 99999999999999999999 | {} | 3600",
        "X: y | {\"retry_after_ms\": 9223372036854775807} | 3600",
        "X: y | {\"retry_after_ms\": -5} | 15"
      })
  void whoAsksForAPauseHasIt(String header, String body, long seconds) {
    AtomicBoolean up = new AtomicBoolean();
    script =
        (_, out) ->
            TestInternet.respond(
                out, up.get() ? 200 : 429, header + "\r\n", up.get() ? TAKEN : body);
    serve();
    Instant begin = Instant.ofEpochMilli(server.millis());
    EventId event = server.say(server.room(BOB), "hello");

    Eventually.until("it waits", () -> server.destination(PEER).nextTry().isPresent());

    assertThat(server.destination(PEER).nextTry()).contains(begin.plusSeconds(seconds));
    up.set(true);
    server.advance(Duration.ofSeconds(seconds));
    Eventually.until(
        "it is taken", () -> server.destination(PEER).state() == DestinationState.State.IDLE);
    assertThat(server.events(1)).contains(event);
  }

  @Test
  void whatAServerSaysOfSingleEventsIsNoted() {
    script =
        (asked, out) -> {
          List<EventId> ids = server.events(1);
          TestInternet.respond(
              out,
              200,
              "",
              "{\"pdus\": {\"%s\": {\"error\": \"no\\u0007 thanks\"}, \"$other\": {\"error\": 5}}}"
                  .formatted(ids.getLast().value()));
        };
    serve();
    RoomId room = server.room(BOB);

    EventId event = server.say(room, "hello");

    server.awaitEvent(1, event);
    Eventually.until("it is noted", () -> server.destination(PEER).lastError().contains("thanks"));
    Eventually.until(
        "it is over", () -> server.destination(PEER).state() == DestinationState.State.IDLE);
  }

  /// Row 100: an answer without end is cut off, and what was sent counts as not taken.
  @Test
  void anEndlessAnswerEnds() {
    AtomicBoolean up = new AtomicBoolean();
    script =
        (_, out) -> {
          if (up.get()) {
            TestInternet.respond(out, 200, "", TAKEN);
            return;
          }
          out.write("HTTP/1.1 200 OK\r\n\r\n{\"a\": \"".getBytes(StandardCharsets.US_ASCII));
          while (true) {
            out.write(new byte[10_000]);
          }
        };
    serve();
    RoomId room = server.room(BOB);
    EventId event = server.say(room, "hello");
    Eventually.until("it waits", () -> server.destination(PEER).nextTry().isPresent());

    up.set(true);
    server.advanceUntil(
        "it is taken",
        Duration.ofMinutes(1),
        () -> server.destination(PEER).state() == DestinationState.State.IDLE);
    assertThat(server.events(1)).contains(event);
  }
}
