package org.hearth.server.services.directory;

import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;

/// Where an alias leads.
///
/// @param servers that are in the room, or are said to be, the likeliest first; a room that is not
///   here may be joined through them. Each once, at most [DirectoryService#MOST_SERVERS] and one
public record AliasTarget(RoomId room, List<ServerName> servers) {
  public AliasTarget {
    servers = List.copyOf(servers);
  }
}
