package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Which events go to whom.
@Timeout(120)
@Tag("long")
class RecipientsTest {
  private static final String BOB = DeliveryServer.user("bob", 1);
  private static final String CAROL = DeliveryServer.user("carol", 2);

  @RegisterExtension final DeliveryServer server = new DeliveryServer();

  @BeforeEach
  void serve() {
    server.serve(1);
    server.serve(2);
  }

  @Test
  void aMessageGoesToAllServersInTheRoomAsItWasSigned() {
    RoomId room = server.room(BOB, CAROL);

    EventId event = server.say(room, "hello");

    for (int each : new int[] {1, 2}) {
      server.awaitEvent(each, event);
      Sent sent = server.sent(each).getLast();
      assertThat(sent.content().path("origin").asText()).isEqualTo("hearth.test");
      assertThat(sent.content().path("origin_server_ts").asLong()).isEqualTo(server.millis());
      JsonNode pdu = sent.pdus().getLast();
      assertThat(pdu.has("unsigned")).isFalse();
      assertThat(pdu.has("event_id")).isFalse();
      assertThat(
              TestKeys.isSignedBy(
                  Pdu.parse((ObjectNode) pdu, RoomVersions.V11), DeliveryServer.NAME))
          .isTrue();
    }
  }

  @Test
  void roomsWithoutOtherServersConcernNobody() throws Exception {
    RoomId ours = server.room();
    RoomId shared = server.room(BOB);
    var _ = server.say(ours, "secret");

    server.awaitEvent(1, server.say(shared, "hello"));

    server.awaitReaders();
    assertThat(server.sent(1))
        .flatExtracting(Sent::pdus)
        .allSatisfy(each -> assertThat(each.path("room_id").asText()).isEqualTo(shared.value()));
    assertThat(server.sent(2)).isEmpty();
  }

  @Test
  void whatOtherServersSayIsTheirsToSend() throws Exception {
    RoomId room = server.room(BOB, CAROL);

    EventId theirs = server.saysElsewhere(room, BOB, "I send this myself");
    server.awaitEvent(2, server.say(room, "after it"));

    assertThat(server.events(2)).doesNotContain(theirs);
  }

  /// "The resident server must also send the event to other servers participating in the room."
  @Test
  void whatWasHandedInIsSentOnButNotBack() {
    RoomId room = server.room(BOB);
    String dora = DeliveryServer.user("dora", 2);

    EventId join =
        server.does(
            RoomInput.Arrival.HANDED_IN,
            server.event(room, dora, EventTypes.MEMBER, dora, "{'membership':'join'}"));
    EventId after = server.say(room, "welcome");

    server.awaitEvent(1, join);
    server.awaitEvent(1, after);
    server.awaitEvent(2, after);
    assertThat(server.events(2)).doesNotContain(join);
  }

  @Test
  void whoIsKickedIsToldOfThatAndOfNothingMore() {
    RoomId room = server.room(BOB, CAROL);

    EventId kick = server.change(room, BOB, Membership.LEAVE);
    EventId after = server.say(room, "between us");

    server.awaitEvent(1, kick);
    server.awaitEvent(2, after);
    assertThat(server.events(2)).contains(kick);
    assertThat(server.events(1)).doesNotContain(after);
  }

  /// Of each of them the user was joined before.
  @Test
  void aUserWhoLeavesOnTwoBranchesIsGoneOnce() {
    String other = DeliveryServer.user("ben", 1);
    RoomId room = server.room(BOB, other, CAROL);
    server.awaitEvent(1, server.say(room, "all here"));
    Pdu leave = server.event(room, BOB, EventTypes.MEMBER, BOB, "{'membership':'leave'}");
    Pdu again = server.event(room, BOB, EventTypes.MEMBER, BOB, "{'membership':'leave'}");
    var _ = server.does(RoomInput.Arrival.LIVE, leave);
    var _ = server.does(RoomInput.Arrival.LIVE, again);

    EventId after = server.say(room, "to who is left");

    server.awaitEvent(1, after);
  }

  /// A rule that was made before its user joined, by a server that did not know of that, takes the
  /// user out of the room. Nobody else tells it: its maker never knew that it was there.
  @Test
  void whoABranchTakesOutOfTheRoomIsSentItsEnd() throws Exception {
    RoomId room = server.room(CAROL);
    var _ =
        server.set(
            room,
            EventTypes.POWER_LEVELS,
            "{'users':{'%s':100,'%s':100}}".formatted(DeliveryServer.alice(), CAROL));
    Pdu quiet = server.event(room, CAROL, EventTypes.MESSAGE, null, "{'body':'hm'}");
    var _ = server.does(RoomInput.Arrival.LIVE, quiet);
    Pdu rule = server.event(room, CAROL, EventTypes.JOIN_RULES, "", "{'join_rule':'invite'}");
    EventId join = server.join(room, BOB);
    EventId said = server.say(room, "all here");
    server.awaitEvent(1, said);

    var _ = server.does(RoomInput.Arrival.LIVE, rule);
    EventId after = server.say(room, "among us");

    server.awaitEvent(1, rule.eventId());
    server.awaitEvent(2, after);
    assertThat(server.events(1)).doesNotContain(after, quiet.eventId(), join);
  }

  /// The same while it cannot be reached, for longer than all of it is remembered.
  @Test
  void whoABranchTookOutOfTheRoomIsSentThatEndAlsoLater() throws Exception {
    RoomId room = server.room(BOB, CAROL);
    var _ =
        server.set(
            room,
            EventTypes.POWER_LEVELS,
            "{'users':{'%s':100,'%s':100}}".formatted(DeliveryServer.alice(), CAROL));
    EventId left = server.change(room, BOB, Membership.LEAVE);
    server.awaitEvent(1, left);
    Pdu rule = server.event(room, CAROL, EventTypes.JOIN_RULES, "", "{'join_rule':'invite'}");
    var _ = server.join(room, BOB);
    server.endServing(1);
    var _ = server.does(RoomInput.Arrival.LIVE, rule);
    EventId after = server.say(room, "among us");
    server.awaitEvent(2, after);
    server.awaitReaders();

    server.restart();
    server.serve(1);
    server.advanceUntil(
        "it is told", Duration.ofMinutes(5), () -> server.events(1).contains(rule.eventId()));

    assertThat(server.events(1)).doesNotContain(after);
  }

  @Test
  void whoIsNotInvitedAnyMoreIsTold() {
    RoomId room = server.room(CAROL);
    EventId invite = server.change(room, BOB, Membership.INVITE);

    EventId rescinded = server.change(room, BOB, Membership.LEAVE);

    server.awaitEvent(1, rescinded);
    // It was given the invite itself by another call.
    assertThat(server.events(1)).doesNotContain(invite);
    server.awaitEvent(2, rescinded);
    assertThat(server.events(2)).contains(invite);
  }

  @Test
  void aBanOfAStrangerIsNoneOfTheStrangersBusiness() {
    RoomId room = server.room(CAROL);

    EventId ban = server.change(room, BOB, Membership.BAN);

    server.awaitEvent(2, ban);
    assertThat(server.sent(1)).isEmpty();
    assertThat(server.destination(DeliveryServer.server(1)).waiting()).isZero();
  }

  @Test
  void whoMayNotTakePartIsToldNothing() throws Exception {
    RoomId room = server.room(BOB, CAROL);
    String denied = DeliveryServer.server(1).host();
    EventId acl =
        server.set(
            room,
            "m.room.server_acl",
            "{'allow':['*'],'deny':['%s'],'allow_ip_literals':true}".formatted(denied));

    EventId after = server.say(room, "among friends");

    server.awaitEvent(2, after);
    server.awaitReaders();
    server.advanceUntil(
        "the queue is empty",
        Duration.ofSeconds(1),
        () -> server.destination(DeliveryServer.server(1)).waiting() == 0);
    assertThat(server.events(1)).doesNotContain(acl, after);
  }

  @Test
  void whoThisServerDoesNotTalkToIsToldNothing() {
    server.block(DeliveryServer.server(1));
    RoomId room = server.room(BOB, CAROL);

    server.awaitEvent(2, server.say(room, "hello"));

    assertThat(server.internet().dialed())
        .noneMatch(each -> each.getAddress().getHostAddress().equals("93.184.0.2"));
    assertThat(server.delivery().destinations())
        .noneMatch(each -> each.name().equals(DeliveryServer.server(1)));
  }

  /// Who is there already is told of in no entry of the log.
  @Test
  void whoWasInARoomBeforeAUserOfThisServerCameIsTold() {
    RoomFixture elsewhere = RoomFixture.withMembers(RoomVersions.V11);
    elsewhere.usualPowerLevels("\"users\":{\"@alice:a.example\":100}").add();
    List<Pdu> state = List.copyOf(elsewhere.state().values());
    Pdu join = elsewhere.join(DeliveryServer.alice()).add();
    server.receive(RoomInput.Arrival.LIVE, join, state);

    var _ = server.say(elsewhere.roomId(), "hello");

    Eventually.until(
        "they are to be told",
        () ->
            Stream.of("a.example", "b.example")
                .map(ServerName::parse)
                .allMatch(each -> server.destination(each).waiting() > 0));
  }

  /// The reader may be far behind what has happened to the room since.
  @Test
  void whoWasInARoomIsAskedAsOfTheEvent() {
    RoomId room = server.room(BOB);
    LogPosition before = server.store().head();
    var _ = server.say(room, "one");
    LogPosition said = server.store().head();
    var _ = server.join(room, CAROL);
    LogPosition joined = server.store().head();
    var _ = server.change(room, BOB, Membership.LEAVE);

    assertThat(joinedBefore(room, said)).contains(name(1)).doesNotContain(name(2));
    assertThat(joinedBefore(room, joined)).contains(name(1)).doesNotContain(name(2));
    assertThat(joinedBefore(room, joined.plus(1))).contains(name(1), name(2));
    assertThat(joinedBefore(room, joined.plus(2))).contains(name(2)).doesNotContain(name(1));
    assertThat(joinedBefore(room, before.plus(1))).contains(name(1), DeliveryServer.NAME);
  }

  /// Somebody may change the state of a room all the time; that keeps nobody from being told.
  @Test
  void whoWasInARoomIsKnownHoweverFastItChanges() {
    RoomId room = server.room(BOB);
    var _ = server.say(room, "one");
    LogPosition said = server.store().head();
    var _ = server.join(room, CAROL);
    AtomicInteger changes = new AtomicInteger();
    RoomQueries restless =
        (RoomQueries)
            Proxy.newProxyInstance(
                RoomQueries.class.getClassLoader(),
                new Class<?>[] {RoomQueries.class},
                (_, method, arguments) -> {
                  if (method.getName().equals("currentState")) {
                    var _ =
                        server.set(
                            room,
                            "m.room.topic",
                            "{'topic':'%d'}".formatted(changes.incrementAndGet()));
                  }
                  return method.invoke(server.rooms(), arguments);
                });

    Set<ServerName> joined = new JoinedServers(restless).before(room, said);

    assertThat(joined).containsExactlyInAnyOrder(DeliveryServer.NAME, name(1));
    assertThat(changes.get()).isGreaterThan(10);
  }

  private Set<ServerName> joinedBefore(RoomId room, LogPosition at) {
    return new JoinedServers(server.rooms()).before(room, at);
  }

  private static ServerName name(int number) {
    return DeliveryServer.server(number);
  }

  @Test
  void aRoomInWhichManyHaveChangedIsReadAgain() {
    RoomId room = server.room(BOB);
    JoinedServers joined = new JoinedServers(server.rooms(), 100, 3);
    assertThat(joined.before(room, server.store().head().plus(1))).hasSize(2);
    Pdu stranger = server.event(room, CAROL, EventTypes.MEMBER, CAROL, "{'membership':'join'}");
    joined.take(added(stranger));
    assertThat(joined.before(room, server.store().head().plus(1))).hasSize(3);

    for (int i = 0; i < 3; i++) {
      String user = DeliveryServer.user("u" + i, 2);
      joined.take(
          added(server.event(room, user, EventTypes.MEMBER, user, "{'membership':'join'}")));
    }

    assertThat(joined.before(room, server.store().head().plus(1)))
        .as("as it is in the tables, where none of these are")
        .hasSize(2);
  }

  /// A look costs as much as the room is large, and many may come at once.
  @Test
  void ofThoseWhoComeAtOnceItIsFoundInOneLookWhatTheyWere() {
    RoomId room = server.room(BOB, CAROL);
    AtomicInteger looks = new AtomicInteger();
    RoomQueries counted =
        (RoomQueries)
            Proxy.newProxyInstance(
                RoomQueries.class.getClassLoader(),
                new Class<?>[] {RoomQueries.class},
                (_, method, arguments) -> {
                  if (method.getName().equals("stateAt")) {
                    looks.incrementAndGet();
                  }
                  return method.invoke(server.rooms(), arguments);
                });
    JoinedServers joined = new JoinedServers(counted, 100, 12);
    LogPosition now = server.store().head().plus(1);
    assertThat(joined.before(room, now)).hasSize(3);
    List<Positioned<RoomOutput>> batch = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      batch.add(new Positioned<>(now.plus(i), added(membership(room, "u" + i, 3, "join"))));
    }
    batch.add(new Positioned<>(now.plus(10), added(membership(room, "bob", 1, "join"))));
    batch.add(new Positioned<>(now.plus(11), added(membership(room, "bob", 1, "leave"))));
    int before = looks.get();

    joined.expect(batch);
    batch.forEach(each -> joined.take(each.entry()));

    assertThat(looks.get() - before).isEqualTo(1);
    assertThat(joined.before(room, now)).contains(name(2), name(3)).doesNotContain(name(1));
  }

  private Pdu membership(RoomId room, String name, int number, String membership) {
    String user = DeliveryServer.user(name, number);
    return server.event(room, user, EventTypes.MEMBER, user, "{'membership':'" + membership + "'}");
  }

  private static RoomOutput added(Pdu event) {
    return new RoomOutput.EventAdded(event, null, null, Membership.LEAVE, null);
  }

  /// What is kept of rooms goes on with their events, and is bounded.
  @Test
  void whatIsKnownOfRoomsIsBounded() {
    RoomId one = server.room(BOB, CAROL);
    RoomId other = server.room(BOB, CAROL);
    JoinedServers joined = new JoinedServers(server.rooms(), 4, 100);
    LogPosition now = server.store().head().plus(1);

    for (int i = 0; i < 3; i++) {
      assertThat(joined.before(one, now)).hasSize(3);
      assertThat(joined.before(other, now)).hasSize(3);
    }
  }
}
