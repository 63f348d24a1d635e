package org.hearth.server.readers.sync.sections;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.Timeline;

/// Which of a room's state a client is told together with a timeline: each API has its own rules.
///
/// **Thread:** as the implementation says.
public interface StateTelling {
  /// A room's part of a response.
  ///
  /// @param upTo the end of the timeline
  /// @param known the position as of which the client knows the state; empty if it knows nothing
  /// @param heroes whose names make the room's name
  /// @param token the position of the response's token
  record Part(
      RoomId room,
      LogPosition upTo,
      Optional<LogPosition> known,
      Timeline timeline,
      Collection<UserId> heroes,
      LogPosition token) {
    LogPosition target(SyncRequest request) {
      return request.stateAfter() ? upTo : timeline.start();
    }
  }

  /// Where the state events are that are to be told, in order.
  List<LogPosition> changes(SyncRequest request, Part part);
}
