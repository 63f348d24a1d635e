package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.hearth.ringlogs.InputLog;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Leaves rooms by commands on room-input.
///
/// **thread**: any; a call waits for the commits.
public final class LeaveRooms implements RoomExit {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final RoomQueries rooms;
  private final InputLog<RoomInput, RoomReply> roomInput;

  /// Asks where the user is, and writes to that log.
  public LeaveRooms(RoomQueries rooms, InputLog<RoomInput, RoomReply> roomInput) {
    this.rooms = rooms;
    this.roomInput = roomInput;
  }

  @Override
  public void leaveAll(UserId user) throws InterruptedException {
    List<RoomMembership> there =
        rooms.roomsOf(user, EnumSet.of(Membership.JOIN, Membership.INVITE, Membership.KNOCK));
    List<String> refusals = new ArrayList<>();
    for (RoomMembership each : there) {
      RoomReply reply =
          roomInput
              .submit(
                  new RoomInput.ChangeMembership(
                      each.room(),
                      user,
                      user,
                      Membership.LEAVE,
                      JsonNodeFactory.instance.objectNode(),
                      Set.of(),
                      null),
                  PATIENCE)
              .await(PATIENCE);
      if (reply instanceof RoomReply.Refused refused) {
        refusals.add("%s: %s (%s)".formatted(each.room(), refused.refusal(), refused.detail()));
      }
    }
    if (!refusals.isEmpty()) {
      throw new IllegalStateException(user + " could not leave " + String.join(", ", refusals));
    }
  }
}
