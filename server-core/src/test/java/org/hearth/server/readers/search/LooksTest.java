package org.hearth.server.readers.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.junit.jupiter.api.Test;

/// That nobody waits without end for a look into the index.
class LooksTest {
  private final Looks looks = new Looks(2, Duration.ofMillis(1));

  @Test
  void whoHasWaitedTooLongIsRefusedAndMayTryAgain() {
    String found =
        looks.inTurn(() ->
            looks.inTurn(() -> {
              assertThatExceptionOfType(MatrixException.class)
                  .isThrownBy(() -> looks.inTurn(() -> "one too many"))
                  .matches(each -> each.is(Errcode.LIMIT_EXCEEDED))
                  .matches(each -> each.fields().containsKey("retry_after_ms"));
              return "found";
            }));

    assertThat(found).isEqualTo("found");
    assertThat(looks.<String, RuntimeException>inTurn(() -> "again")).isEqualTo("again");
  }

  @Test
  void aLookThatFailsGivesItsTurnBack() {
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() ->
              looks.inTurn(() -> {
                throw new IOException("the disk");
              }))
          .hasMessage("the disk");
    }
  }
}
