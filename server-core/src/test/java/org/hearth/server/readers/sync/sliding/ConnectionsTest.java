package org.hearth.server.readers.sync.sliding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.SentMembers;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomMembership;
import org.junit.jupiter.api.Test;

/// What is kept of connections, and for how long.
class ConnectionsTest {
  private static final long BUDGET = 400_000;

  private final AtomicLong nanos = new AtomicLong(1);
  private final Connections connections =
      new Connections(new SentMembers(10_000), BUDGET, nanos::get);

  private static Viewer viewer(String user, String device) {
    return new Viewer(
        UserId.parse("@" + user + ":hearth.test"), DeviceId.parse(device), IgnoredUsers.NONE);
  }

  private static Step step(long number, int rooms) {
    Map<RoomId, Sent> sent = new HashMap<>();
    for (int i = 0; i < rooms; i++) {
      sent.put(
          RoomId.parse("!r" + i + ":hearth.test"),
          new Sent(Sent.LIVE, Sent.NEVER, Sent.NEVER, 1, 1, Sent.NO_STATE, false));
    }
    return new Step(
        number, new SyncPoint(new LogPosition(number)), Map.of(), sent, Map.of(), List.of());
  }

  private Connection grown(Viewer viewer, String name, int rooms) {
    Connection connection = connections.begin(viewer, name);
    long number = connections.nextNumber();
    connection.answered(connection.base(), step(number, rooms));
    assertThat(connection.comeTo(number)).isTrue();
    connections.used(viewer, name, connection);
    return connection;
  }

  @Test
  void oneThatIsNotUsedForLongIsForgotten() {
    Viewer alice = viewer("alice", "PHONE");
    connections.begin(alice, "a");
    nanos.addAndGet(Connections.LONGEST_UNUSED.toNanos());
    assertThat(connections.find(alice, "a")).isPresent();

    nanos.addAndGet(Connections.LONGEST_UNUSED.toNanos() + 1);

    assertThat(connections.find(alice, "a")).isEmpty();
    assertThat(connections.bytes()).isZero();
  }

  @Test
  void aDeviceHasSoManyAndTheLongestUnusedGoFirst() {
    Viewer phone = viewer("alice", "PHONE");
    connections.begin(viewer("alice", "TABLET"), "a");
    for (int i = 0; i < Connections.MOST_OF_A_DEVICE; i++) {
      connections.begin(phone, "c" + i);
    }
    assertThat(connections.find(phone, "c0")).isPresent();

    connections.begin(phone, "another");

    assertThat(connections.find(phone, "c0")).isPresent();
    assertThat(connections.find(phone, "c1")).isEmpty();
    assertThat(connections.find(viewer("alice", "TABLET"), "a")).isPresent();
  }

  @Test
  void aUserHasAShareOfTheBudgetAndTakesNothingFromOthers() {
    Viewer bob = viewer("bob", "PHONE");
    connections.begin(bob, "his");
    for (int i = 0; i < 100; i++) {
      grown(viewer("alice", "D" + i), "hers", 200);
    }

    assertThat(connections.find(bob, "his")).isPresent();
    assertThat(connections.bytes()).isLessThan(BUDGET / 4 + BUDGET / 8);
    assertThat(connections.find(viewer("alice", "D99"), "hers")).isPresent();
    assertThat(connections.find(viewer("alice", "D0"), "hers")).isEmpty();
  }

  @Test
  void ofAllUsersTheLongestUnusedGoWhenThereIsNoRoom() {
    for (int i = 0; i < 20; i++) {
      grown(viewer("user" + i, "PHONE"), "c", 400);
    }

    assertThat(connections.bytes()).isLessThanOrEqualTo(BUDGET);
    assertThat(connections.find(viewer("user0", "PHONE"), "c")).isEmpty();
    assertThat(connections.find(viewer("user19", "PHONE"), "c")).isPresent();
  }

  @Test
  void ofAnswersToOnePositionTheNewestAreKnown() {
    Connection connection = connections.begin(viewer("alice", "PHONE"), "c");
    for (long number = 1; number <= Connection.MOST_STEPS + 1; number++) {
      connection.answered(connection.base(), step(number, 1));
    }

    assertThat(connection.comeTo(1)).isFalse();
    assertThat(connection.comeTo(2)).isTrue();
    assertThat(connection.comeTo(2)).as("asked again").isTrue();
    assertThat(connection.comeTo(3)).as("of an answer that did not come").isFalse();
    assertThat(connection.comeTo(0)).isFalse();
  }

  @Test
  void anAnswerToWhoHasGoneOnMeanwhileIsNoStep() {
    Connection connection = connections.begin(viewer("alice", "PHONE"), "c");
    Step before = connection.base();
    connection.answered(before, step(1, 1));
    assertThat(connection.comeTo(1)).isTrue();

    connection.answered(before, step(2, 1));

    assertThat(connection.comeTo(2)).isFalse();
  }

  private static RequiredState wanting(int pairs, String type) {
    Map<String, RequiredState.Keys> types = new HashMap<>();
    for (int i = 0; i < pairs; i++) {
      types.put(type + i, new RequiredState.Keys(false, Set.of("")));
    }
    return new RequiredState(false, types, Set.of(), false);
  }

  @Test
  void statesCountByTheirSizeAndSoManyAreKept() {
    Connection connection = connections.begin(viewer("alice", "PHONE"), "c");
    RequiredState first = wanting(100, "x".repeat(200));
    long before = connection.bytes();

    long number = connection.number(first);

    assertThat(connection.bytes() - before).isGreaterThan(100 * 200);
    assertThat(connection.number(wanting(100, "x".repeat(200)))).isEqualTo(number);
    for (int i = 1; i < Connection.MOST_STATES; i++) {
      connection.number(wanting(1, "t" + i));
    }
    assertThat(connection.state(number)).isEqualTo(first);
    long most = connection.bytes();
    for (int i = 0; i < Connection.MOST_STATES; i++) {
      connection.number(wanting(1, "u" + i));
    }
    assertThat(connection.state(number)).isEqualTo(RequiredState.NONE);
    assertThat(connection.number(first)).isNotEqualTo(number);
    assertThat(connection.bytes()).isLessThanOrEqualTo(most);
  }

  @Test
  void namesOfListsAndMembersCount() {
    String name = "x".repeat(200);
    Step step =
        new Step(
            1,
            new SyncPoint(new LogPosition(1)),
            Map.of(),
            Map.of(),
            Map.of(name, 1),
            List.of(new Step.Member(RoomId.parse("!r:hearth.test"), name, new LogPosition(1))));

    assertThat(step.bytes() - Step.begin().bytes()).isGreaterThan(400);
  }

  @Test
  void ofATypeThatNoFilterCanNameLittleIsKept() {
    ListedRoom room =
        new ListedRoom(
            new RoomMembership(
                RoomId.parse("!r:hearth.test"),
                UserId.parse("@alice:hearth.test"),
                Membership.JOIN,
                new LogPosition(1),
                false),
            new LogPosition(1),
            null);

    room.type("x".repeat(60_000));

    assertThat(room.type()).hasSize(RoomFilter.LONGEST_VALUE + 1);
  }
}
