package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;
import org.junit.jupiter.api.Test;

class FiguresTest {
  @Test
  void countsValuesByPowersOfTwo() {
    Tally tally = new Tally();
    for (long value : new long[] {0, 1, 2, 3, 4, 1000}) {
      tally.add(value);
    }

    Distribution distribution = tally.snapshot();

    assertThat(distribution.count()).isEqualTo(6);
    assertThat(distribution.sum()).isEqualTo(1010);
    assertThat(distribution.max()).isEqualTo(1000);
    assertThat(distribution.buckets()).startsWith(1L, 1L, 2L, 1L).hasSize(11);
    assertThat(distribution.mean()).isEqualTo(1010 / 6.0);
    assertThat(distribution.percentile(0.5)).isEqualTo(3);
    assertThat(distribution.percentile(1)).isEqualTo(1000);
    assertThat(distribution.percentile(0)).isZero();
  }

  @Test
  void takesTheGreatestValues() {
    Tally tally = new Tally();
    tally.add(Long.MAX_VALUE);

    assertThat(tally.snapshot().percentile(0.5)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void addsDistributions() {
    Tally one = new Tally();
    one.add(1);
    Tally other = new Tally();
    other.add(100);

    Distribution both = one.snapshot().plus(other.snapshot());

    assertThat(both.count()).isEqualTo(2);
    assertThat(both.max()).isEqualTo(100);
    assertThat(both.percentile(0.5)).isEqualTo(1);
    assertThat(Distribution.NONE.plus(both)).isEqualTo(both);
    assertThat(Distribution.NONE.percentile(0.5)).isZero();
  }

  @Test
  void joinsTheParts() {
    WiringDescription one =
        new WiringDescription(
            List.of(new Node("Writer", Node.Kind.WRITER), new Node("log", Node.Kind.INPUT_LOG)),
            List.of(new Arrow("Writer", "log", Arrow.Kind.WRITES)));
    WiringDescription other =
        new WiringDescription(
            List.of(new Node("log", Node.Kind.INPUT_LOG), new Node("Server", Node.Kind.SERVER)),
            List.of(new Arrow("log", "Server", Arrow.Kind.FEEDS)));

    WiringDescription both = WiringDescription.join(List.of(one, other));

    assertThat(both.nodes()).extracting(Node::name).containsExactly("Writer", "log", "Server");
    assertThat(both.from("log")).containsExactly(new Arrow("log", "Server", Arrow.Kind.FEEDS));
    assertThat(both.to("log")).containsExactly(new Arrow("Writer", "log", Arrow.Kind.WRITES));
  }

  @Test
  void refusesArrowsToNowhereAndTwoMeaningsOfOneName() {
    Node log = new Node("log", Node.Kind.INPUT_LOG);

    assertThatThrownBy(() ->
            WiringDescription.join(
                List.of(
                    new WiringDescription(
                        List.of(log), List.of(new Arrow("log", "Server", Arrow.Kind.FEEDS))))))
        .hasMessageContaining("Server");
    assertThatThrownBy(() ->
            new WiringDescription(List.of(log, new Node("log", Node.Kind.OUTPUT_LOG)), List.of()))
        .hasMessageContaining("log");
  }

  @Test
  void refusesRingsThatAreNoPowerOfTwo() {
    assertThatThrownBy(() -> Note.log("note-input", 1000)).hasMessageContaining("1000");
    assertThatThrownBy(() -> Note.log(" ", 8)).hasMessageContaining("name");
    assertThatThrownBy(() -> new LogPosition(-1)).hasMessageContaining("-1");
  }
}
