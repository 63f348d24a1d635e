package org.hearth.server.services.profile;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Writes profiles into rooms by commands on room-input.
///
/// **thread**: any; a call waits for the commits.
public final class MemberEvents implements RoomProfiles {
  private static final System.Logger LOG = System.getLogger(MemberEvents.class.getName());

  /// Of the failures of rooms.
  private static final int MOST_SHOWN = 10;

  private final RoomQueries rooms;
  private final RoomClient client;

  /// Asks where the user is, and has the Room Server write by that client.
  public MemberEvents(RoomQueries rooms, RoomClient client) {
    this.rooms = rooms;
    this.client = client;
  }

  @Override
  public boolean isInRooms(UserId user) {
    return !joined(user).isEmpty();
  }

  @Override
  public void write(UserId user, Profile profile) throws InterruptedException {
    List<RoomInput> updates = new ArrayList<>();
    for (RoomMembership each : joined(user)) {
      updates.add(
          new RoomInput.UpdateProfile(
              each.room(),
              user,
              profile.displayName().orElse(null),
              profile.avatarUrl().orElse(null)));
    }
    List<RuntimeException> failures = new ArrayList<>();
    for (RoomClient.Outcome outcome : client.askAll(updates)) {
      switch (outcome) {
        case RoomClient.Outcome.Answered(RoomReply.Refused(var refusal, var detail)) ->
            // The room does not want it, now or later: trying again changes nothing.
            LOG.log(
                System.Logger.Level.INFO,
                "a room refused the new profile of {0}: {1}: {2}",
                user,
                refusal,
                detail);
        case RoomClient.Outcome.Answered(var _) -> {} // done
        case RoomClient.Outcome.Failed(var failure) -> failures.add(failure);
      }
    }
    if (!failures.isEmpty()) {
      IllegalStateException notWritten =
          new IllegalStateException(
              "%d of %d rooms failed".formatted(failures.size(), updates.size()),
              failures.getFirst());
      failures.stream().skip(1).limit(MOST_SHOWN).forEach(notWritten::addSuppressed);
      throw notWritten;
    }
  }

  private List<RoomMembership> joined(UserId user) {
    return rooms.roomsOf(user, EnumSet.of(Membership.JOIN));
  }
}
