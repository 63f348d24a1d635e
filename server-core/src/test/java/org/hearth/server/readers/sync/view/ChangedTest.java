package org.hearth.server.readers.sync.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;

class ChangedTest {
  private static final RoomId ONE = RoomId.parse("!one:hearth.test");
  private static final RoomId OTHER = RoomId.parse("!other:hearth.test");

  private final Changed<RoomId> rooms = new Changed<>();

  @Test
  void knowsNothingBeforeItBegins() {
    rooms.add(ONE, at(5));

    assertThat(rooms.since(at(5))).isEmpty();
  }

  @Test
  void namesTheRoomsWithNewsAfterAPosition() {
    rooms.beginAt(at(4));
    rooms.add(ONE, at(5));
    rooms.add(OTHER, at(6));
    rooms.add(ONE, at(7));

    assertThat(rooms.since(at(4))).hasValue(Set.of(ONE, OTHER));
    assertThat(rooms.since(at(6))).hasValue(Set.of(ONE));
    assertThat(rooms.since(at(7))).hasValue(Set.of());
    assertThat(rooms.since(at(3))).isEmpty();
  }

  @Test
  void ofAllRoomsKnowsWhatIsAfterItsBeginningWithinABoundOfItsOwn() {
    Changed<RoomId> all = Changed.after(LogPosition.ORIGIN, 2 * Changed.ENTRY_BYTES);

    all.add(ONE, at(1));
    all.add(OTHER, at(2));
    assertThat(all.since(LogPosition.ORIGIN)).hasValue(Set.of(ONE, OTHER));

    all.add(RoomId.parse("!third:hearth.test"), at(3));
    assertThat(all.since(LogPosition.ORIGIN)).isEmpty();
    assertThat(all.since(at(1))).hasValue(Set.of(OTHER, RoomId.parse("!third:hearth.test")));
  }

  /// Many rooms had news between the moment at which the head was read and the beginning.
  @Test
  void knowsOfNoNewsThatHadToGoBeforeItBegan() {
    int most = Changed.LARGEST_BYTES / Changed.ENTRY_BYTES;
    for (int i = 0; i <= most; i++) {
      rooms.add(RoomId.parse("!room%d:hearth.test".formatted(i)), at(10 + i));
    }
    rooms.beginAt(at(9));

    assertThat(rooms.since(at(9))).isEmpty();
    assertThat(rooms.since(at(10)).orElseThrow()).hasSize(most);
  }

  @Test
  void beginsOnce() {
    rooms.beginAt(at(4));
    rooms.add(ONE, at(5));
    rooms.beginAt(at(9));

    assertThat(rooms.since(at(4))).hasValue(Set.of(ONE));
  }

  @Test
  void forgetsTheOldestNewsWhenItIsFull() {
    int most = Changed.LARGEST_BYTES / Changed.ENTRY_BYTES;
    rooms.beginAt(at(0));
    for (int i = 1; i <= most + 2; i++) {
      rooms.add(RoomId.parse("!room" + i + ":hearth.test"), at(i));
    }

    assertThat(rooms.bytes()).isLessThanOrEqualTo(Changed.LARGEST_BYTES);
    assertThat(rooms.since(at(1))).isEmpty();
    assertThat(rooms.since(at(2)).orElseThrow()).hasSize(most);
  }

  private static LogPosition at(long position) {
    return new LogPosition(position);
  }
}
