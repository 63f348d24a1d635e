package org.hearth.server;

import java.util.OptionalLong;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.history.OlderHistory;
import org.hearth.server.writers.federationbackfill.FederationBackfill;

/// Has FederationBackfill fetch what ClientSync's readers come to and miss.
///
/// **thread**: any that may wait.
///
/// @param backfill asks the other servers
record HistoryOfOthers(FederationBackfill backfill) implements OlderHistory {
  @Override
  public Fetching before(RoomId room) throws InterruptedException {
    return switch (backfill.fetchBefore(room)) {
      case NOTHING, MORE -> Fetching.DONE;
      case UNDER_WAY -> Fetching.UNDER_WAY;
    };
  }

  @Override
  public void near(RoomId room, Wanted wanted) throws InterruptedException {
    var _ =
        backfill.fetchNear(
            room,
            new FederationBackfill.Moment(
                wanted.timestamp(),
                wanted.forwards(),
                wanted.nearest() == null
                    ? OptionalLong.empty()
                    : OptionalLong.of(wanted.nearest().pdu().originServerTs()),
                wanted.next().pdu().depth()));
  }
}
