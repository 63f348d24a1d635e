package org.hearth.server.readers.sync.sections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.MemberCounts;
import org.hearth.server.servers.room.server.CountedQueries;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What is told of the members of a room, and how often all of them are looked at for it.
final class RoomSummariesTest {
  private static final UserId DAVE = UserId.parse("@dave:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;
  private RoomFixture room;
  private CountedQueries counted;
  private RoomSummaries summaries;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    rooms.live(room.events());
    counted = new CountedQueries(rooms.queries());
    summaries = new RoomSummaries(counted.queries());
  }

  @AfterEach
  void stop() {
    rooms.close();
  }

  private LogPosition now() {
    return rooms.queries().room(room.roomId()).orElseThrow().last();
  }

  private RoomSummaries.Summary summary(UserId user, LogPosition upTo) {
    return summaries.summary(room.roomId(), user, upTo);
  }

  private void say() {
    Pdu message = room.message(ALICE, "m.room.message", "{}").add();
    rooms.live(message);
  }

  @Test
  void messagesAndUsersShareOneLookAtTheMembers() {
    assertThat(summary(ALICE, now()).heroes()).containsExactly(BOB, CHARLIE);
    LogPosition before = now();
    for (int i = 0; i < 5; i++) {
      say();
      assertThat(summary(ALICE, now()))
          .isEqualTo(new RoomSummaries.Summary(new MemberCounts(3, 0), List.of(BOB, CHARLIE)));
      assertThat(summary(BOB, now()).heroes()).containsExactly(ALICE, CHARLIE);
      assertThat(summary(ALICE, before).counts()).isEqualTo(new MemberCounts(3, 0));
    }

    assertThat(counted.of("members")).isEqualTo(1);
  }

  @Test
  void aMomentBeforeAChangeIsToldAsItWas() {
    LogPosition before = now();
    rooms.live(room.join(DAVE).add(), room.member(CHARLIE, CHARLIE, "leave").add());

    assertThat(summary(ALICE, now()).heroes()).containsExactly(BOB, DAVE);
    assertThat(summary(ALICE, before))
        .isEqualTo(new RoomSummaries.Summary(new MemberCounts(3, 0), List.of(BOB, CHARLIE)));
    assertThat(summary(DAVE, now()).heroes()).containsExactly(ALICE, BOB);
  }

  @Test
  void whoIsAloneIsToldOfThoseWhoLeft() {
    rooms.live(room.member(BOB, BOB, "leave").add(), room.member(CHARLIE, CHARLIE, "leave").add());

    assertThat(summary(ALICE, now()))
        .isEqualTo(new RoomSummaries.Summary(new MemberCounts(1, 0), List.of(BOB, CHARLIE)));
  }

  @Test
  void aNamedRoomHasNoHeroesAndNobodyIsLookedAt() {
    rooms.live(room.state(ALICE, "m.room.name", "", "{\"name\":\"Home\"}").add());

    assertThat(summary(ALICE, now()))
        .isEqualTo(new RoomSummaries.Summary(new MemberCounts(3, 0), List.of()));
    assertThat(counted.of("members")).isZero();
  }
}
