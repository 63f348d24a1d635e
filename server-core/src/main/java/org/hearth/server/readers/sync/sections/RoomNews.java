package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.servers.room.RoomEvent;

/// What happened in one room.
public sealed interface RoomNews {
  /// Events that are told, and what the room is to the user who sees them.
  ///
  /// @param state where the events are that the client is to know as state, in order; they are read
  ///   when they are written, some at a time
  public record Happened(List<LogPosition> state, Timeline timeline, OwnMembership own) {
    public Happened {
      state = List.copyOf(state);
    }
  }

  /// A room in which the user is.
  ///
  /// @param summary empty when it has not changed
  public record Joined(Optional<RoomSummaries.Summary> summary, Happened happened)
      implements RoomNews {}

  /// A room in which the user no longer is, up to the moment of leaving.
  public record Left(Happened happened) implements RoomNews {}

  /// A room that is not here, to which the user is no longer invited, or where the user no longer
  /// knocks.
  ///
  /// @param end the user's member event, which has no place in a timeline
  public record Over(RoomEvent end) implements RoomNews {}

  /// A room to which the user is invited, or into which the user wishes to be let.
  public record Outside(List<ObjectNode> strippedState) implements RoomNews {
    public Outside {
      strippedState = List.copyOf(strippedState);
    }
  }
}
