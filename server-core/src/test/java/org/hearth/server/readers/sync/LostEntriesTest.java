package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.box.ManualAlarms;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.RecentEvents;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.view.AccountOutputNotes;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.NewsReader;
import org.hearth.server.readers.sync.view.OwnNews;
import org.hearth.server.readers.sync.view.RoomOutputNotes;
import org.hearth.server.readers.sync.view.SpacedWakes;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the view does when entries never came to it. Its reader here is registered with no log, so
/// that it is told of nothing but what the test tells it.
class LostEntriesTest {
  @TempDir Path folder;
  private SyncServer server;
  private RoomId room;
  private LogPosition start;
  private RecentEvents recent;
  private SyncUsers users;
  private NewsKind events;
  private LogReader<RoomOutput> reader;

  @BeforeEach
  void start() {
    server = new SyncServer(folder);
    room = server.rooms().open("alice", "shared");
    start = server.store().head();
    recent = new RecentEvents(server.queries(), 1 << 20, start);
    users =
        new SyncUsers(
            server.queries(),
            server.store()::head,
            new SpacedWakes(ClientSync.SPACING, new ManualAlarms(InstantSource.system())),
            1 << 20);
    events = new NewsKind(server.store()::head);
    reader =
        NewsReader.of(
            users,
            start,
            new RoomOutputNotes(
                recent, users, events, new NewsKind(() -> start), new NewsKind(() -> start)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private SyncUsers.Entered enter(String user) {
    return users.enter(new Viewer(TestRooms.user(user), null, IgnoredUsers.NONE));
  }

  @Test
  void whoWaitsIsWokenAndLoadedAnew() throws Exception {
    SyncUsers.Entered bob = enter("bob");
    server.rooms().join(room, "bob");
    bob.waiting().look();
    assertThat(bob.feed().membership(room)).isEmpty();

    reader.onLost(start, server.store().head());

    assertThat(bob.waiting().sleep(System.nanoTime())).isTrue();
    users.refresh(bob);
    assertThat(bob.feed().membership(room))
        .hasValueSatisfying(each -> assertThat(each.membership()).isEqualTo(Membership.JOIN));
    assertThat(users.noteChanged(events, room, server.store().head())).containsExactly(bob.feed());
  }

  /// As when a resolution takes a membership away, or brings an earlier one back.
  @Test
  void aMembershipThatTheDatabaseHasNotIsNotKept() throws Exception {
    SyncUsers.Entered bob = enter("bob");
    RoomEvent joined = server.queries().event(server.rooms().join(room, "bob")).orElseThrow();
    reader.onBatch(List.of(added(joined)));
    server.rooms().say(room, "alice", "raises the head");
    RowChange deletion =
        RowChange.of(
            new Table("room_member", "a test's", "the test"),
            "DELETE FROM room_member WHERE user_id = '@bob:hearth.test'",
            (_, _) -> {});
    var _ = server.store().committer().commit("test", List.of(deletion), List.of());

    reader.onLost(joined.position(), server.store().head());
    users.refresh(bob);

    assertThat(bob.feed().membership(room))
        .hasValueSatisfying(each -> {
          assertThat(each.membership()).isEqualTo(Membership.LEAVE);
          assertThat(each.position()).isEqualTo(server.store().head());
        });
    assertThat(users.noteChanged(events, room, server.store().head())).isEmpty();
  }

  @Test
  void theEventsAreReadFromTheDatabase() throws Exception {
    EventId lost = server.rooms().say(room, "alice", "lost");
    LogPosition upTo = server.store().head();
    assertThat(recent.anyIn(room, start, upTo)).hasValue(false);

    reader.onLost(start, upTo);

    assertThat(recent.anyIn(room, start, upTo)).isEmpty();
    assertThat(recent.backwards(room, upTo, start, 10)).isEmpty();
    assertThat(reader.position()).isEqualTo(upTo);
    assertThat(server.queries().event(lost)).isPresent();
  }

  /// Of 64 KiB, which may be a megabyte when they are read, no more are kept than fit.
  @Test
  void eventsAreWeighedByWhatTheyTakeInMemory() throws Exception {
    String content = "{'a': [" + "{'': 0},".repeat(7_000) + "0]}";
    for (int i = 0; i < 3; i++) {
      RoomEvent sent =
          server
              .queries()
              .event(server.rooms().send(room, "alice", "org.test", content))
              .orElseThrow();
      assertThat(sent.pdu().memoryBytes()).isGreaterThan(900_000);
      reader.onBatch(List.of(added(sent)));
    }

    assertThat(recent.hasAllAfter(start)).isFalse();
  }

  @Test
  void noRoomCountsAsUnchangedAcrossALoss() throws Exception {
    SyncUsers.Entered alice = enter("alice");
    LogPosition known = server.store().head();
    assertThat(alice.feed().changedRooms(events, known)).isEmpty();
    assertThat(alice.feed().changedRooms(events, known)).hasValue(Set.of());
    server.rooms().say(room, "alice", "lost");

    reader.onLost(known, server.store().head());
    users.refresh(alice);

    assertThat(alice.feed().changedRooms(events, known)).isEmpty();
    assertThat(alice.feed().changedRooms(events, known)).isEmpty();
  }

  @Test
  void aRoomWithNewsIsNotedForWhoIsInIt() throws Exception {
    SyncUsers.Entered alice = enter("alice");
    LogPosition known = server.store().head();
    assertThat(alice.feed().changedRooms(events, known)).isEmpty();
    RoomEvent said =
        server.queries().event(server.rooms().say(room, "alice", "hello")).orElseThrow();

    reader.onBatch(List.of(added(said)));

    assertThat(alice.feed().changedRooms(events, known)).hasValue(Set.of(room));
    assertThat(alice.feed().changedRooms(events, said.position())).hasValue(Set.of());
  }

  @Test
  void nothingStaysOfRoomsThatAllHaveLeft() throws Exception {
    SyncUsers.Entered alice = enter("alice");
    assertThat(users.roomCount()).isEqualTo(1);
    EventId left = server.rooms().leave(room, "alice");
    RoomEvent leaving = server.queries().event(left).orElseThrow();

    reader.onBatch(List.of(added(leaving)));

    assertThat(users.roomCount()).isZero();
    assertThat(alice.feed().membership(room))
        .hasValueSatisfying(each -> assertThat(each.membership()).isEqualTo(Membership.LEAVE));
  }

  @Test
  void whoWaitsIsAnsweredWhenChangesOfAccountsAreLost() throws Exception {
    SyncUsers.Entered alice = enter("alice");
    LogReader<AccountOutput> accounts = NewsReader.of(users, start, new AccountOutputNotes(users));
    server.rooms().say(room, "alice", "raises the head");
    LogPosition upTo = server.store().head();
    LogPosition known = new LogPosition(upTo.value() - 1);
    alice.waiting().look();
    assertThat(alice.feed().mayHave(OwnNews.ACCOUNT_DATA, known)).isFalse();

    accounts.onLost(start, upTo);

    assertThat(alice.waiting().isOver()).isTrue();
    users.refresh(alice);
    assertThat(alice.feed().mayHave(OwnNews.ACCOUNT_DATA, known)).isTrue();
    assertThat(accounts.position()).isEqualTo(upTo);
  }

  @Test
  void whoIsConcernedIsWokenAlsoWhenALaterEntryOfTheBatchFails() throws Exception {
    SyncUsers.Entered alice = enter("alice");
    EventId said = server.rooms().say(room, "alice", "hello");
    Positioned<RoomOutput> entry = added(server.queries().event(said).orElseThrow());
    Positioned<RoomOutput> bad = new Positioned<>(entry.position().plus(1), entry.entry());
    Positioned<RoomOutput> ofNobody = new Positioned<>(entry.position().plus(2), entry.entry());
    LogReader<RoomOutput> failing =
        NewsReader.of(
            users,
            start,
            (at, _, concerned) -> {
              if (at.equals(bad.position())) {
                throw new IllegalStateException("in this test");
              }
              if (at.equals(entry.position())) {
                concerned.add(alice.feed());
              }
            });
    alice.waiting().look();

    assertThatThrownBy(() -> failing.onBatch(List.of(entry, bad))).hasMessage("in this test");
    failing.onBatch(List.of(ofNobody));

    assertThat(alice.waiting().sleep(System.nanoTime())).isTrue();
  }

  private Positioned<RoomOutput> added(RoomEvent event) {
    return new Positioned<>(
        event.position(), new RoomOutput.EventAdded(event.pdu(), null, null, null, null));
  }
}
