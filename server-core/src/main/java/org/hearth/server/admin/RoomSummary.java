package org.hearth.server.admin;

import java.time.Instant;
import java.util.Optional;

/// One room that this server knows.
///
/// @param roomId the Matrix id
/// @param name the room's name, if it has one
/// @param canonicalAlias the main alias, if there is one
/// @param version the room version
/// @param joinedMembers people in it, of all servers
/// @param localMembers people in it, of this server
/// @param encrypted whether messages in it are encrypted
/// @param lastEvent when the newest event was sent
/// @param readable whether the rest could be read at all; if not, the log says why
public record RoomSummary(
    String roomId,
    Optional<String> name,
    Optional<String> canonicalAlias,
    String version,
    long joinedMembers,
    long localMembers,
    boolean encrypted,
    Optional<Instant> lastEvent,
    boolean readable) {
  /// A room of which nothing is known but that it is there.
  static RoomSummary unreadable(String roomId) {
    return new RoomSummary(
        roomId, Optional.empty(), Optional.empty(), "", 0, 0, false, Optional.empty(), false);
  }
}
