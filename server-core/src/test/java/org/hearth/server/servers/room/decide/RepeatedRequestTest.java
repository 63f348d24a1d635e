package org.hearth.server.servers.room.decide;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.servers.room.shard.TransactionFilter;
import org.hearth.server.store.Eventually;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A request that is repeated makes no second event, however much has happened in between.
final class RepeatedRequestTest {
  private static final RoomId ROOM = RoomId.parse("!room:hearth.test");
  private static final UserId ANN = UserId.parse("@ann:hearth.test");
  private static final UserId BEN = UserId.parse("@ben:hearth.test");
  private static final ClientTransaction FIRST = of("1");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;

  @BeforeEach
  void makeTheRoom() {
    rooms = new RunningRooms(stores.store());
    List<EventDraft> events =
        List.of(
            state(ANN, StateKey.member(ANN.value()), Map.of("membership", "join")),
            state(ANN, new StateKey("m.room.join_rules", ""), Map.of("join_rule", "public")),
            state(BEN, StateKey.member(BEN.value()), Map.of("membership", "join")));
    rooms.submit(
        new RoomInput.CreateRoom(
            ROOM,
            "10",
            1,
            EventDraft.create(
                ROOM, ANN, object(Map.of("room_version", "10", "creator", ANN.value()))),
            events));
  }

  @AfterEach
  void checkTheDatabase() {
    rooms.close();
    DatabaseCheck.assertSound(stores.store());
  }

  private static ObjectNode object(Map<String, String> content) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    content.forEach(object::put);
    return object;
  }

  private static EventDraft state(UserId sender, StateKey key, Map<String, String> content) {
    return EventDraft.state(ROOM, sender, key, object(content));
  }

  private static RoomInput message(UserId sender, String type, ClientTransaction transaction) {
    return new RoomInput.SendEvent(
        ROOM, EventDraft.message(ROOM, sender, type, object(Map.of("body", "hello"))), transaction);
  }

  private EventId sent(RoomInput command) {
    return ((RoomReply.Done) rooms.submit(command)).events().getFirst();
  }

  private EventId redacted(EventId event, ClientTransaction transaction) {
    return sent(
        new RoomInput.SendEvent(
            ROOM, EventDraft.redaction(ROOM, ANN, event, object(Map.of())), transaction));
  }

  private void sendMany() throws InterruptedException {
    List<Reply<RoomReply>> replies = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      replies.add(
          rooms
              .server()
              .input()
              .writer("Tests")
              .submit(message(ANN, EventTypes.MESSAGE, of("m" + i)), RunningRooms.PATIENCE));
    }
    for (var each : replies) {
      assertThat(each.await(RunningRooms.PATIENCE)).isInstanceOf(RoomReply.Done.class);
    }
  }

  @Test
  void theSameRequestGivesTheSameEventAfterManyOthersAndARestart() throws InterruptedException {
    EventId event = sent(message(ANN, EventTypes.MESSAGE, FIRST));
    sendMany();
    LogPosition before = stores.store().head();

    assertThat(sent(message(ANN, EventTypes.MESSAGE, FIRST))).isEqualTo(event);
    rooms.close();
    rooms = new RunningRooms(stores.reopen());
    assertThat(sent(message(ANN, EventTypes.MESSAGE, FIRST))).isEqualTo(event);
    assertThat(stores.store().head()).isEqualTo(before);
  }

  @Test
  void anotherUserOrPathIsAnotherRequest() throws InterruptedException {
    List<EventId> first =
        List.of(
            sent(message(ANN, EventTypes.MESSAGE, FIRST)),
            sent(message(BEN, EventTypes.MESSAGE, FIRST)),
            sent(message(ANN, "m.sticker", FIRST)));
    sendMany();

    assertThat(first).doesNotHaveDuplicates();
    assertThat(
            List.of(
                sent(message(ANN, EventTypes.MESSAGE, FIRST)),
                sent(message(BEN, EventTypes.MESSAGE, FIRST)),
                sent(message(ANN, "m.sticker", FIRST))))
        .isEqualTo(first);
  }

  @Test
  void aRedactionIsRecognisedByWhatItRedactsThoughItIsRedactedItself() throws InterruptedException {
    EventId one = sent(message(ANN, EventTypes.MESSAGE, of("a")));
    EventId two = sent(message(ANN, EventTypes.MESSAGE, of("b")));
    List<EventId> redactions = List.of(redacted(one, FIRST), redacted(two, FIRST));
    redacted(redactions.getFirst(), of("c"));
    sendMany();

    assertThat(new HashSet<>(redactions)).hasSize(2);
    assertThat(List.of(redacted(one, FIRST), redacted(two, FIRST))).isEqualTo(redactions);
  }

  @Test
  void whatIsTakenForNewIsNew() throws InterruptedException {
    sendMany();
    long room =
        stores
            .store()
            .reads()
            .read(connection -> {
              try (Statement statement = connection.createStatement();
                  ResultSet row = statement.executeQuery("SELECT room_nid FROM room")) {
                assertThat(row.next()).isTrue();
                return row.getLong(1);
              }
            });

    try (TransactionFilter known =
        new TransactionFilter(stores.store().reads(), new SplittableRandom(1))) {
      assertThat(known.isNew(room, of("another"))).isFalse();
      known.add(room, of("begun"));
      Eventually.until("all are read", () -> known.isNew(room, of("another")));

      assertThat(known.isNew(room, of("begun"))).isFalse();
      assertThat(known.isNew(room + 1, of("m0"))).isTrue();
      for (int i = 0; i < 300; i++) {
        assertThat(known.isNew(room, of("m" + i))).isFalse();
      }
      for (int i = 0; i < 10_000; i++) {
        known.add(room, of("later" + i));
      }
      for (int i = 0; i < 10_000; i++) {
        assertThat(known.isNew(room, of("later" + i))).isFalse();
      }
      assertThat(known.isNew(room, of("another"))).isTrue();
    }
  }

  private static ClientTransaction of(String id) {
    return new ClientTransaction(DeviceId.parse("D"), id);
  }
}
