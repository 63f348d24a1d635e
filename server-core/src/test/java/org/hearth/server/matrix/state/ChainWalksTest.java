package org.hearth.server.matrix.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ChainWalksTest {
  /// Event → its auth events, by number.
  private static ChainWalks walks(long[]... edges) {
    return new ChainWalks(event -> edges[Math.toIntExact(event)]);
  }

  private static Set<Long> numbers(ChainWalks walks, BitSet set) {
    Set<Long> numbers = new HashSet<>();
    set.stream().forEach(index -> numbers.add(walks.number(index)));
    return numbers;
  }

  private static long[] cites(long... events) {
    return events;
  }

  @Test
  void leavesOutOfTheDifferenceWhatAllChainsHave() {
    ChainWalks walks = walks(cites(), cites(0), cites(0, 1), cites(1, 0), cites(2), cites(3));

    BitSet difference =
        walks.authDifference(
            walks.setOf(List.of(0L)), List.of(walks.setOf(List.of(4L)), walks.setOf(List.of(5L))));

    assertThat(numbers(walks, difference)).containsExactlyInAnyOrder(2L, 3L);
  }

  @Test
  void leavesOutOfTheDifferenceWhatSharedEventsStandOn() {
    ChainWalks walks = walks(cites(), cites(0), cites(1), cites(1));

    BitSet difference =
        walks.authDifference(
            walks.setOf(List.of(2L)), List.of(walks.setOf(List.of(3L)), walks.setOf(List.of())));

    assertThat(numbers(walks, difference)).isEmpty();
  }

  @Test
  void findsTheEventsBetweenConflictedEvents() {
    // 0 ← 1 ← 2 ← 3 ← 4, and 2 ← 5 beside.
    ChainWalks walks = walks(cites(), cites(0), cites(1), cites(2), cites(3), cites(2));

    BitSet subgraph = walks.conflictedSubgraph(walks.setOf(List.of(1L, 4L)));

    assertThat(numbers(walks, subgraph)).containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
  }

  @Test
  void endsOnCycles() {
    ChainWalks walks = walks(cites(2), cites(0), cites(1), cites(3));

    BitSet conflicted = walks.setOf(List.of(0L, 3L));

    assertThat(numbers(walks, walks.conflictedSubgraph(conflicted))).contains(0L, 1L, 2L, 3L);
    assertThat(
            numbers(
                walks,
                walks.authDifference(
                    new BitSet(), List.of(walks.setOf(List.of(0L)), walks.setOf(List.of(3L))))))
        .containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
  }

  @Test
  void agreesWithPathsFoundOneByOne() {
    for (long seed = 1; seed <= 50; seed++) {
      Random random = new Random(seed);
      long[][] edges = new long[30][];
      for (int i = 0; i < edges.length; i++) {
        int at = i;
        edges[i] = random.longs(random.nextInt(3), 0, Math.max(1, i)).filter(n -> n < at).toArray();
      }
      Set<Long> conflicted = new HashSet<>();
      random.longs(4, 0, edges.length).forEach(conflicted::add);
      ChainWalks walks = walks(edges);
      Set<Long> expected = new HashSet<>();
      conflicted.forEach(start -> addPaths(start, edges, conflicted, new ArrayList<>(), expected));

      assertThat(numbers(walks, walks.conflictedSubgraph(walks.setOf(conflicted))))
          .as("seed %d", seed)
          .isEqualTo(expected);
    }
  }

  private static void addPaths(
      long event, long[][] edges, Set<Long> ends, List<Long> path, Set<Long> found) {
    path.add(event);
    if (ends.contains(event)) {
      found.addAll(path);
    }
    for (long auth : edges[Math.toIntExact(event)]) {
      addPaths(auth, edges, ends, path, found);
    }
    path.removeLast();
  }

  @Test
  void walksAHundredThousandEventsDeep() {
    int depth = 100_000;
    ChainWalks walks = new ChainWalks(event -> event == 0 ? cites() : cites(event - 1));

    BitSet subgraph = walks.conflictedSubgraph(walks.setOf(List.of(0L, (long) depth)));
    BitSet difference =
        walks.authDifference(
            new BitSet(), List.of(walks.setOf(List.of((long) depth)), walks.setOf(List.of(1L))));

    assertThat(subgraph.cardinality()).isEqualTo(depth + 1);
    assertThat(difference.cardinality()).isEqualTo(depth - 1);
  }

  @Test
  void walksAThousandEventsWide() {
    long[] all = LongStream.rangeClosed(1, 1000).toArray();
    ChainWalks walks =
        new ChainWalks(event -> event == 1001 ? all : event == 0 ? cites() : cites(0));

    BitSet subgraph = walks.conflictedSubgraph(walks.setOf(List.of(0L, 1001L)));

    assertThat(subgraph.cardinality()).isEqualTo(1002);
  }

  @Test
  void indexesNumbersOfAnySize() {
    LongIndex index = new LongIndex();
    Random random = new Random(7);
    long[] numbers = random.longs(10_000).distinct().toArray();

    for (int i = 0; i < numbers.length; i++) {
      assertThat(index.indexOf(numbers[i])).isEqualTo(i);
    }
    for (int i = 0; i < numbers.length; i++) {
      assertThat(index.indexOf(numbers[i])).isEqualTo(i);
      assertThat(index.number(i)).isEqualTo(numbers[i]);
    }
    assertThat(index.size()).isEqualTo(numbers.length);
  }
}
