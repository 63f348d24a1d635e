package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Unavailable;

/// Leaves rooms by commands on room-input.
///
/// **thread**: any; a call waits for the commits.
public final class LeaveRooms implements RoomExit {

  private static final System.Logger LOG = System.getLogger(LeaveRooms.class.getName());

  private final RoomQueries rooms;
  private final RoomClient client;

  /// Asks where the user is, and has the Room Server write by that client.
  public LeaveRooms(RoomQueries rooms, RoomClient client) {
    this.rooms = rooms;
    this.client = client;
  }

  @Override
  public void leaveAll(UserId user) throws InterruptedException {
    leave(user, EnumSet.of(Membership.JOIN, Membership.INVITE, Membership.KNOCK), _ -> true);
  }

  @Override
  public Collection<UserId> whereGuestsMayNotBe(List<UserId> guests) {
    Set<UserId> found = new LinkedHashSet<>();
    rooms
        .joinedRooms(guests)
        .forEach((room, joined) -> {
          if (!found.containsAll(joined) && !isOpen(room)) {
            found.addAll(joined);
          }
        });
    return found;
  }

  /// A room that cannot be read counts as not open: whoever is in it is looked at alone.
  private boolean isOpen(RoomId room) {
    try {
      return GuestAccess.isOpen(rooms, room);
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOG.log(Level.DEBUG, "whether guests may be in " + room + " cannot be read", e);
      return false;
    }
  }

  @Override
  public void leaveWhereGuestsMayNotBe(UserId guest) throws InterruptedException {
    leave(guest, EnumSet.of(Membership.JOIN), room -> !GuestAccess.isOpen(rooms, room));
  }

  private void leave(UserId user, Set<Membership> memberships, Predicate<RoomId> which)
      throws InterruptedException {
    List<String> refusals = new ArrayList<>();
    List<RuntimeException> failures = new ArrayList<>();
    List<RoomInput> commands = new ArrayList<>();
    for (RoomMembership each : rooms.roomsOf(user, memberships)) {
      try {
        if (which.test(each.room())) {
          commands.add(leave(user, each.room()));
        }
      } catch (RuntimeException e) {
        if (Unavailable.is(e)) {
          throw e; // So are the other rooms.
        }
        // A room that is damaged does not keep the user in the others.
        refusals.add("%s: %s".formatted(each.room(), e.getMessage()));
        failures.add(e);
      }
    }
    // Beside each other: a room's policy server may be slow to let the user go.
    List<RoomClient.Outcome> outcomes = client.askAll(commands);
    for (int i = 0; i < commands.size(); i++) {
      RoomId room = commands.get(i).room();
      switch (outcomes.get(i)) {
        case RoomClient.Outcome.Answered(RoomReply.Done _) -> {}
        case RoomClient.Outcome.Answered(RoomReply.Refused(var refusal, String detail)) ->
            refusals.add("%s: %s (%s)".formatted(room, refusal, detail));
        case RoomClient.Outcome.Answered(var _) ->
            throw new IllegalStateException("a change of membership is not answered so");
        // A room that is parked does not keep the user in the others.
        case RoomClient.Outcome.Failed(RuntimeException failure) -> {
          refusals.add("%s: %s".formatted(room, failure.getMessage()));
          failures.add(failure);
        }
      }
    }
    if (!refusals.isEmpty()) {
      IllegalStateException notLeft =
          new IllegalStateException(user + " could not leave " + String.join(", ", refusals));
      failures.forEach(notLeft::addSuppressed);
      throw notLeft;
    }
  }

  /// What leaves one room.
  private RoomInput leave(UserId user, RoomId room) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    // Where this server is not, the other servers are not told: that would mean to wait for them.
    return rooms.outside(room, user).isPresent()
        ? new RoomInput.LeaveOutside(room, user, content)
        : new RoomInput.ChangeMembership(
            room, user, user, Membership.LEAVE, content, Set.of(), null);
  }
}
