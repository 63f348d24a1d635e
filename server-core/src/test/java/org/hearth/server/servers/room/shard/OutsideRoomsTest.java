package org.hearth.server.servers.room.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import java.util.List;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.state.OutsideRows;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a shard keeps of rooms in which this server is not.
final class OutsideRoomsTest {
  private static final UserId DAVE = UserId.parse("@dave:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  @Test
  void keepsAnEventUntilItIsCommittedAndNoLonger() {
    RoomMemory memory = RoomMemory.over(stores.store().reads(), RoomServerOptions.standard());
    OutsideRooms outside = new OutsideRooms(stores.store().reads(), memory.userRooms());
    Pdu invitation = RoomFixture.of(RoomVersions.V11).member(ALICE, DAVE, "invite").build();
    OutsideRooms.UnderWay row =
        outside.begin(
            new OutsideRows.Row(DAVE, Membership.INVITE, invitation, List.of(), ALICE.server()));

    row.submitted();
    assertThat(outside.find(invitation.roomId(), DAVE).map(OutsideRooms.Held::event))
        .contains(invitation);
    row.durable();

    assertThat(row.held()).isNull();
    assertThat(outside.find(invitation.roomId(), DAVE)).isEmpty(); // No row was written here.
  }
}
