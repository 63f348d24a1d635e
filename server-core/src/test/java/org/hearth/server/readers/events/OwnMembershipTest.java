package org.hearth.server.readers.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.server.CountedQueries;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// How far back is looked for what somebody was to a room.
final class OwnMembershipTest {
  private static final UserId DAVE = UserId.parse("@dave:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;
  private RoomFixture room;
  private CountedQueries counted;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    rooms.live(room.events());
    counted = new CountedQueries(rooms.queries());
  }

  @AfterEach
  void stop() {
    rooms.close();
  }

  /// Each is an invitation and its withdrawal.
  private void inviteAndWithdraw(UserId user, int times) {
    List<Pdu> events = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      events.add(room.member(ALICE, user, "invite").add());
      events.add(room.member(ALICE, user, "leave").add());
    }
    rooms.live(events);
  }

  private LogPosition now() {
    return rooms.queries().room(room.roomId()).orElseThrow().last();
  }

  private OwnMembership own(UserId user) {
    Optional<RoomMembership> newest = rooms.queries().membership(room.roomId(), user);
    return OwnMembership.upTo(counted.queries(), newest);
  }

  private LogPosition leave(UserId user) {
    Pdu leave = room.member(user, user, "leave").add();
    rooms.live(leave);
    return rooms.queries().event(leave.eventId()).map(RoomEvent::position).orElseThrow();
  }

  @Test
  void findsWhereTheUserLeftBehindLaterInvitations() {
    LogPosition before = now();
    LogPosition left = leave(BOB);
    inviteAndWithdraw(BOB, 3);

    assertThat(own(BOB).leftAt()).hasValue(left);
    assertThat(own(BOB).leftAt(before)).hasValue(left);
    assertThat(own(BOB).leftAt(left)).isEmpty();
    assertThat(own(DAVE).leftAt()).isEmpty();
  }

  @Test
  void looksNoFurtherThanWhatTheClientHas() {
    inviteAndWithdraw(DAVE, 20);
    LogPosition since = now();
    inviteAndWithdraw(DAVE, 1);

    assertThat(own(DAVE).leftAt(since)).isEmpty();

    assertThat(counted.of("eventAt")).isLessThanOrEqualTo(2);
    assertThat(counted.of("replacedBy")).isLessThanOrEqualTo(2);
  }

  @Test
  void looksThroughNoMoreMembershipsThanTheBound() {
    inviteAndWithdraw(DAVE, OwnMembership.MOST_STEPS / 2 + 5);

    assertThat(own(DAVE).leftAt()).isEmpty();

    assertThat(counted.of("eventAt")).isEqualTo(OwnMembership.MOST_STEPS);
  }

  @Test
  void knowsAMembershipOfLongAgo() {
    LogPosition joined = now();
    LogPosition left = leave(BOB);
    inviteAndWithdraw(BOB, 20);

    assertThat(
            rooms
                .queries()
                .membershipAt(room.roomId(), BOB, joined)
                .map(RoomMembership::membership))
        .hasValue(Membership.JOIN);
    assertThat(rooms.queries().membershipAt(room.roomId(), BOB, left))
        .hasValueSatisfying(then -> {
          assertThat(then.membership()).isEqualTo(Membership.LEAVE);
          assertThat(then.position()).isEqualTo(left);
        });
    assertThat(rooms.queries().membershipAt(room.roomId(), DAVE, joined)).isEmpty();
  }
}
