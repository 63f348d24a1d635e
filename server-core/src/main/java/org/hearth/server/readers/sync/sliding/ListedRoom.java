package org.hearth.server.readers.sync.sliding;

import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomMembership;
import org.jspecify.annotations.Nullable;

/// One of a user's rooms in their order. What filters ask of it is found when they first ask, and
/// kept.
///
/// **Thread:** any: what is found by two at once is the same.
final class ListedRoom {
  /// About what it takes with what is kept of it, its place in the order, and the node of the map.
  static final int BYTES = 250;

  private final RoomMembership membership;
  private final LogPosition activity;
  private final @Nullable LogPosition create;
  private volatile @Nullable String type;
  private volatile @Nullable Boolean encrypted;
  private volatile @Nullable Ending ending;

  /// How the user came to be no longer in the room.
  ///
  /// @param bySelf whether the user left
  /// @param wasThere whether the user was joined before
  record Ending(boolean bySelf, boolean wasThere) {}

  /// @param activity of a room in which the user is, when something last happened there, else since
  ///   when the user is what the user is: what happens in a room is for who is in it
  /// @param create the position of the create event; null if the room is not here
  ListedRoom(RoomMembership membership, LogPosition activity, @Nullable LogPosition create) {
    this.membership = membership;
    this.activity = activity;
    this.create = create;
  }

  /// The same room later, with what is known of it and cannot be otherwise now.
  ListedRoom after(@Nullable ListedRoom before) {
    if (before != null) {
      type = before.type;
      encrypted = Boolean.TRUE.equals(before.encrypted) ? Boolean.TRUE : null;
      ending = before.membership.equals(membership) ? before.ending : null;
    }
    return this;
  }

  RoomId room() {
    return membership.room();
  }

  RoomMembership membership() {
    return membership;
  }

  boolean isJoined() {
    return membership.membership() == Membership.JOIN;
  }

  LogPosition activity() {
    return activity;
  }

  Optional<LogPosition> create() {
    return Optional.ofNullable(create);
  }

  @Nullable String type() {
    return type;
  }

  /// Of one that is longer than any that a filter can name, no more is kept than shows that.
  void type(String found) {
    type = found.substring(0, Math.min(found.length(), RoomFilter.LONGEST_VALUE + 1));
  }

  @Nullable Boolean encrypted() {
    return encrypted;
  }

  void encrypted(boolean found) {
    encrypted = found;
  }

  @Nullable Ending ending() {
    return ending;
  }

  void ending(Ending found) {
    ending = found;
  }
}
