package org.hearth.server.servers.room.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.util.List;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
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
  private static final UserId DAVE = UserId.parse("@dave:hearth.test");

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

  /// Another server chooses how long the id of a room is.
  @Test
  void longIdsOfRoomsWeighMore() {
    RoomId longest = RoomId.parse("!%s:a.example".formatted("x".repeat(240)));
    Pdu invitation =
        room.member(ALICE, DAVE, "invite")
            .bend(json -> json.put("room_id", longest.value()))
            .build();
    assertThat(
            rooms.submit(
                new RoomInput.OutsideMembership(
                    longest, "11", invitation, List.of(), ALICE.server())))
        .isInstanceOf(RoomReply.Done.class);

    assertThat(users.of(DAVE)).hasSize(1);

    assertThat(users.weightBytes()).isGreaterThan(longest.value().length() + 300);
  }

  @Test
  void whoNeverWasThereIsNothingToTheRoom() {
    assertThat(users.in(RoomId.parse("!other:hearth.test"), ALICE)).isEmpty();
    assertThat(users.in(room.roomId(), UserId.parse("@nobody:hearth.test"))).isEmpty();
    assertThat(users.of(ALICE)).hasSize(2);
    assertThat(users.in(RoomId.parse("!other:hearth.test"), ALICE)).isEmpty();
  }
}
