package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomQueries;

/// Who types and who has read what in a room, for those who look into it without being in it.
///
/// **Thread:** any. **Source:** [room previews][peeking].
///
/// [peeking]: https://spec.matrix.org/v1.19/client-server-api/#room-previews
public final class EphemeralFromOutside {
  private static final StateKey VISIBILITY = new StateKey(EventTypes.HISTORY_VISIBILITY, "");

  private final RoomQueries rooms;
  private final TypingSection typing;
  private final ReceiptSection receipts;

  public EphemeralFromOutside(RoomQueries rooms, TypingSection typing, ReceiptSection receipts) {
    this.rooms = rooms;
    this.typing = typing;
    this.receipts = receipts;
  }

  /// What changed after one point up to another in a room that everybody may read now. Of receipts
  /// those only that came after the room was opened, the last time its visibility was set.
  public List<ObjectNode> changed(RoomId room, Viewer viewer, SyncPoint from, SyncPoint upTo) {
    LogPosition opened =
        rooms
            .currentState(room)
            .flatMap(state -> state.position(VISIBILITY))
            .orElse(upTo.position());
    LogPosition after = from.position().isAfter(opened) ? from.position() : opened;
    return Stream.of(
            typing.changed(room, viewer.ignored(), from),
            receipts.event(room, viewer, after, upTo.position()))
        .flatMap(Optional::stream)
        .toList();
  }
}
