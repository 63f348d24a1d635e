package org.hearth.server.servers.room.receive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.servers.room.read.RoomOutputStore;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Events that a server has given to this one alone, so that this one sends them on: readers of
/// room-output are told so, whether they read the log or, later, the tables.
final class HandedInTest {
  private static final UserId DORA = UserId.parse("@dora:d.example");
  private static final ServerName THERE = DORA.server();

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
  private RunningRooms rooms;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    assertAccepted(receive(room.events(), Arrival.LIVE));
  }

  @AfterEach
  void stop() {
    rooms.close();
    DatabaseCheck.assertSound(stores.store());
  }

  private List<EventVerdict> receive(List<Pdu> events, Arrival arrival) {
    return rooms
        .receive(RunningRooms.command(events, List.of(), Map.of(), Set.of(), arrival))
        .events()
        .stream()
        .map(each -> each.verdict())
        .toList();
  }

  private static void assertAccepted(List<EventVerdict> verdicts) {
    assertThat(verdicts).containsOnly(new EventVerdict.Accepted());
  }

  private Optional<ServerName> handedInBy(List<Positioned<RoomOutput>> entries, EventId event) {
    List<RoomOutput.EventAdded> added =
        entries.stream()
            .map(Positioned::entry)
            .filter(RoomOutput.EventAdded.class::isInstance)
            .map(RoomOutput.EventAdded.class::cast)
            .filter(each -> each.event().eventId().equals(event))
            .toList();
    assertThat(added).hasSize(1);
    assertThat(added.getFirst().isSentBy(RunningRooms.SERVER))
        .isEqualTo(added.getFirst().handedInBy() != null);
    return Optional.ofNullable(added.getFirst().handedInBy());
  }

  /// What the log has told, and what it would tell a reader that comes late.
  private void assertHandedInBy(Pdu event, Optional<ServerName> server) {
    assertThat(handedInBy(rooms.told(), event.eventId())).isEqualTo(server);
    List<Positioned<RoomOutput>> stored =
        new RoomOutputStore(
                stores.store().reads(), new StoredEvents(stores.store().reads(), 1 << 20))
            .read(LogPosition.ORIGIN, stores.store().head(), 1000);
    assertThat(handedInBy(stored, event.eventId())).isEqualTo(server);
  }

  @Test
  void isToldWithWhoHasHandedItIn() {
    Pdu join = room.join(DORA).add();
    Pdu message = room.message(DORA, "m.room.message", "{\"body\":\"hello\"}").add();

    assertAccepted(receive(List.of(join), Arrival.HANDED_IN));
    assertAccepted(receive(List.of(message), Arrival.LIVE));

    assertHandedInBy(join, Optional.of(THERE));
    assertHandedInBy(message, Optional.empty());
    assertThat(rooms.queries().isJoined(room.roomId(), DORA)).isTrue();
  }

  @Test
  void whatWasKnownAsAnOutlierIsHandedInAllTheSame() {
    Pdu join = room.join(DORA).add();
    rooms.receive(RunningRooms.command(List.of(), List.of(join), Map.of(), Set.of(), Arrival.LIVE));

    assertAccepted(receive(List.of(join), Arrival.HANDED_IN));

    assertHandedInBy(join, Optional.of(THERE));
  }

  @Test
  void whatHasComeAnotherWayIsNotSentOn() {
    Pdu join = room.join(DORA).add();
    assertAccepted(receive(List.of(join), Arrival.LIVE));

    assertThat(receive(List.of(join), Arrival.HANDED_IN)).containsOnly(new EventVerdict.Known());

    assertHandedInBy(join, Optional.empty());
  }
}
