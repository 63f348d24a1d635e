package org.hearth.server.logs;

import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What the Presence Server is told: the commands of the log presence-input. Each is answered with
/// the position of presence-output from which on readers see what it did.
///
/// **shape**: the partition key is the user id.
public sealed interface PresenceInput {
  /// The user that the command is about.
  UserId user();

  /// A client has begun to sync, or begins again.
  ///
  /// @param device null for a client without one
  /// @param as what the client wants to be marked as for it; offline for not at all
  /// @param millis after which it has stopped unless it begins again
  record Syncing(UserId user, @Nullable DeviceId device, Presence as, long millis)
      implements PresenceInput {}

  /// The user has said how it is.
  ///
  /// @param device from which; null for a client without one
  /// @param status whether the user's message was set before this and is to be looked up
  record SetPresence(UserId user, @Nullable DeviceId device, Presence presence, boolean status)
      implements PresenceInput {}

  /// The user's message to go with the presence is to be kept.
  ///
  /// @param message empty for none
  record SetStatus(UserId user, String message) implements PresenceInput {}

  /// The user has done something: has sent an event, say.
  record Active(UserId user) implements PresenceInput {}

  /// The server of a user elsewhere says how it is with that user.
  ///
  /// @param lastActive when the user last did something, in milliseconds since 1970; null if that
  ///   is not said
  /// @param status the user's message; null for none
  record Reported(
      UserId user,
      Presence presence,
      @Nullable Long lastActive,
      boolean currentlyActive,
      @Nullable String status)
      implements PresenceInput {}

  /// A time may have run out after which the user's presence is another.
  record TimePassed(UserId user) implements PresenceInput {}
}
