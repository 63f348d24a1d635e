package org.hearth.server.servers.room.read;

import java.util.List;
import java.util.random.RandomGenerator;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventLinks;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// Ids of rooms that are about to be made.
///
/// **thread**: any, if the random generator is.
public final class NewRoomIds {
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int LENGTH = 18;

  private final ServerName server;
  private final LocalEvents localEvents;
  private final RandomGenerator random;

  public NewRoomIds(ServerName server, LocalEvents localEvents, RandomGenerator random) {
    this.server = server;
    this.localEvents = localEvents;
    this.random = random;
  }

  RoomId next(RoomVersion version, EventDraft create, long originServerTs) {
    if (version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      EventLinks first = new EventLinks(List.of(), List.of(), 1, originServerTs);
      return localEvents.make(create, first, version).roomId();
    }
    StringBuilder id = new StringBuilder("!");
    for (int i = 0; i < LENGTH; i++) {
      id.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return RoomId.parse(id.append(':').append(server.value()).toString());
  }
}
