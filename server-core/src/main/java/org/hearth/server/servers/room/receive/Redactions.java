package org.hearth.server.servers.room.receive;

import java.util.List;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// Says which redactions by others take effect.
///
/// **thread**: the shard's; for one command.
///
/// **source**: [redactions](https://spec.matrix.org/v1.19/rooms/v11/#handling-redactions)
final class Redactions {
  private final RoomHistory history;

  Redactions(RoomHistory history) {
    this.history = history;
  }

  /// What a redaction redacts, when it may.
  Decision.@Nullable Target target(Pdu event, GraphRows.Verdict judged) {
    RoomRows.Place place = judged.place();
    if (place == null || judged.standing() != Standing.ACCEPTED) {
      return null;
    }
    return event
        .redacts()
        .map(history::find)
        .filter(target -> mayRedact(event, place.before(), target))
        .map(target -> new Decision.Target(target.ref(), target.event()))
        .orElse(null);
  }

  /// "the power level of the redaction event's sender is greater than or equal to the redact level"
  /// or "the domain of the redaction event's sender matches that of the original event's sender".
  private boolean mayRedact(Pdu redaction, StateSnapshot before, GraphEvent target) {
    return target.room() == history.view().info().number()
        && (mayRedactAny(redaction, before)
            || redaction.sender().isOn(target.event().sender().server()));
  }

  /// Whether a redaction takes effect whoever has sent what it redacts.
  boolean mayRedactAny(GraphEvent redaction) {
    return mayRedactAny(redaction.event(), history.state(redaction.stateBefore()));
  }

  private boolean mayRedactAny(Pdu redaction, StateSnapshot before) {
    PowerLevels levels = PowerLevels.in(history.authState(before), history.view().info().version());
    return levels.userLevel(redaction.sender()) >= levels.redact();
  }

  /// Redactions that came before what they redact.
  void redactBy(List<EventRef> redactions, GraphEvent target) {
    for (EventRef each : redactions) {
      GraphEvent redaction = history.known(each);
      if (redaction.standing() == Standing.ACCEPTED
          && mayRedact(redaction.event(), history.state(redaction.stateBefore()), target)) {
        history
            .decision()
            .redact(new Decision.Target(target.ref(), target.event()), redaction.ref());
      }
    }
  }
}
