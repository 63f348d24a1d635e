package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.jspecify.annotations.Nullable;

/// What others may ask about aliases and about the published directory.
///
/// **thread**: any; a call may read from the disk.
public interface DirectoryQueries {
  /// The room that an alias of this server leads to; empty for none, and for aliases of other
  /// servers.
  Optional<RoomId> resolve(RoomAlias alias);

  /// This server's aliases of the room, by name.
  List<RoomAlias> aliases(RoomId room);

  /// Whether the room is in the published directory.
  boolean isPublished(RoomId room);

  /// Checks the content of an `m.room.canonical_alias` that a client wants to send: aliases that
  /// were not in it before must be well formed and lead to the room.
  ///
  /// **source**: [PUT
  /// state](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey)
  ///
  /// @param content what is to be sent
  /// @param before what the room's state says now; null when there is no such event
  /// @throws org.hearth.server.matrix.error.MatrixException `M_INVALID_PARAM` for an alias that is
  ///   not well formed, `M_BAD_ALIAS` for one that does not lead to the room
  void checkCanonicalAlias(RoomId room, ObjectNode content, @Nullable ObjectNode before);
}
