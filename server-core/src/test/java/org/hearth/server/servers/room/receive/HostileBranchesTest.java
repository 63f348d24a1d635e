package org.hearth.server.servers.room.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.server.RunningRooms;
import org.junit.jupiter.api.Test;

/// What events of other servers must not undo, however many they are and whatever they say.
final class HostileBranchesTest extends WithRunningRooms {
  private static final UserId OURS = UserId.parse("@dave:hearth.test");

  private static RoomFixture room() {
    return RoomFixture.withMembers(RoomVersions.V11);
  }

  /// Whoever has events of a room may make branches of any of them, as deep as they like.
  @Test
  void branchesOfLongAgoUndoNothingByTheirNumber() {
    RoomFixture room = room();
    Map<StateKey, Pdu> before = bannedWithoutAnybodyHereWhoMaySend(room);
    Pdu ban = room.events().getLast();
    for (int i = 0; i < ForwardExtremities.MOST + 5; i++) {
      int number = i;
      Pdu branch =
          room.join(BOB)
              .after(room.events().get(room.events().size() - 2))
              .in(before)
              .bendContent(content -> content.put("displayname", "Bob " + number))
              .bend(json -> json.put("depth", 1_000 + number))
              .build();

      assertThat(rooms.live(branch).of(branch.eventId())).isEqualTo(new EventVerdict.Accepted());
    }

    assertThat(rooms.queries().membership(room.roomId(), CHARLIE).orElseThrow().membership())
        .isEqualTo(Membership.BAN);
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .contains(ban.eventId())
        .hasSize(ForwardExtremities.MOST);
    Pdu next = room.topic(ALICE, "after the ban").after(ban).add();
    assertThat(rooms.live(next).of(next.eventId())).isEqualTo(new EventVerdict.Accepted());
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .contains(next.eventId())
        .doesNotContain(ban.eventId());
    assertThat(rooms.state(room.roomId()))
        .containsEntry(StateKey.of("m.room.topic"), next.eventId());
  }

  @Test
  void branchesThatComeAllAtOnceUndoNothing() {
    RoomFixture room = room();
    Map<StateKey, Pdu> before = bannedWithoutAnybodyHereWhoMaySend(room);
    Pdu ban = room.events().getLast();
    Pdu fork = room.events().get(room.events().size() - 2);
    List<Pdu> branches = new ArrayList<>();
    for (int i = 0; i < ForwardExtremities.MOST + 5; i++) {
      int number = i;
      Pdu branch =
          room.join(BOB)
              .after(fork)
              .in(before)
              .bendContent(content -> content.put("displayname", "Bob " + number))
              .build();
      branches.add(branch);
      branches.add(room.message(ALICE, "m.room.message", "{}").after(branch).in(before).build());
    }

    rooms.live(branches);

    assertThat(rooms.queries().membership(room.roomId(), CHARLIE).orElseThrow().membership())
        .isEqualTo(Membership.BAN);
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .contains(ban.eventId())
        .hasSize(ForwardExtremities.MOST);
  }

  /// Charlie is banned, by the last event, from a room in which nobody of this server may send what
  /// brings branches together.
  ///
  /// @return the state before that
  private Map<StateKey, Pdu> bannedWithoutAnybodyHereWhoMaySend(RoomFixture room) {
    room.join(OURS).add();
    room.powerLevels("{\"events_default\":50,\"users\":{\"@alice:a.example\":100}}").add();
    Map<StateKey, Pdu> before = Map.copyOf(room.state());
    room.member(ALICE, CHARLIE, "ban").add();
    rooms.live(room.events());
    return before;
  }

  /// What others say of a room brings nobody here back to it, however they say its state to be.
  @Test
  void aRoomThatAllHereHaveLeftIsNotWhatSomebodyBannedThereSays() {
    RoomFixture room = room();
    Pdu join = room.join(OURS).add();
    List<EventId> state = List.copyOf(RunningRooms.ids(room.state()).values());
    Pdu ban = room.member(ALICE, BOB, "ban").add();
    Pdu left = room.member(OURS, OURS, "leave").add();
    rooms.live(room.events());
    Pdu late = room.topic(ALICE, "late").after(join).build();
    Pdu message = room.message(BOB, "m.room.message", "{}").after(join).build();

    RoomReply.Received received =
        rooms.receive(
            RunningRooms.command(
                List.of(message, late),
                List.of(),
                Map.of(message.eventId(), state, late.eventId(), state),
                Set.of(),
                Arrival.LIVE));

    assertThat(received.of(message.eventId())).isInstanceOf(EventVerdict.SoftFailed.class);
    assertThat(rooms.queries().membership(room.roomId(), BOB).orElseThrow().membership())
        .isEqualTo(Membership.BAN);
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .contains(left.eventId())
        .doesNotContain(ban.eventId());
  }
}
