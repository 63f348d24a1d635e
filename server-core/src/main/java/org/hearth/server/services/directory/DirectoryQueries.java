package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.jspecify.annotations.Nullable;

/// What others may ask about aliases and about the published directory.
///
/// **thread**: any; a call may read from the disk, and those that say so wait for other servers.
public interface DirectoryQueries {
  /// The room that an alias of this server leads to; empty for none, and for aliases of other
  /// servers.
  Optional<RoomId> resolve(RoomAlias alias);

  /// The room that an alias of any server leads to, and who is in it; empty for none. Of another
  /// server's alias that server is asked, and waited for, unless it has said so a moment ago.
  ///
  /// @param asker on whose behalf: who asks servers that do not answer keeps nobody else from
  ///   theirs
  /// @throws org.hearth.server.matrix.error.MatrixException 502 if the alias is of another server,
  ///   which does not say
  Optional<AliasTarget> find(RoomAlias alias, String asker) throws InterruptedException;

  /// The same for who goes where the alias leads: another server is asked even if it has said so a
  /// moment ago, since an alias may lead elsewhere by now, as after an upgrade of its room.
  ///
  /// @param asker as of [#find]
  /// @throws org.hearth.server.matrix.error.MatrixException as of [#find]
  Optional<AliasTarget> findNow(RoomAlias alias, String asker) throws InterruptedException;

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
  ///   not well formed, `M_BAD_ALIAS` for one that does not lead to the room, or is of a server
  ///   that does not say
  void checkCanonicalAlias(RoomId room, ObjectNode content, @Nullable ObjectNode before)
      throws InterruptedException;
}
