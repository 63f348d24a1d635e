package org.hearth.server.servers.room.shard;

import java.util.List;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.store.RowChange;

/// What a shard makes of a command.
public sealed interface CommandOutcome {
  /// Events are to be committed.
  record Events(Decision decision) implements CommandOutcome {}

  /// The command asks for what an event has done already.
  record Already(EventRef event, EventId id) implements CommandOutcome {}

  /// Events of others were judged, and nothing of them is to be committed.
  record Verdicts(List<RoomReply.Judged> verdicts) implements CommandOutcome {
    public Verdicts {
      verdicts = List.copyOf(verdicts);
    }
  }

  /// An event was made that is not to be added.
  record Prepared(Pdu event) implements CommandOutcome {}

  /// An event was made that the room's policy server has to sign before it is added.
  record ToBeSigned(Pdu event, PolicyServer policy) implements CommandOutcome {}

  /// The command is done with what was decided before it.
  record NothingToDo() implements CommandOutcome {}

  /// Rows are to be committed without an event.
  ///
  /// @param whenCommitted quick; runs on the committer's thread before the reply
  record Rows(List<RowChange> changes, Runnable whenCommitted) implements CommandOutcome {
    public Rows {
      changes = List.copyOf(changes);
    }
  }

  /// Rows are to be committed, and an entry told of them that is no event of a room here.
  ///
  /// @param event what the command is answered with
  /// @param underWay hears of the commit
  record Announced(
      List<RowChange> changes, RoomOutput entry, EventId event, OutsideRooms.UnderWay underWay)
      implements CommandOutcome {
    public Announced {
      changes = List.copyOf(changes);
    }
  }

  /// The command is refused.
  record Refused(Refusal refusal, String detail) implements CommandOutcome {}
}
