package org.hearth.server.servers.room;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A room of which a row is damaged: what needs the row is refused, the rest of the room goes on.
final class UnresolvableTest {
  private static final UserId OURS = UserId.parse("@dave:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private void write(EventId id, byte[] json) {
    RowChange change =
        RowChange.of(
            new Table("room_event"),
            "UPDATE room_event SET json = ? WHERE event_id = ?",
            (statement, _) -> {
              statement.setBytes(1, json);
              statement.setString(2, id.value());
            });
    stores.store().committer().commit("damage", List.of(change), List.of());
  }

  /// What was decided before the failure and is not committed yet is what the next event follows.
  @Test
  void whatIsUnderWayWhenEventsAreRefusedIsBuiltOn() throws InterruptedException {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    room.join(OURS).add();
    Pdu alice = room.authState().get(StateKey.member(ALICE.value())).orElseThrow();
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      rooms.live(room.events());
    }
    byte[] sound = StoredJson.of(stores.store(), alice.eventId());
    stores.reopen();
    write(alice.eventId(), new byte[] {'{'});
    Pdu foreign = room.message(ALICE, EventTypes.MESSAGE, "{}").build();

    List<EventId> ours = new ArrayList<>();
    try (RunningRooms rooms = new RunningRooms(stores.store())) {
      List<Reply<RoomReply>> replies = new ArrayList<>();
      List<Reply<RoomReply>> refused = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        if (i % 10 == 5) {
          refused.add(
              rooms
                  .server()
                  .input()
                  .writer("Tests")
                  .submit(
                      RunningRooms.command(
                          List.of(foreign), List.of(), Map.of(), Set.of(), Arrival.LIVE),
                      RunningRooms.PATIENCE));
        }
        EventDraft draft =
            EventDraft.state(
                room.roomId(),
                OURS,
                StateKey.member(OURS.value()),
                JsonNodeFactory.instance
                    .objectNode()
                    .put("membership", "join")
                    .put("displayname", "Dave " + i));
        replies.add(
            rooms
                .server()
                .input()
                .writer("Tests")
                .submit(
                    new RoomInput.SendEvent(room.roomId(), draft, null), RunningRooms.PATIENCE));
      }
      for (Reply<RoomReply> each : replies) {
        ours.add(((RoomReply.Done) each.await(RunningRooms.PATIENCE)).events().getFirst());
      }
      for (Reply<RoomReply> each : refused) {
        assertThat(each.await(RunningRooms.PATIENCE))
            .isInstanceOfSatisfying(
                RoomReply.Refused.class,
                it -> assertThat(it.refusal()).isEqualTo(RoomReply.Refusal.UNRESOLVABLE));
      }
      for (int i = 1; i < ours.size(); i++) {
        assertThat(rooms.queries().event(ours.get(i)).orElseThrow().pdu().prevEvents())
            .containsExactly(ours.get(i - 1));
      }
    }
    write(alice.eventId(), sound);
    DatabaseCheck.assertSound(stores.store());
  }
}
