package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.Distribution;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.WiringDescription;
import org.hearth.server.store.StoreFigures;
import org.hearth.server.store.StoreState;
import org.junit.jupiter.api.Test;

/// What is told of the committer.
class PicturesTest {
  private static final Admin.Wiring NO_BOXES =
      new Admin.Wiring(
          new WiringDescription(List.of(), List.of()),
          Map.of(),
          Set.of(),
          List::of,
          List::of,
          (_, _, _, _) -> Reply.pending());

  /// Eight units were taken: four are committed, one failed, one changed nothing, two wait.
  private static StoreFigures eightUnits() {
    return new StoreFigures(
        new StoreState.Open(),
        new LogPosition(4),
        2,
        6,
        4,
        9,
        1,
        0,
        Distribution.NONE,
        Distribution.NONE,
        Distribution.NONE,
        2,
        1_024,
        0,
        Map.of("RoomServer", 5L, "ClientPush", 2L, "store", 1L),
        0,
        0,
        0,
        0,
        0,
        0,
        0);
  }

  @Test
  void whatGoesThroughTheCommitterIsWhatItIsGiven() {
    WiringPicture.Ring commit = Pictures.of(NO_BOXES, eightUnits()).rings().getFirst();

    assertThat(commit.name()).isEqualTo("commit");
    assertThat(commit.published()).isEqualTo(8);
    assertThat(commit.writers().values().stream().mapToLong(Long::longValue).sum()).isEqualTo(8);
    assertThat(commit.consumers())
        .singleElement()
        .returns(6L, WiringPicture.Consumer::consumed)
        .returns(2L, WiringPicture.Consumer::lag)
        .returns(1L, WiringPicture.Consumer::failures);
  }
}
