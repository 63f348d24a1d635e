package org.hearth.server.services.report;

import java.time.Instant;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What somebody has reported.
///
/// @param number counts up; no two have the same
/// @param reporter who
/// @param about what
/// @param reason in the reporter's words; may be empty
public record Report(long number, Instant time, UserId reporter, About about, String reason) {
  /// What a report is about.
  ///
  /// @param room of a report of a room or an event
  /// @param event of a report of an event
  /// @param user the reported user, or who sent the reported event
  public record About(Optional<RoomId> room, Optional<EventId> event, Optional<UserId> user) {
    static About event(RoomId room, EventId event, UserId sender) {
      return new About(Optional.of(room), Optional.of(event), Optional.of(sender));
    }

    static About room(RoomId room) {
      return new About(Optional.of(room), Optional.empty(), Optional.empty());
    }

    static About user(UserId user) {
      return new About(Optional.empty(), Optional.empty(), Optional.of(user));
    }

    /// What it is about, in words.
    @Override
    public String toString() {
      if (event.isPresent()) {
        return "the event %s by %s in %s"
            .formatted(event.get(), user.orElseThrow(), room.orElseThrow());
      }
      return room.isPresent() ? "the room " + room.get() : "the user " + user.orElseThrow();
    }
  }
}
