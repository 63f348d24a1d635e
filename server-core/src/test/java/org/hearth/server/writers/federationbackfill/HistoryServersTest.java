package org.hearth.server.writers.federationbackfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Who is asked for a room's history, and in which order.
class HistoryServersTest {
  private static final UserId OURS = UserId.parse("@dave:hearth.test");
  private static final UserId LATE = UserId.parse("@late:late.example");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
  private RunningRooms rooms;

  @BeforeEach
  void enter() {
    rooms = new RunningRooms(stores.store());
    room.usualPowerLevels("\"users\":{\"%s\":50,\"%s\":60}".formatted(CHARLIE, LATE)).add();
    List<Pdu> before = room.events().stream().filter(Pdu::isState).toList();
    List<EventId> state = room.state().values().stream().map(Pdu::eventId).toList();
    Pdu join = room.join(OURS).add();
    take(List.of(join), before, Map.of(join.eventId(), state));
    take(List.of(room.join(LATE).add()), List.of(), Map.of());
  }

  @AfterEach
  void close() {
    rooms.close();
  }

  private void take(List<Pdu> events, List<Pdu> outliers, Map<EventId, List<EventId>> states) {
    var _ = rooms.receive(RunningRooms.command(events, outliers, states, Set.of(), Arrival.LIVE));
  }

  private List<ServerName> best(int most, UserId... unreachable) {
    Set<ServerName> failing =
        Set.copyOf(List.of(unreachable).stream().map(UserId::server).toList());
    return new HistoryServers(
            RunningRooms.SERVER, rooms.queries(), rooms.peerQueries(), () -> failing)
        .best(room.roomId(), most);
  }

  @Test
  void theMostPowerfulOfThoseWhoWereThereComeFirstAndWhoCameLaterLast() {
    assertThat(best(10))
        .containsExactly(ALICE.server(), CHARLIE.server(), BOB.server(), LATE.server());
    assertThat(best(2)).containsExactly(ALICE.server(), CHARLIE.server());
  }

  @Test
  void whoCannotBeReachedComesAfterAllOthers() {
    assertThat(best(10, ALICE))
        .containsExactly(CHARLIE.server(), BOB.server(), LATE.server(), ALICE.server());
  }

  @Test
  void whomTheRoomShutsOutIsNotAsked() {
    take(
        List.of(
            room.state(
                    ALICE,
                    EventTypes.SERVER_ACL,
                    "",
                    "{\"allow\":[\"*\"],\"deny\":[\"c.example\"]}")
                .add()),
        List.of(),
        Map.of());

    assertThat(best(10)).containsExactly(ALICE.server(), BOB.server(), LATE.server());
  }
}
