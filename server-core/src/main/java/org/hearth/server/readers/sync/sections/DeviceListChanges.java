package org.hearth.server.readers.sync.sections;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.servers.device.RemoteDeviceQueries;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.keys.KeyQueries;

/// Whose devices a user must look up again after some time, and whose no more.
///
/// Changed are those who share a room and whose keys changed, and those who came to a room of the
/// user's, or to whose room the user came: "for the sake of simpler logic, a server may add Alice to
/// `changed` when Alice and Bob share a new room, even if they previously already shared a room".
/// For the same sake a member who has another name counts as one who came. Left are those who were
/// joined in a room when the range began and no longer are, or from whom the user is gone, and who
/// share none any more. What they are instead makes no difference: who was invited again shares no
/// room, and who withdrew from an invitation never did.
///
/// What comes after the range is told with the next, also where memory has it already: a client must
/// not hear of a room's members before it is told of the room. The cost is linear in the members of
/// the rooms that changed and, where somebody is gone, of the user's rooms.
///
/// **Thread:** any. **Source:** [tracking the device list for a user][tracking].
///
/// [tracking]: https://spec.matrix.org/v1.19/client-server-api/#tracking-the-device-list-for-a-user
public final class DeviceListChanges {
  private final RoomQueries rooms;
  private final KeyQueries keys;
  private final RemoteDeviceQueries remote;

  /// @param remote what other servers have said of their users' devices
  public DeviceListChanges(RoomQueries rooms, KeyQueries keys, RemoteDeviceQueries remote) {
    this.rooms = rooms;
    this.keys = keys;
    this.remote = remote;
  }

  /// Whose devices changed in that range, and who is gone.
  ///
  /// @param memberships the user's own; they may be ahead of the range
  /// @param changedRooms those of them in which members may have changed
  /// @param since exclusive
  /// @param upTo inclusive
  public News.DeviceLists between(
      UserId user,
      Collection<RoomMembership> memberships,
      Collection<RoomId> changedRooms,
      LogPosition since,
      LogPosition upTo) {
    Set<UserId> changed = new LinkedHashSet<>();
    Set<UserId> gone = new LinkedHashSet<>();
    Map<RoomId, RoomMembership> own =
        memberships.stream()
            .flatMap(each -> UserFeed.asOf(rooms, each, upTo).stream())
            .collect(Collectors.toMap(RoomMembership::room, Function.identity()));
    for (RoomId each : changedRooms) {
      look(Optional.ofNullable(own.get(each)), since, upTo, changed, gone);
    }
    changed.remove(user);
    gone.remove(user);
    retainUnshared(gone, own.values());
    changed.removeAll(gone);
    for (UserId each : keys.changedDevices(user, since, upTo)) {
      if (each.equals(user) || rooms.shareRoom(user, each)) {
        changed.add(each);
      }
    }
    for (UserId each : remote.changed(since, upTo)) {
      if (rooms.shareRoom(user, each)) {
        changed.add(each);
      }
    }
    return new News.DeviceLists(new ArrayList<>(changed), new ArrayList<>(gone));
  }

  private void look(
      Optional<RoomMembership> own,
      LogPosition since,
      LogPosition upTo,
      Set<UserId> changed,
      Set<UserId> gone) {
    if (own.isEmpty()) {
      return;
    }
    RoomId room = own.get().room();
    OwnMembership history = OwnMembership.upTo(rooms, own);
    if (own.get().membership() != Membership.JOIN) {
      if (history.at(since) == Membership.JOIN) {
        // Those also who had left before the user did.
        gone.addAll(joinedAt(room, since, history.leftAt(since).orElse(upTo)));
      }
    } else {
      List<RoomMembership> later = rooms.membersAfter(room, since);
      if (history.joinedEverSince(since)) {
        later.stream()
            .filter(each -> !each.position().isAfter(upTo))
            .filter(each -> each.membership() == Membership.JOIN)
            .forEach(each -> changed.add(each.user()));
        gone.addAll(gone(room, later, since, upTo));
      } else {
        changed.addAll(rooms.joinedUsers(room));
        if (history.at(since) == Membership.JOIN) {
          // Those who went before the user came back.
          gone.addAll(gone(room, later, since, upTo));
        }
      }
    }
  }

  /// Who was joined when the range began and was not when it ended.
  ///
  /// @param later the memberships that are later than the beginning
  private Set<UserId> gone(
      RoomId room, List<RoomMembership> later, LogPosition since, LogPosition upTo) {
    List<UserId> others =
        later.stream()
            .filter(each -> each.membership() != Membership.JOIN || each.position().isAfter(upTo))
            .map(RoomMembership::user)
            .toList();
    Set<UserId> gone = joinedOf(others, room, since);
    List<UserId> afterwards =
        later.stream()
            .filter(each -> each.position().isAfter(upTo))
            .map(RoomMembership::user)
            .filter(gone::contains)
            .toList();
    gone.removeAll(joinedOf(afterwards, room, upTo));
    return gone;
  }

  /// Who was joined at the one moment or at the other: who has come since is none of the business
  /// of a user who had left.
  ///
  /// @param since before `left`
  private Set<UserId> joinedAt(RoomId room, LogPosition since, LogPosition left) {
    Set<UserId> joined = new HashSet<>(rooms.joinedUsers(room));
    List<UserId> later =
        rooms.membersAfter(room, since).stream().map(RoomMembership::user).toList();
    later.forEach(joined::remove);
    joined.addAll(joinedOf(later, room, since));
    joined.addAll(joinedOf(later, room, left));
    return joined;
  }

  private Set<UserId> joinedOf(List<UserId> users, RoomId room, LogPosition at) {
    Set<UserId> joined = new HashSet<>();
    if (!users.isEmpty()) {
      rooms.stateAt(room, at).ifPresent(state -> joined.addAll(state.joined(users)));
    }
    return joined;
  }

  private void retainUnshared(Set<UserId> gone, Collection<RoomMembership> memberships) {
    for (RoomMembership each : memberships) {
      if (gone.isEmpty()) {
        return;
      }
      if (each.membership() == Membership.JOIN) {
        Set<UserId> joined = rooms.joinedUsers(each.room());
        gone.removeIf(joined::contains);
      }
    }
  }
}
