package org.hearth.server.logs;

import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// How it is with a user now: the entries of the log presence-output. Each replaces the one before
/// it of the same user.
///
/// **shape**: the partition key is the user id.
///
/// @param lastActive when the user last did something, in milliseconds since 1970; null if that is
///   not known
/// @param currentlyActive whether that is so short a time ago that nothing more will be told of it
/// @param status the user's message; null for none
/// @param why what made it another
public record PresenceOutput(
    UserId user,
    Presence presence,
    @Nullable Long lastActive,
    boolean currentlyActive,
    @Nullable String status,
    Why why) {

  /// What made a presence another than it was.
  public enum Why {
    /// The user said so.
    SAID,
    /// What the user's clients did, or did not do for a while.
    SEEN,
    /// The same; and nothing but `currentlyActive` is another, for which nobody is woken.
    ACTIVITY
  }
}
