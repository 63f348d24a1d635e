package org.hearth.server.servers.room.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What is kept in memory weighs no less than it takes.
final class WeightsTest {
  private static final int KEYS = 200;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final RoomFixture room = RoomFixture.of(RoomVersions.V11);

  private RoomMemory memory() {
    return RoomMemory.over(stores.store().reads(), RoomServerOptions.standard());
  }

  private RoomView view() {
    return memory().rooms().find(room.roomId()).orElseThrow();
  }

  @Test
  void aRoomWeighsItsKeysAndWhatIsMadeOfItsMembers() {
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events());
    }
    RoomView view = view();
    long before = view.weightBytes();

    String longest = "x".repeat(255);
    for (int i = 0; i < KEYS; i++) {
      var _ = view.info().keys().add(new StateKey("org.example." + i, longest));
    }

    assertThat(view.weightBytes()).isGreaterThan((int) before + KEYS * (255 + 100));
    RoomView nobody =
        new RoomView(
            view.info(),
            view.last(),
            view.lastJump(),
            view.depth(),
            view.extremities(),
            view.state(),
            Members.of(view.info().keys(), StateSnapshot.EMPTY));
    assertThat(view.weightBytes()).isGreaterThan(nobody.weightBytes());
  }

  @Test
  void aRoomThatIsLargerThanTheBudgetIsNotReadEachTime() {
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events());
    }
    CommittedRooms rooms =
        new CommittedRooms(new RoomLoader(stores.store().reads()), view().weightBytes() / 2);

    RoomView once = rooms.find(room.roomId()).orElseThrow();

    assertThat(rooms.find(room.roomId())).containsSame(once);
  }

  @Test
  void anEventWeighsItsRedactionToo() {
    Pdu said = room.message(ALICE, "m.room.message", "{}").add();
    Pdu redaction =
        room.message(
                ALICE,
                "m.room.redaction",
                "{\"redacts\":\"%s\",\"reason\":\"%s\"}"
                    .formatted(said.eventId(), "x".repeat(50_000)))
            .add();
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events());
    }
    StoredEvents events = memory().events();

    StoredEvents.Stored shown = events.get(events.position(said.eventId()).orElseThrow());

    assertThat(shown.shown().redactedBecause()).isEqualTo(redaction);
    assertThat(shown.weightBytes()).isGreaterThan(2 * 50_000);
  }

  @Test
  void aStoredStateWeighsTheKeysOfItsLayers() {
    for (int i = 0; i < KEYS; i++) {
      room.state(ALICE, "org.example", "k" + i, "{}").add();
    }
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events());
    }

    StateRows rows = memory().states().get(view().state().number());

    int keys = rows.layers().stream().mapToInt(StateLayer::size).sum();
    assertThat(keys).isGreaterThanOrEqualTo(KEYS);
    assertThat(rows.weightBytes())
        .isGreaterThan(Long.BYTES * rows.keyLimit() + Integer.BYTES * keys);
  }
}
