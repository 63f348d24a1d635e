package org.hearth.server.servers.room.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.Aggregate;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.Stretch;
import org.hearth.server.servers.room.ThreadQuery;
import org.hearth.server.servers.room.ThreadRoot;
import org.hearth.server.servers.room.server.RelatedToRoot;
import org.hearth.server.servers.room.server.RunningRooms;
import org.junit.jupiter.api.Test;

/// Which events relate to an event.
final class RelationsTest extends RelatedToRoot {
  private Pdu related(String type, String relation) {
    return related(BOB, type, relation, "x");
  }

  private Pdu reaction() {
    return related("m.reaction", "m.annotation");
  }

  private Pdu reply() {
    return related("m.room.message", "m.thread");
  }

  private List<EventId> found(RelationQuery query) {
    return look(query).stream().map(RoomEvent::id).toList();
  }

  /// Goes on until there is nothing more, or as much as is asked for.
  private List<RoomEvent> look(RelationQuery query) {
    List<RoomEvent> all = new ArrayList<>();
    Stretch stretch = rooms.queries().related(room.roomId(), query);
    all.addAll(stretch.events());
    while (stretch.full() && all.size() < query.limit()) {
      stretch = rooms.queries().related(room.roomId(), query.from(stretch.last()));
      all.addAll(stretch.events());
    }
    return all.subList(0, Math.min(all.size(), query.limit()));
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
                .related(RoomId.parse("!other:a.example"), RelationQuery.latest(root.eventId(), 10))
                .events())
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
    for (List<RoomEvent> page = look(query); !page.isEmpty(); page = look(query)) {
      page.forEach(each -> paged.add(each.id()));
      query = query.from(page.getLast().place());
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
  void countsTheRepliesOfAThreadWhateverRedactsThem() {
    Pdu one = reply();
    Pdu two = reply();
    Pdu early =
        room.message(ALICE, "m.room.redaction", "{\"redacts\":\"" + two.eventId() + "\"}").add();
    Pdu three = reply();
    Pdu first =
        room.message(BOB, "m.room.redaction", "{\"redacts\":\"" + three.eventId() + "\"}").add();
    Pdu again =
        room.message(ALICE, "m.room.redaction", "{\"redacts\":\"" + three.eventId() + "\"}").add();
    rooms.live(one, two, early, three, first, again);

    assertThat(found(RelationQuery.latest(root.eventId(), 10))).isEqualTo(ids(one));
    assertThat(threads()).hasSize(1);
    Map<EventId, Aggregate> aggregates =
        rooms
            .queries()
            .aggregates(
                ALICE, Set.of(), List.of(rooms.queries().event(root.eventId()).orElseThrow()));
    Aggregate.Replies thread =
        Optional.ofNullable(aggregates.get(root.eventId()))
            .flatMap(Aggregate::thread)
            .orElseThrow();
    assertThat(thread.replies()).isEqualTo(1);
    assertThat(rooms.queries().eventAt(thread.latest()).orElseThrow().id())
        .isEqualTo(one.eventId());
    assertThat(rows("room_relation")).isEqualTo(1);
    rooms.live(
        room.message(BOB, "m.room.redaction", "{\"redacts\":\"" + one.eventId() + "\"}").add());
    assertThat(threads()).isEmpty();
    assertThat(rows("room_relation")).isZero();
    assertThat(rows("room_thread")).isZero();
  }

  /// Each ignored user is looked for in each thread of a page, and a list may have thousands.
  @Test
  void ofTooManyIgnoredUsersRepliesAreCounted() {
    List<UserId> users = new ArrayList<>();
    List<Pdu> all = new ArrayList<>();
    for (int i = 0; i < Aggregate.MOST_IGNORED + 5; i++) {
      UserId user = UserId.parse("@user" + i + ":b.example");
      users.add(user);
      all.add(room.join(user).add());
      all.add(related(user, "m.room.message", "m.thread", "x"));
    }
    rooms.live(all);
    Set<String> ignored = users.stream().map(UserId::value).collect(Collectors.toSet());

    Map<EventId, Aggregate> aggregates =
        rooms
            .queries()
            .aggregates(
                ALICE, ignored, List.of(rooms.queries().event(root.eventId()).orElseThrow()));

    assertThat(
            Objects.requireNonNull(aggregates.get(root.eventId())).thread().orElseThrow().replies())
        .isEqualTo(5);
  }

  private List<ThreadRoot> threads() {
    return rooms
        .queries()
        .threads(room.roomId(), new ThreadQuery(Optional.empty(), Long.MAX_VALUE, 10, 10))
        .threads();
  }

  private long rows(String table) {
    return Long.parseLong(rows("SELECT COUNT(*) FROM " + table, 1).getFirst().strip());
  }

  @Test
  void findsThoseOfOneKindBehindManyOfAnother() {
    Pdu first = reply();
    List<Pdu> all = new ArrayList<>(List.of(first));
    for (int i = 0; i < 60; i++) {
      all.add(reaction());
    }
    Pdu last = reply();
    all.add(last);
    rooms.live(all);
    RelationQuery query = RelationQuery.latest(root.eventId(), 2).withRelation("m.thread");

    Stretch stretch = rooms.queries().related(room.roomId(), query);

    assertThat(stretch.events()).extracting(RoomEvent::id).isEqualTo(ids(last, first));
    assertThat(stretch.last()).isEqualTo(stretch.events().getLast().place());
  }

  @Test
  void aLookHasAnEnd() {
    rooms.live(
        related("m.sticker", "org.example.one"),
        related("m.sticker", "org.example.one"),
        related("m.sticker", "org.example.one"));
    RelationQuery query = RelationQuery.latest(root.eventId(), 2).withRelation("org.example.other");

    Stretch stretch = rooms.queries().related(room.roomId(), query);

    assertThat(stretch.events()).isEmpty();
    assertThat(stretch.full()).isTrue();
    assertThat(rooms.queries().related(room.roomId(), query.from(stretch.last())).full()).isFalse();
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
    assertThat(found(RelationQuery.earliest(root.eventId(), 10))).isEqualTo(ids(old, older, live));
    assertThat(
            rooms
                .queries()
                .relatedDeep(room.roomId(), RelationQuery.earliest(root.eventId(), 2))
                .events())
        .extracting(RoomEvent::id)
        .isEqualTo(ids(old, older));
  }
}
