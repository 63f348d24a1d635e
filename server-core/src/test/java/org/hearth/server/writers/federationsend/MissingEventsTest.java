package org.hearth.server.writers.federationsend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.writers.federationsend.TestHomeserver.pdus;
import static org.hearth.server.writers.federationsend.TestHomeserver.stateIds;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.state.RefusedCounts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Events that refer to others that are not here.
@Timeout(120)
class MissingEventsTest extends WithPeers {
  private static final String MISSING = "/get_missing_events/";
  private static final String STATE_IDS = "/state_ids/";

  /// Those of the events that are asked for, as a server finds them.
  private static TestHomeserver.Answering walking(List<Pdu> known) {
    return request -> {
      List<Pdu> found = new ArrayList<>();
      List<String> next = new ArrayList<>();
      request.body().path("latest_events").forEach(each -> next.add(each.asText()));
      while (!next.isEmpty() && found.size() < request.body().path("limit").asInt()) {
        String id = next.removeFirst();
        for (Pdu each : known) {
          if (each.eventId().value().equals(id)) {
            each.prevEvents()
                .forEach(previous -> {
                  next.add(previous.value());
                  known.stream()
                      .filter(event -> event.eventId().equals(previous) && !found.contains(event))
                      .forEach(found::add);
                });
          }
        }
      }
      return pdus("events", found.reversed());
    };
  }

  private List<EventId> state() {
    return ids(server.rooms().currentState(room).orElseThrow());
  }

  @Test
  void whatIsMissingIsAskedForOfWhoHasSentIt() {
    List<Pdu> events = chain(bob, 45);
    List<EventId> had = server.rooms().forwardExtremities(room);
    peer.on(MISSING, walking(events));

    send(peer, events.getLast());

    awaitShown(events);
    assertThat(server.rooms().forwardExtremities(room)).containsExactly(events.getLast().eventId());
    ObjectNode asked = peer.asked(MISSING).getFirst().body();
    assertThat(asked.path("earliest_events"))
        .singleElement()
        .satisfies(each -> assertThat(each.asText()).isEqualTo(had.getFirst().value()));
    assertThat(asked.path("latest_events"))
        .singleElement()
        .satisfies(each -> assertThat(each.asText()).isEqualTo(events.getLast().eventId().value()));
  }

  /// Rows 7, 29 and 36: what comes so is checked like all else, and only what was asked for is
  /// taken.
  @Test
  void ofWhatIsGivenOnlyThatIsTakenWhichWasAskedFor() {
    List<Pdu> events = chain(bob, 5);
    Pdu aside = says(bob, "aside");
    ObjectNode forged = says(bob, "forged").json().deepCopy();
    forged.withObject("/signatures/" + peer.name().value()).put("ed25519:test", "A".repeat(86));
    RoomId another = room();
    server.membership(another, bob, "join");
    Pdu elsewhere = server.event(another, bob, EventTypes.MESSAGE, null, "{'body':'x'}");
    peer.on(
        MISSING,
        request -> {
          ObjectNode answer = (ObjectNode) Objects.requireNonNull(walking(events).answer(request));
          answer
              .withArray("events")
              .insert(0, forged)
              .add(aside.json())
              .add(elsewhere.json())
              .add(5);
          return answer;
        });

    send(peer, events.getLast());

    awaitShown(events);
    assertThat(server.rooms().event(aside.eventId())).isEmpty();
    assertThat(server.rooms().event(elsewhere.eventId())).isEmpty();
  }

  /// Row 88.
  @Test
  void aWalkThatDoesNotEndIsEnded() {
    List<Pdu> events = chain(bob, 200);
    // The first hundred are not here, and nobody gives the state among them.
    peer.on(MISSING, walking(events));

    send(peer, events.getLast());

    await(() -> peer.asked(STATE_IDS).size() > 0);
    server.membership(room, other.user("carol"), "join");
    Pdu good = says(other.user("carol"), "good");
    send(other, good);
    awaitShown(good);
    assertThat(peer.asked(MISSING)).hasSizeLessThanOrEqualTo(12);
    assertThat(server.rooms().event(events.getLast().eventId())).isEmpty();
  }

  @Test
  void whereAWalkEndsTheStateIsAskedFor() {
    List<EventId> state = state();
    List<Pdu> events = chain(bob, 10);
    List<Pdu> given = events.subList(7, 10);
    peer.on(MISSING, walking(given));
    peer.has(events);
    peer.on(STATE_IDS, _ -> stateIds(state, List.of()));

    send(peer, events.getLast());

    awaitShown(events.subList(6, 10));
    assertThat(server.rooms().event(events.get(3).eventId())).isEmpty();
    assertThat(peer.asked(STATE_IDS))
        .singleElement()
        .satisfies(each -> assertThat(each.query()).contains(events.get(6).eventId().value()));
    assertThat(server.rooms().isJoined(room, UserId.parse(bob))).isTrue();
  }

  @Test
  void eventsOfTheStateThatAreMissingAreFetched() {
    Pdu topic =
        server.event(room, bob, EventTypes.MEMBER, bob, "{'membership':'join','displayname':'B'}");
    List<EventId> state = new ArrayList<>(state());
    state.removeIf(each -> server.known(each).pdu().isState(EventTypes.MEMBER, bob));
    state.add(topic.eventId());
    Pdu gone = says(bob, "gone", List.of(topic.eventId()));
    Pdu event = says(bob, "here", List.of(gone.eventId()));
    peer.has(List.of(topic, gone));
    peer.on(STATE_IDS, _ -> stateIds(state, List.of()));

    send(peer, event);

    awaitShown(event);
    assertThat(ids(server.rooms().stateBefore(server.known(event.eventId()))))
        .contains(topic.eventId());
  }

  /// "The state used in the checks should be calculated as normal, except not updating with the
  /// rejected event where it is a state event."
  @Test
  void whatIsRejectedOfAStateHidesNothing() {
    Pdu levels =
        server.event(room, bob, EventTypes.POWER_LEVELS, "", "{'users':{'%s':100}}".formatted(bob));
    List<EventId> state = new ArrayList<>(state());
    state.removeIf(each -> server.known(each).pdu().isState(EventTypes.POWER_LEVELS, ""));
    state.add(levels.eventId());
    Pdu gone = says(bob, "gone", List.of(levels.eventId()));
    Pdu event = says(bob, "here", List.of(gone.eventId()));
    peer.has(List.of(levels, gone));
    peer.on(STATE_IDS, _ -> stateIds(state, List.of()));

    send(peer, event);

    awaitShown(event);
    assertThat(
            server
                .rooms()
                .stateBefore(server.known(event.eventId()))
                .event(EventTypes.POWER_LEVELS))
        .isEqualTo(server.rooms().currentState(room).orElseThrow().event(EventTypes.POWER_LEVELS))
        .isPresent();
  }

  /// Row 18: an event with a state of its own changes nobody else's.
  @Test
  void noServersWordReplacesTheStateOfARoom() {
    List<Pdu> events = chain(bob, 3);
    peer.has(events);
    peer.on(STATE_IDS, _ -> stateIds(List.of(), List.of()));

    send(peer, events.getLast());

    await(() -> server.rejections().of(peer.name()).size() >= 1);
    assertThat(server.rooms().members(room, Set.of(Membership.JOIN))).hasSize(2);
    assertThat(server.rooms().powerLevels(room)).isPresent();
    assertThat(isShown(events.getLast().eventId())).isFalse();
    Pdu good = says(bob, "good");
    send(peer, good);
    awaitShown(good);
  }

  @Test
  void anEventThatWaitsHoldsUpNoOther() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    peer.on(
        MISSING,
        _ -> {
          never.await();
          return null;
        });
    Pdu waits = says(bob, "waits", List.of(says(bob, "unknown").eventId()));
    send(peer, waits);
    await(() -> !peer.asked(MISSING).isEmpty());
    server.membership(room, other.user("carol"), "join");

    Pdu ofOther = says(other.user("carol"), "good");
    send(other, ofOther);
    awaitShown(ofOther);
    Pdu ofSame = says(bob, "good");
    send(peer, ofSame);
    awaitShown(ofSame);
    never.countDown();
  }

  @Test
  void anEventThatWaitsGoesOnWhenTheMissingOneComes() {
    peer.on(MISSING, _ -> null);
    Pdu first = says(bob, "first");
    Pdu second = says(bob, "second", List.of(first.eventId()));
    send(peer, second);
    await(() -> !peer.asked(STATE_IDS).isEmpty());

    send(peer, first);

    awaitShown(first, second);
  }

  @Test
  void whereTheSenderDoesNotAnswerOthersInTheRoomAreAsked() {
    server.membership(room, other.user("carol"), "join");
    List<Pdu> events = chain(bob, 3);
    other.on(MISSING, walking(events));

    send(peer, events.getLast());

    awaitShown(events);
  }

  /// Rows 9 and 89.
  @Test
  void authEventsThatNobodyGivesAreNoneAndThoseOfAnotherRoomNeither() {
    RoomId another = room();
    server.membership(another, bob, "join");
    EventId elsewhere = ids(server.rooms().currentState(another).orElseThrow()).getFirst();
    Pdu unknown = says(bob, "unknown");
    Pdu citesUnknown = citing(says(bob, "cites unknown"), unknown.eventId());
    Pdu citesMessage =
        citing(
            says(bob, "cites a message"), server.does(room, bob, EventTypes.MESSAGE, null, "{}"));
    Pdu citesElsewhere = citing(says(bob, "cites elsewhere"), elsewhere);

    send(peer, citesUnknown, citesMessage, citesElsewhere);

    await(() -> server.rejections().of(peer.name()).size() == 3);
    for (Pdu each : List.of(citesUnknown, citesMessage, citesElsewhere)) {
      assertThat(isShown(each.eventId())).isFalse();
    }
    assertThat(peer.asked("/event_auth/")).isNotEmpty();
  }

  private static Pdu citing(Pdu event, EventId auth) {
    return bent(event, json -> json.withArray("auth_events").add(auth.value()));
  }

  /// The same after its sender's membership has become that one.
  private Pdu citing(Pdu event, Pdu member) {
    EventId now = state(StateKey.member(event.sender().value()));
    return bent(
        event,
        json -> {
          ArrayNode auth = json.putArray("auth_events");
          for (EventId each : event.authEvents()) {
            auth.add((each.equals(now) ? member.eventId() : each).value());
          }
        });
  }

  private EventId state(StateKey key) {
    return server.rooms().currentState(room).orElseThrow().events(List.of(key)).getFirst().id();
  }

  @Test
  void missingAuthEventsAreFetchedWithTheirs() {
    String dave = peer.user("dave");
    Pdu join = server.event(room, dave, EventTypes.MEMBER, dave, "{'membership':'join'}");
    Pdu message = says(dave, "Hello", List.of(join.eventId()));
    Pdu citing = citing(message, join.eventId());
    peer.on("/event_auth/", _ -> pdus("auth_chain", List.of(join)));
    peer.on(MISSING, walking(List.of(join, citing)));

    send(peer, citing);

    awaitShown(join, citing);
    assertThat(server.rooms().isJoined(room, UserId.parse(dave))).isTrue();
  }

  @Test
  void jobsOfAServerThatHangsLeaveRoomForOthers() {
    CountDownLatch never = new CountDownLatch(1);
    peer.on(
        MISSING,
        _ -> {
          never.await();
          return null;
        });
    for (int i = 0; i < 2 * OriginLanes.MOST_OF_ONE; i++) {
      RoomId each = room();
      server.membership(each, bob, "join");
      Pdu unknown = server.event(each, bob, EventTypes.MESSAGE, null, "{'body':'unknown'}");
      send(
          peer,
          server.event(
              each, bob, EventTypes.MESSAGE, null, "{'body':'x'}", List.of(unknown.eventId())));
    }
    await(() -> peer.asked(MISSING).size() >= OriginLanes.MOST_OF_ONE);
    server.membership(room, other.user("carol"), "join");
    List<Pdu> events = chain(other.user("carol"), 5);
    other.on(MISSING, walking(events));

    send(other, events.getLast());

    awaitShown(events);
    assertThat(peer.asked(MISSING)).hasSize(OriginLanes.MOST_OF_ONE);
    never.countDown();
  }

  @Test
  void whatDoesNotComeWithAStateIsNotAskedForOneByOne() {
    List<EventId> state = new ArrayList<>(state());
    for (int i = 0; i < 2 * Completion.MOST_SINGLE; i++) {
      state.add(says(bob, "made up " + i).eventId());
    }
    Pdu gone = says(bob, "gone");
    Pdu event = says(bob, "here", List.of(gone.eventId()));
    peer.has(List.of(gone));
    peer.on(STATE_IDS, _ -> stateIds(state, List.of()));

    send(peer, event);

    awaitShown(event);
    assertThat(peer.asked("/event/")).hasSize(1);
    assertThat(peer.asked("/state/")).hasSize(1);
    assertThat(ids(server.rooms().stateBefore(server.known(event.eventId()))))
        .containsExactlyInAnyOrderElementsOf(state());
  }

  /// A server that is not in the room may make up as long a chain as it likes.
  @Test
  void ofAStrangerOnlySoMuchIsFetched() {
    String eve = other.user("eve");
    List<Pdu> chain = new ArrayList<>();
    for (int i = 0; i < Completion.MOST_OUTLIERS_OF_STRANGER + 100; i++) {
      Pdu join =
          server.event(
              room,
              eve,
              EventTypes.MEMBER,
              eve,
              "{'membership':'join','displayname':'%d'}".formatted(i));
      chain.add(chain.isEmpty() ? join : citing(join, chain.getLast().eventId()));
    }
    other.on("/event_auth/", _ -> pdus("auth_chain", chain));
    other.has(chain);

    send(other, citing(says(eve, "Hello"), chain.getLast().eventId()));

    // It has taken what it takes, and asks for the next one in vain.
    await(() -> !other.asked("/event/").isEmpty());
    Pdu good = says(bob, "good");
    send(peer, good);
    awaitShown(good);
    assertThat(chain).noneMatch(each -> server.rooms().event(each.eventId()).isPresent());
  }

  /// Sends what the room refuses until no more of that user's site is kept.
  private void fill(String stranger) {
    List<Pdu> refused = new ArrayList<>();
    for (long bytes = 0; bytes < RefusedCounts.MOST_BYTES_OF_SITE; bytes += 50_000) {
      refused.add(says(stranger, bytes + "x".repeat(50_000)));
    }
    server.receive(refused, List.of());
    assertThat(server.rooms().event(refused.getFirst().eventId())).isPresent();
    assertThat(server.rooms().event(refused.getLast().eventId())).isEmpty();
  }

  /// Where enough of a site is kept that was refused, what follows a refused event is not lost.
  @Test
  void whatFollowsARefusedEventComesInThoughThatOneWouldNotBeKept() {
    String eve = peer.user("eve");
    fill(eve);
    Pdu first = says(eve, "refused" + "x".repeat(50_000));
    Pdu second = says(bob, "missing");
    Pdu follows = says(bob, "here", List.of(first.eventId(), second.eventId()));
    peer.on(
        MISSING, _ -> pdus("events", List.of(peer.asked(MISSING).size() <= 1 ? first : second)));

    send(peer, follows);

    awaitShown(second, follows);
    assertThat(server.rooms().event(first.eventId())).isPresent();
  }

  /// How deep an event is says its maker: that it is less deep than all that has happened here is
  /// no way around a ban.
  @Test
  void whoIsBannedSaysNothingThatIsLongPast() {
    server.membership(room, peer.user("carol"), "join");
    Pdu lie = bent(says(bob, "I was here before all of you"), json -> json.put("depth", 0));
    alice
        .post(
            "/_matrix/client/v3/rooms/" + TestClient.encoded(room.value()) + "/ban",
            "{'user_id':'" + bob + "'}")
        .expect(200);
    Pdu follows = says(peer.user("carol"), "Hello", List.of(lie.eventId()));
    peer.on(MISSING, walking(List.of(lie, follows)));

    send(peer, follows);

    awaitShown(follows);
    assertThat(server.rooms().status(lie.eventId()).orElseThrow().softFailed()).isTrue();
  }

  /// What a user of this server has followed by coming in was said before: whoever has said it may
  /// have left since. What only says that it was is no such thing.
  @Test
  void whatWasSaidBeforeThisServerCameIsJudgedByWhatWasThen() {
    RoomFixture theirs = RoomFixture.empty(RoomVersions.V12);
    UserId carol = UserId.parse(peer.user("carol"));
    UserId dave = UserId.parse(peer.user("dave"));
    theirs.state(carol, EventTypes.CREATE, "", "{\"room_version\":\"12\"}").add();
    theirs.join(carol).add();
    theirs.state(carol, EventTypes.JOIN_RULES, "", "{\"join_rule\":\"public\"}").add();
    theirs.join(dave).add();
    Pdu first = theirs.message(dave, EventTypes.MESSAGE, "{\"body\":\"first\"}").add();
    Pdu second = theirs.message(dave, EventTypes.MESSAGE, "{\"body\":\"second\"}").add();
    Pdu lie =
        bent(
            theirs.message(dave, EventTypes.MESSAGE, "{\"body\":\"never\"}").after(first).build(),
            json -> json.put("depth", 1));
    server.join(theirs, "@alice:hearth.test");
    server.membership(theirs.roomId(), dave.value(), "leave");
    Pdu follows =
        server.event(
            theirs.roomId(),
            carol.value(),
            EventTypes.MESSAGE,
            null,
            "{'body':'hello'}",
            List.of(second.eventId(), lie.eventId()));
    List<Pdu> known = new ArrayList<>(theirs.events());
    known.addAll(List.of(lie, follows));
    peer.on(MISSING, walking(known));

    send(peer, follows);

    awaitShown(follows);
    assertThat(List.of(first, second))
        .allSatisfy(each ->
            assertThat(server.known(each.eventId()).place()).as(each.toString()).isNegative())
        .noneMatch(each -> server.rooms().status(each.eventId()).orElseThrow().softFailed());
    assertThat(server.rooms().status(lie.eventId()).orElseThrow().softFailed()).isTrue();
  }

  /// An event of a state that was refused, and is not kept, is had from who sent it.
  @Test
  void whatWasRefusedOfAStateIsNotMissing() {
    String carol = peer.user("carol");
    String eve = peer.user("eve");
    server.membership(room, carol, "join");
    Pdu refused =
        server.event(
            room,
            bob,
            EventTypes.MEMBER,
            bob,
            "{'membership':'join','x':'%s'}".formatted("x".repeat(50_000)));
    Pdu gone = says(carol, "gone");
    List<EventId> state = new ArrayList<>(state());
    state.removeIf(each -> server.known(each).pdu().isState(EventTypes.MEMBER, bob));
    state.add(refused.eventId());
    for (int i = 0; i < 2 * Completion.MOST_SINGLE; i++) {
      state.add(says(carol, "made up " + i).eventId());
    }
    alice
        .post(
            "/_matrix/client/v3/rooms/" + TestClient.encoded(room.value()) + "/ban",
            "{'user_id':'" + bob + "'}")
        .expect(200);
    fill(eve);
    Pdu follows = says(carol, "here", List.of(refused.eventId(), gone.eventId()));
    peer.on(MISSING, walking(List.of(refused, follows)));
    peer.has(List.of(gone));
    peer.on(STATE_IDS, _ -> stateIds(state, List.of()));

    send(peer, follows);

    awaitShown(follows);
    assertThat(server.rooms().status(refused.eventId()).orElseThrow().softFailed()).isTrue();
    assertThat(ids(server.rooms().stateBefore(server.known(gone.eventId()))))
        .contains(refused.eventId());
  }

  /// What was rejected for want of an auth event that comes with another one counts after all.
  @Test
  void whatIsAcceptedInTheEndIsNoRejection() {
    Pdu join = server.event(room, bob, EventTypes.MEMBER, bob, "{'membership':'join','x':1}");
    Pdu again =
        citing(
            server.event(room, bob, EventTypes.MEMBER, bob, "{'membership':'join','x':2}"), join);
    Pdu rejected = citing(says(bob, "first"), join);
    Pdu missing = citing(says(bob, "second"), again);
    Pdu follows = says(bob, "third", List.of(rejected.eventId(), missing.eventId()));
    peer.on(MISSING, walking(List.of(missing, follows)));
    peer.on(
        "/event_auth/",
        request ->
            request.path().endsWith(missing.eventId().value())
                ? pdus("auth_chain", List.of(again, join))
                : null);

    send(peer, rejected, follows);

    awaitShown(rejected, follows);
    assertThat(server.rejections().of(peer.name())).isEmpty();
  }
}
