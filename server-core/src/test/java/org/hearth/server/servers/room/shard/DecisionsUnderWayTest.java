package org.hearth.server.servers.room.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.Reply;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A shard keeps a decision until it is committed, and no longer.
final class DecisionsUnderWayTest {
  private static final int LONG = 60_000;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final RoomFixture room = RoomFixture.of(RoomVersions.V11);
  private final UnitOwner owner = new UnitOwner("test");
  private final AtomicInteger waits = new AtomicInteger();
  private Signers signers;
  private ShardContext context;
  private ShardRooms rooms;

  @BeforeEach
  void makeRooms() {
    try (RunningRooms running = new RunningRooms(stores.store())) {
      running.live(room.events());
    }
    signers = Signers.forShards(1);
    context =
        ShardContexts.of(stores.store(), RunningRooms.SERVER, InstantSource.system(), signers);
    rooms =
        new ShardRooms(
            context.memory(),
            context.transactions(),
            context.memoryBytes(),
            waits::incrementAndGet);
  }

  @AfterEach
  void end() {
    signers.close();
  }

  /// So many long events.
  private Decision decision(int events) {
    Decision decision = new Decision(context, rooms.find(room.roomId()).orElseThrow());
    for (int i = 0; i < events; i++) {
      Pdu event =
          room.message(ALICE, "m.room.message", "{\"body\":\"%s\"}".formatted("x".repeat(LONG)))
              .build();
      GraphRows.Verdict outlier =
          new GraphRows.Verdict(null, Standing.OUTLIER, null, GraphRows.Shown.NOWHERE);
      EventRef ref = EventRef.to(event);
      long number = decision.view().info().number();
      decision.change(GraphRows.event(number, ref, event, null, outlier));
      decision.takePosition(ref);
      var _ = decision.add(new AddedEvent(ref, event, null, number, outlier));
    }
    return decision;
  }

  private UnitOfWork begin(Decision decision) {
    UnitOfWork unit = decision.toUnit(owner, owner.generation(), Reply.pending());
    rooms.advance(decision);
    return unit;
  }

  @Test
  void aCommittedDecisionIsLetGoOfThoughNoneFollowsIt() {
    Decision decision = decision(1);
    UnitOfWork unit = begin(decision);
    assertThat(rooms.underWay(decision.view())).containsExactly(decision);

    stores.store().committer().commit(unit);

    assertThat(rooms.underWay(decision.view())).isEmpty();
    assertThat(decision.pending().decision()).isNull();
  }

  @Test
  void aDecisionThatIsCommittedBeforeItIsNotedIsNotKept() {
    Decision decision = decision(1);
    stores.store().committer().commit(decision.toUnit(owner, owner.generation(), Reply.pending()));

    rooms.advance(decision);

    assertThat(rooms.underWay(decision.view())).isEmpty();
  }

  @Test
  void decisionsUnderWayAreWaitedForWhenTheyTakeTooMuchMemory() {
    Decision decision = decision((int) (ShardRooms.MOST_BYTES_UNDER_WAY / (2 * LONG)) + 1);
    rooms.awaitMemory();
    assertThat(waits).hasValue(0);

    UnitOfWork unit = begin(decision);
    rooms.awaitMemory();
    assertThat(waits).hasValue(1);

    stores.store().committer().commit(unit);
    rooms.awaitMemory();
    assertThat(waits).hasValue(1);
  }

  @Test
  void aFewDecisionsAreNotWaitedFor() {
    var _ = begin(decision(10));

    rooms.awaitMemory();

    assertThat(waits).hasValue(0);
  }
}
