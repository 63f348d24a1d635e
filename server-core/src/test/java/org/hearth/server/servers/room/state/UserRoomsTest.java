package org.hearth.server.servers.room.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What users are to rooms, read from the database.
final class UserRoomsTest {
  private static final long MANY_BYTES = 1 << 20;

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;
  private RoomFixture room;
  private RoomFixture left;
  private UserRooms users;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    rooms.live(room.events());
    left = RoomFixture.withMembers(RoomVersions.V12);
    left.member(BOB, BOB, "leave").add();
    rooms.live(left.events());
    users = new UserRooms(stores.store().reads(), MANY_BYTES);
  }

  @AfterEach
  void stop() {
    rooms.close();
  }

  @Test
  void oneRoomIsAnsweredWithoutReadingTheOthers() {
    assertThat(users.in(room.roomId(), BOB).map(RoomMembership::membership))
        .contains(Membership.JOIN);
    assertThat(users.in(left.roomId(), BOB).map(RoomMembership::membership))
        .contains(Membership.LEAVE);

    assertThat(users.weightBytes()).isZero();
  }

  @Test
  void oneRoomIsAnsweredAlikeFromMemory() {
    RoomMembership read = users.in(left.roomId(), BOB).orElseThrow();

    assertThat(users.of(BOB)).hasSize(2).contains(read);
    assertThat(users.weightBytes()).isPositive();
    assertThat(users.in(left.roomId(), BOB)).contains(read);
  }

  @Test
  void whoNeverWasThereIsNothingToTheRoom() {
    assertThat(users.in(RoomId.parse("!other:hearth.test"), ALICE)).isEmpty();
    assertThat(users.in(room.roomId(), UserId.parse("@nobody:hearth.test"))).isEmpty();
    assertThat(users.of(ALICE)).hasSize(2);
    assertThat(users.in(RoomId.parse("!other:hearth.test"), ALICE)).isEmpty();
  }
}
