package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.ringlogs.NoteLogs.at;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemoryReaderTest {
  /// Notes what it is told; cannot do, once, what is among `failing`.
  private static final class Told implements MemoryReader.View<Note> {
    private final List<String> told = new ArrayList<>();
    private final Set<String> failing = new HashSet<>();

    private void tell(String what) {
      if (failing.remove(what)) {
        throw new IllegalStateException("cannot: " + what);
      }
      told.add(what);
    }

    @Override
    public void take(LogPosition at, Note entry) {
      tell(entry.key() + " at " + at);
    }

    @Override
    public void batchTaken() {
      tell("taken");
    }

    @Override
    public void renew(LogPosition upTo) {
      tell("renewed up to " + upTo);
    }
  }

  private final Told view = new Told();
  private final MemoryReader<Note> reader = new MemoryReader<>("Memory", at(3), view);

  private static Positioned<Note> entry(String key, long position) {
    return new Positioned<>(at(position), new Note(key, position));
  }

  @Test
  void beginsWhereItsMemoryBeginsAndParksNothing() {
    assertThat(reader.name()).isEqualTo("Memory");
    assertThat(reader.position()).isEqualTo(at(3));
    assertThat(reader.rebuilds()).isTrue();
  }

  @Test
  void anEntryThatCannotBeTakenInIsTheNextOne() throws Exception {
    view.failing.add("b at 5");
    List<Positioned<Note>> batch = List.of(entry("a", 4), entry("b", 5), entry("c", 6));

    assertThatThrownBy(() -> reader.onBatch(batch)).hasMessage("cannot: b at 5");
    assertThat(reader.position()).isEqualTo(at(4));
    assertThat(view.told).containsExactly("a at 4");

    reader.onBatch(batch.subList(1, 3));
    assertThat(reader.position()).isEqualTo(at(6));
    assertThat(view.told).containsExactly("a at 4", "b at 5", "c at 6", "taken");
  }

  @Test
  void goesOnBehindWhatWasLostWhenItIsRenewed() throws Exception {
    view.failing.add("renewed up to 9");

    assertThatThrownBy(() -> reader.onLost(at(3), at(9))).hasMessage("cannot: renewed up to 9");
    assertThat(reader.position()).isEqualTo(at(3));

    reader.onLost(at(3), at(9));
    assertThat(reader.position()).isEqualTo(at(9));
  }

  @Test
  void neverGoesBack() throws Exception {
    reader.onLost(at(1), at(2));
    reader.onRelease(List.of(entry("a", 1)));

    assertThat(view.told).containsExactly("renewed up to 3", "renewed up to 3");
    assertThat(reader.position()).isEqualTo(at(3));
  }
}
