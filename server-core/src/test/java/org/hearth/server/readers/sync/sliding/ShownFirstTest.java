package org.hearth.server.readers.sync.sliding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;

/// What is known of the events that an answer shows first.
class ShownFirstTest {
  private static final RoomId ONE = RoomId.parse("!one:hearth.test");
  private static final RoomId OTHER = RoomId.parse("!other:hearth.test");
  private static final RoomId LAST = RoomId.parse("!last:hearth.test");

  @Test
  void ofSoManyEventsItIsKnown() {
    ShownFirst shown = new ShownFirst(3);

    shown.add(ONE, List.of("$1", "$2"));
    shown.add(OTHER, List.of("$3", "$4"));
    shown.add(LAST, List.of("$5"));

    assertThat(shown.of(ONE)).contains(Set.of("$1", "$2"));
    assertThat(shown.of(OTHER)).contains(Set.of("$3"));
    assertThat(shown.of(LAST)).contains(Set.of());
    assertThat(List.of(ONE, OTHER, LAST)).filteredOn(shown::isLeftOut).containsExactly(OTHER, LAST);
    assertThat(shown.of(RoomId.parse("!known:hearth.test"))).isEmpty();
  }
}
