package org.hearth.server.servers.presence;

import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about presence. An answer is no older than what presence-output has told.
///
/// It says nothing of who may know it: whoever tells it to somebody asks the Room Server first
/// whether the two share a room.
///
/// **thread**: any; answered from memory, but that a message of a user who has not been here for
/// long is read from the disk.
public interface PresenceQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "PresenceServer";

  /// How it is with a user; who has not been seen is offline, and so is a user of another server of
  /// whom that has said nothing.
  UserPresence of(UserId user);

  /// Whether the user is not offline.
  boolean isPresent(UserId user);

  /// Whether there is more to say of the user than being offline: the user is there, or is
  /// remembered to have been.
  boolean isRemembered(UserId user);

  /// Those of whom that is so, if they are no more than so many; empty if they are more.
  Optional<List<UserId>> remembered(int most);
}
