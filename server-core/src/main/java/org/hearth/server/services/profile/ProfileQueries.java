package org.hearth.server.services.profile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about the profiles of this server's users.
///
/// **thread**: any; mostly answered from memory.
public interface ProfileQueries {
  /// Display name and avatar; [Profile#EMPTY] for a user without either, and for users of other
  /// servers.
  Profile profile(UserId user);

  /// All fields of the profile; empty for a user without an open account here. Not to be changed.
  Optional<ObjectNode> fields(UserId user);
}
