package org.hearth.server.admin;

import java.time.Instant;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.report.Report;

/// What somebody has reported to the owner.
///
/// @param number by which it is dismissed
/// @param time when
/// @param reporter who
/// @param about what, in words
/// @param room the room's id, of a report of a room or an event
/// @param event the event's id, of a report of an event
/// @param user the reported user's id, or that of who sent the event
/// @param reason in the reporter's words; may be empty
public record ReportSummary(
    long number,
    Instant time,
    String reporter,
    String about,
    Optional<String> room,
    Optional<String> event,
    Optional<String> user,
    String reason) {
  static ReportSummary of(Report report) {
    return new ReportSummary(
        report.number(),
        report.time(),
        report.reporter().value(),
        report.about().toString(),
        report.about().room().map(RoomId::value),
        report.about().event().map(EventId::value),
        report.about().user().map(UserId::value),
        report.reason());
  }
}
