package org.hearth.server.writers.federationsend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.services.staging.StagedEvent;
import org.junit.jupiter.api.Test;

/// What is remembered of an event that waits.
class StagedPduTest {
  @Test
  void ofALargeStateThatIsMissingTheFirstAreRemembered() {
    StagedPdu staged =
        new StagedPdu(
            new StagedEvent(
                1,
                ServerName.parse("peer.test"),
                RoomId.parse("!room:peer.test"),
                EventId.parse("$event"),
                1,
                1_000));

    staged.missing(IntStream.range(0, 100_000).mapToObj(i -> EventId.parse("$state" + i)));

    assertThat(staged.missing()).hasSize(StagedPdu.MOST_MISSING).contains(EventId.parse("$state0"));
  }
}
