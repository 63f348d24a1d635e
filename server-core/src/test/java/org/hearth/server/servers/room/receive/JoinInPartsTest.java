package org.hearth.server.servers.room.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.servers.room.server.RunningRooms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Rooms that come in parts before a user of this server joins them.
final class JoinInPartsTest extends WithRunningRooms {
  private static final UserId DAVE = UserId.parse("@dave:hearth.test");
  private static final UserId ERIN = UserId.parse("@erin:hearth.test");
  private static final int MEMBERS = 40;

  static List<RoomVersion> versions() {
    return List.of(RoomVersions.V1, RoomVersions.V11, RoomVersions.V12);
  }

  private static RoomFixture room(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    for (int i = 0; i < MEMBERS; i++) {
      room.join(UserId.parse("@user%d:s%d.example".formatted(i, i % 7))).add();
    }
    return room;
  }

  private static Set<ServerName> signers(Pdu event) {
    return Set.of(event.sender().server());
  }

  private static RoomInput.ReceiveRoom part(Pdu join, List<Pdu> events, boolean isFirst) {
    Pdu any = events.getFirst();
    return new RoomInput.ReceiveRoom(
        any.roomId(),
        any.version().id(),
        events,
        events.stream().map(Pdu::eventId).collect(Collectors.toSet()),
        events.stream().collect(Collectors.toMap(Pdu::eventId, JoinInPartsTest::signers)),
        isFirst,
        join.eventId());
  }

  private static RoomInput.EnterRoom enter(Pdu join) {
    return new RoomInput.EnterRoom(join.roomId(), join.version().id(), join, signers(join));
  }

  /// Gives the events in parts of seven.
  private void give(Pdu join, List<Pdu> events) {
    for (int from = 0; from < events.size(); from += 7) {
      List<Pdu> part = events.subList(from, Math.min(from + 7, events.size()));
      assertThat(rooms.submit(part(join, part, from == 0))).isInstanceOf(RoomReply.Received.class);
    }
  }

  private static List<Pdu> state(RoomFixture room) {
    return List.copyOf(room.state().values());
  }

  private EventVerdict verdict(Pdu join) {
    return ((RoomReply.Received) rooms.submit(enter(join))).of(join.eventId());
  }

  private Set<RoomId> joined(UserId user) {
    return rooms.queries().roomsOf(user, Set.of(Membership.JOIN)).stream()
        .map(RoomMembership::room)
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void aRoomComesInPartsAndIsEnteredAtTheEnd(RoomVersion version) {
    RoomFixture room = room(version);
    List<Pdu> before = state(room);
    Pdu join = room.join(DAVE).add();

    give(join, before);
    int toldOfParts = rooms.told().size();
    DatabaseCheck.assertSound(stores.store());
    EventVerdict verdict = verdict(join);

    assertThat(verdict).isInstanceOf(EventVerdict.Accepted.class);
    assertThat(rooms.state(room.roomId())).isEqualTo(RunningRooms.ids(room.state()));
    assertThat(rooms.queries().joinedUsers(room.roomId()))
        .hasSize(MEMBERS + 4)
        .contains(ALICE, BOB, CHARLIE, DAVE);
    assertThat(rooms.queries().forwardExtremities(room.roomId())).containsExactly(join.eventId());
    assertThat(toldOfParts).isZero();
    assertThat(rooms.told().stream().map(Positioned::entry))
        .singleElement()
        .isInstanceOf(RoomOutput.EventAdded.class);
  }

  @Test
  void itGoesOnAsAnyOther() {
    RoomFixture room = room(RoomVersions.V11);
    List<Pdu> before = state(room);
    Pdu join = room.join(DAVE).add();
    give(join, before);
    var _ = verdict(join);

    Pdu message = room.message(BOB, "m.room.message", "{\"body\":\"hello\"}").add();
    RoomReply.Received received = rooms.live(message);

    assertThat(received.of(message.eventId())).isInstanceOf(EventVerdict.Accepted.class);
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .containsExactly(message.eventId());
  }

  @Test
  void nothingIsEnteredThatHasNotComeFromItsBeginning() {
    RoomFixture room = room(RoomVersions.V11);
    List<Pdu> before = state(room);
    Pdu join = room.join(DAVE).add();

    RoomReply unknown = rooms.submit(enter(join));
    RoomReply second = rooms.submit(part(join, before.subList(7, 14), false));
    give(join, before);
    var _ = verdict(join);
    RoomReply again = rooms.submit(part(join, before, true));

    assertThat(List.of(unknown, second, again)).allMatch(each -> each instanceof RoomReply.Refused);
  }

  @Test
  void whoJoinsAgainAfterAHaltBeginsAnew() {
    RoomFixture room = room(RoomVersions.V11);
    List<Pdu> before = state(room);
    Pdu join = room.join(DAVE).add();
    give(join, before.subList(0, 21));
    rooms.close();
    rooms = new RunningRooms(stores.store());

    RoomReply interrupted = rooms.submit(enter(join));
    give(join, before);
    EventVerdict verdict = verdict(join);

    assertThat(interrupted).isInstanceOf(RoomReply.Refused.class);
    assertThat(verdict).isInstanceOf(EventVerdict.Accepted.class);
    assertThat(rooms.state(room.roomId())).isEqualTo(RunningRooms.ids(room.state()));
  }

  /// While it comes, nobody here is brought into it by what others say.
  @Test
  void whatItSaysOfOurUsersCountsAtTheEnd() {
    RoomFixture room = room(RoomVersions.V11);
    Pdu erin = room.join(ERIN).add();
    List<Pdu> before = state(room);
    Pdu join = room.join(DAVE).add();

    give(join, before);
    Set<RoomId> meanwhile = joined(ERIN);
    Set<ServerName> servers = rooms.peerQueries().servers(room.roomId());
    var _ = verdict(join);

    assertThat(before).contains(erin);
    assertThat(meanwhile).isEmpty();
    assertThat(servers).isNotEmpty().doesNotContain(DAVE.server());
    assertThat(joined(ERIN)).containsExactly(room.roomId());
  }

  /// What a join has left that came to nothing is not taken for what the next one is given.
  @Test
  void onlyWhatTheLastJoinIsGivenIsTheState() {
    RoomFixture room = room(RoomVersions.V11);
    List<Pdu> before = state(room);
    StateKey forgotten = StateKey.member("@user3:s3.example");
    give(room.join(DAVE).build(), before);

    Pdu join = room.join(DAVE).add();
    List<Pdu> now = new ArrayList<>(before);
    now.removeIf(each -> each.stateKeyPair().orElseThrow().equals(forgotten));
    give(join, now);
    EventVerdict verdict = verdict(join);

    assertThat(verdict).isInstanceOf(EventVerdict.Accepted.class);
    assertThat(rooms.state(room.roomId()))
        .doesNotContainKey(forgotten)
        .hasSize(room.state().size() - 1);
    assertThat(rooms.queries().alerts(10)).isEmpty();
  }

  @Test
  void aRoomThatAllHereHaveLeftDoesNotComeInParts() {
    RoomFixture room = room(RoomVersions.V11);
    List<Pdu> before = state(room);
    Pdu join = room.join(DAVE).add();
    give(join, before);
    var _ = verdict(join);
    var _ = rooms.live(room.member(DAVE, DAVE, "leave").add());

    assertThat(rooms.submit(part(join, state(room), true))).isInstanceOf(RoomReply.Refused.class);
  }

  /// Residents may give each another state before the join.
  @Test
  void partsOfTwoJoinsAreNotMixed() {
    RoomFixture room = room(RoomVersions.V11);
    List<Pdu> before = state(room);
    StateKey gone = StateKey.member("@user3:s3.example");
    List<Pdu> now =
        before.stream().filter(each -> !each.stateKeyPair().orElseThrow().equals(gone)).toList();
    Pdu slow = room.join(ERIN).build();
    Pdu join = room.join(DAVE).add();
    give(slow, before.subList(0, 7));
    give(join, now.subList(0, 7));

    RoomReply late = rooms.submit(part(slow, before.subList(7, before.size()), false));
    RoomReply lateJoin = rooms.submit(enter(slow));
    RoomReply rest = rooms.submit(part(join, now.subList(7, now.size()), false));
    EventVerdict verdict = verdict(join);

    assertThat(List.of(late, lateJoin)).allMatch(each -> each instanceof RoomReply.Refused);
    assertThat(rest).isInstanceOf(RoomReply.Received.class);
    assertThat(verdict).isInstanceOf(EventVerdict.Accepted.class);
    assertThat(rooms.state(room.roomId())).doesNotContainKey(gone).hasSize(room.state().size() - 1);
    assertThat(joined(ERIN)).isEmpty();
  }

  @Test
  void aJoinEndsWithAPartThatIsRefused() {
    RoomFixture room = room(RoomVersions.V11);
    List<Pdu> before = state(room);
    Pdu join = room.join(DAVE).add();

    RoomReply withoutCreate = rooms.submit(part(join, before.subList(7, 14), true));
    RoomReply next = rooms.submit(part(join, before, false));

    assertThat(List.of(withoutCreate, next)).allMatch(each -> each instanceof RoomReply.Refused);
  }

  @Test
  void whatIsRefusedOfAPartCounts() {
    RoomFixture room = room(RoomVersions.V11);
    List<Pdu> before = state(room);
    Pdu join = room.join(DAVE).add();
    Pdu refused = room.topic(UserId.parse("@eve:stranger.example"), "No").build();

    give(join, before);
    var _ = rooms.submit(part(join, List.of(refused), false));

    assertThat(rooms.queries().status(refused.eventId()).orElseThrow().rejected()).isTrue();
    assertThat(
            stores.store().reads().select("SELECT events FROM room_refused", row -> row.getInt(1)))
        .containsExactly(1);
  }
}
