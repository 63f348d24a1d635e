package org.hearth.server.matrix.push;

import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What is asked about an event of a room at one place of a user's rules: one rule, or several that
/// are asked together.
///
/// **thread**: any; immutable.
sealed interface RoomRule permits PushRule, Keywords {
  /// True if it is for this event.
  ///
  /// @param user whose rule it is; null for all whom the event does not name
  /// @param displayName of the user in the room, if there is one
  boolean matches(PushEvent event, @Nullable UserId user, @Nullable String displayName);

  /// What it does.
  PushOutcome outcome();

  /// About what it takes in memory that it does not share with those of other users.
  long bytes();
}
