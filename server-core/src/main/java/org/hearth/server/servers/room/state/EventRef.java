package org.hearth.server.servers.room.state;

import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.jspecify.annotations.Nullable;

/// A reference to an event of a room in memory, which outlives the moment when the event gets its
/// number.
///
/// A shard is ahead of the disk: it refers to events that the committer has not numbered yet. The
/// number comes with the commit; until then the reference holds the event itself, afterwards the
/// event is in the cache of events like any other.
///
/// **thread**: made by a shard or a loader; `assign` and `settle` are called by the committer's
/// thread; read by any.
public final class EventRef {
  private static final long NOT_YET = 0;

  private final @Nullable Membership membership;
  private volatile long position;
  private volatile @Nullable Pdu pending;

  private EventRef(long position, @Nullable Pdu pending, @Nullable Membership membership) {
    this.position = position;
    this.pending = pending;
    this.membership = membership;
  }

  /// An event that is being added.
  public static EventRef to(Pdu event) {
    return new EventRef(NOT_YET, event, membershipIn(event));
  }

  /// A committed event that is at hand.
  public static EventRef at(long position, Pdu event) {
    return new EventRef(position, null, membershipIn(event));
  }

  private static @Nullable Membership membershipIn(Pdu event) {
    return event.isMember() ? Membership.of(event).orElse(Membership.LEAVE) : null;
  }

  /// A committed event.
  ///
  /// @param membership of a current member event: what it says; null for all others
  public static EventRef at(long position, @Nullable Membership membership) {
    return new EventRef(position, null, membership);
  }

  /// The number, once the committer has given it.
  ///
  /// @throws IllegalStateException when it has not
  public long position() {
    long assigned = position;
    if (assigned == NOT_YET) {
      throw new IllegalStateException("the event has no position before its commit: " + pending);
    }
    return assigned;
  }

  /// Whether the committer has given the number, though the commit may still fail and give another.
  public boolean isAssigned() {
    return position != NOT_YET;
  }

  /// Whether both lead to the same event: one object while it is under way, one number afterwards.
  public static boolean same(@Nullable EventRef one, @Nullable EventRef other) {
    if (one == other) {
      return true;
    }
    return one != null && other != null && one.isAssigned() && one.position == other.position;
  }

  /// What a member event says; null for all others.
  public @Nullable Membership membership() {
    return membership;
  }

  /// Whether the event is committed.
  public boolean isSettled() {
    return pending == null;
  }

  /// The event while it is under way, null afterwards.
  public @Nullable Pdu pending() {
    return pending;
  }

  /// The number, given while the rows are written.
  public void assign(long given) {
    position = given;
  }

  /// The commit is done.
  public void settle() {
    pending = null;
  }
}
