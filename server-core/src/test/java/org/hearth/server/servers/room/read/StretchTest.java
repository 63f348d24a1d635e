package org.hearth.server.servers.room.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.Stretch;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// How much of a timeline is read at once.
final class StretchTest {
  private static final int EVENTS = 2 * Stretch.Size.PIECE + 3;
  private static final long LITTLE = 100_000;

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;
  private RoomFixture room;
  private final List<EventId> said = new ArrayList<>();

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    rooms.live(room.events());
    for (int i = 0; i < EVENTS; i++) {
      Pdu heavy =
          room.message(ALICE, "m.room.message", "{\"body\":\"" + "x".repeat(20_000) + "\"}").add();
      rooms.live(heavy);
      said.add(heavy.eventId());
    }
  }

  @AfterEach
  void stop() {
    rooms.close();
  }

  /// One of the ways to read.
  private interface Reading {
    Stretch read(RoomQueries rooms, Stretch.Reach reach, Stretch.Size size);
  }

  private List<Reading> readings() {
    return List.of(
        (queries, reach, size) -> queries.stretch(room.roomId(), reach, size),
        (queries, reach, size) -> queries.readable(room.roomId(), reach, size));
  }

  private static List<EventId> ids(Stretch stretch) {
    return stretch.events().stream().map(RoomEvent::id).toList();
  }

  @Test
  void endsWithThePieceThatIsHeavyEnoughAndGoesOnAfterIt() {
    for (Reading each : readings()) {
      List<EventId> read = new ArrayList<>();
      long from = Long.MAX_VALUE;
      for (int size : List.of(Stretch.Size.PIECE, Stretch.Size.PIECE)) {
        Stretch stretch =
            each.read(
                rooms.queries(),
                new Stretch.Reach(true, 0, from),
                new Stretch.Size(EVENTS, LITTLE));
        assertThat(stretch.events()).hasSize(size);
        assertThat(stretch.full()).isTrue();
        assertThat(stretch.last()).isEqualTo(stretch.events().getLast().place());
        read.addAll(ids(stretch));
        from = stretch.last() - 1;
      }
      read.addAll(
          ids(
              each.read(
                  rooms.queries(), new Stretch.Reach(true, 0, from), new Stretch.Size(3, LITTLE))));

      assertThat(read).isEqualTo(said.reversed());
    }
  }

  @Test
  void isWholeWhereThereAreBytesEnough() {
    for (Reading each : readings()) {
      Stretch all =
          each.read(
              rooms.queries(),
              new Stretch.Reach(false, 0, Long.MAX_VALUE),
              new Stretch.Size(500, Long.MAX_VALUE));

      assertThat(ids(all)).endsWith(said.toArray(EventId[]::new));
      assertThat(all.full()).isFalse();
    }
  }
}
