package org.hearth.server.http.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.hearth.server.matrix.error.MatrixException;
import org.junit.jupiter.api.Test;

/// How much of one goes on at the same time.
final class TurnsTest {
  @Test
  void oneHasSoManyAndOthersTheirOwn() throws InterruptedException {
    Turns<String> turns = new Turns<>(2, 0, Duration.ZERO);
    Turn first = turns.take("a");
    Turn second = turns.take("a");

    assertThatThrownBy(() -> turns.take("a")).isInstanceOf(MatrixException.class);
    try (Turn _ = turns.take("b")) {
      assertThat(turns.remembered()).isEqualTo(2);
    }
    first.close();
    try (Turn _ = turns.take("a")) {
      assertThatThrownBy(() -> turns.take("a")).isInstanceOf(MatrixException.class);
    }
    second.close();
    assertThat(turns.remembered()).isZero();
  }

  @Test
  void whoWaitedInVainIsForgotten() throws InterruptedException {
    Turns<String> turns = new Turns<>(1, 1, Duration.ofMillis(1));
    try (Turn _ = turns.take("a")) {
      assertThatThrownBy(() -> turns.take("a")).isInstanceOf(MatrixException.class);
    }

    assertThat(turns.remembered()).isZero();
  }
}
