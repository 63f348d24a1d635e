package org.hearth.server.servers.room.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Which events relate to an event.
final class RelationsTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;
  private RoomFixture room;
  private Pdu root;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    room.usualPowerLevels().add();
    root = room.message(ALICE, "m.room.message", "{\"body\":\"root\"}").add();
    rooms.live(room.events());
  }

  @AfterEach
  void checkTheDatabase() {
    rooms.close();
    DatabaseCheck.assertSound(stores.store());
  }

  private Pdu related(String type, String relation) {
    return room.message(
            BOB,
            type,
            "{\"m.relates_to\":{\"rel_type\":\"%s\",\"event_id\":\"%s\"}}"
                .formatted(relation, root.eventId()))
        .add();
  }

  private Pdu reaction() {
    return related("m.reaction", "m.annotation");
  }

  private Pdu reply() {
    return related("m.room.message", "m.thread");
  }

  private List<EventId> found(RelationQuery query) {
    return rooms.queries().relations(room.roomId(), query).stream().map(RoomEvent::id).toList();
  }

  private static List<EventId> ids(Pdu... events) {
    return List.of(events).stream().map(Pdu::eventId).toList();
  }

  @Test
  void findsThemInOrderOfTheTimelineBothWays() {
    Pdu one = reaction();
    Pdu two = reply();
    Pdu three = reaction();
    rooms.live(one, two, three);

    assertThat(found(RelationQuery.latest(root.eventId(), 10))).isEqualTo(ids(three, two, one));
    assertThat(found(RelationQuery.earliest(root.eventId(), 10))).isEqualTo(ids(one, two, three));
  }

  @Test
  void findsThoseOfOneRelationAndOfOneType() {
    Pdu one = reaction();
    Pdu two = reply();
    Pdu three = related("m.sticker", "m.thread");
    rooms.live(one, two, three);
    RelationQuery any = RelationQuery.latest(root.eventId(), 10);

    assertThat(found(any.withRelation("m.thread"))).isEqualTo(ids(three, two));
    assertThat(found(any.withRelation("m.thread").withType("m.room.message"))).isEqualTo(ids(two));
    assertThat(found(any.withType("m.reaction"))).isEqualTo(ids(one));
    assertThat(found(any.withRelation("m.replace"))).isEmpty();
    assertThat(found(RelationQuery.latest(two.eventId(), 10))).isEmpty();
    assertThat(
            rooms
                .queries()
                .relations(
                    RoomId.parse("!other:a.example"), RelationQuery.latest(root.eventId(), 10)))
        .isEmpty();
  }

  @Test
  void pagesThroughMany() {
    List<Pdu> all = new ArrayList<>();
    for (int i = 0; i < 230; i++) {
      all.add(i % 20 == 0 ? reply() : reaction());
    }
    rooms.live(all);

    List<EventId> paged = new ArrayList<>();
    RelationQuery query = RelationQuery.latest(root.eventId(), 7).withRelation("m.annotation");
    for (List<RoomEvent> page = rooms.queries().relations(room.roomId(), query);
        !page.isEmpty();
        page = rooms.queries().relations(room.roomId(), query)) {
      page.forEach(each -> paged.add(each.id()));
      query = query.beyond(page.getLast());
    }

    assertThat(paged.reversed())
        .isEqualTo(
            all.stream()
                .filter(each -> each.type().equals("m.reaction"))
                .map(Pdu::eventId)
                .toList());
    assertThat(found(RelationQuery.latest(root.eventId(), 1).withRelation("m.thread")))
        .isEqualTo(ids(all.get(220)));
  }

  @Test
  void leavesOutWhatIsRedactedAndWhatIsNotShown() {
    Pdu redacted = reaction();
    Pdu fork = room.events().getLast();
    Pdu kept = reaction();
    Pdu redaction =
        room.message(BOB, "m.room.redaction", "{\"redacts\":\"" + redacted.eventId() + "\"}").add();
    Pdu ban = room.member(ALICE, BOB, "ban").add();
    rooms.live(redacted, kept, redaction, ban);
    room.continueAfter(fork);
    rooms.live(reaction());

    assertThat(found(RelationQuery.latest(root.eventId(), 10))).isEqualTo(ids(kept));
  }

  @Test
  void putsHistoryBeforeWhatIsLive() {
    room = RoomFixture.withMembers(RoomVersions.V12);
    root = room.message(ALICE, "m.room.message", "{}").add();
    Pdu old = reaction();
    Pdu older = reaction();
    List<Pdu> all = List.copyOf(room.events());
    List<Pdu> state = List.copyOf(room.state().values());
    Pdu join = room.join(UserId.parse("@dave:hearth.test")).add();
    rooms.receive(
        RunningRooms.command(
            List.of(join),
            state,
            Map.of(join.eventId(), state.stream().map(Pdu::eventId).toList()),
            Set.of(),
            Arrival.LIVE));
    Pdu live = reaction();
    rooms.live(live);

    rooms.receive(RunningRooms.command(all, List.of(), Map.of(), Set.of(), Arrival.HISTORY));

    assertThat(found(RelationQuery.latest(root.eventId(), 10))).isEqualTo(ids(live, older, old));
  }
}
