package org.hearth.server.matrix.error;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MatrixExceptionTest {
  @Test
  void saysStatusCodeAndMessage() {
    MatrixException refused = MatrixException.forbidden("You are banned");

    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.errcode()).isEqualTo("M_FORBIDDEN");
    assertThat(refused.is(Errcode.FORBIDDEN)).isTrue();
    assertThat(refused.safeMessage()).isEqualTo("You are banned");
    assertThat(refused).hasMessage("M_FORBIDDEN: You are banned");
    assertThat(refused.fields()).isEmpty();
  }

  @Test
  void limitTellsWhenToTryAgain() {
    assertThat(MatrixException.limitExceeded(Duration.ofMillis(1500)).fields())
        .hasEntrySatisfying("retry_after_ms", ms -> assertThat(ms.longValue()).isEqualTo(1500));
    assertThat(MatrixException.limitExceeded(Duration.ofNanos(1)).fields())
        .hasEntrySatisfying("retry_after_ms", ms -> assertThat(ms.longValue()).isEqualTo(1));
  }

  @Test
  void unknownTokenTellsWhetherTheLogoutIsSoft() {
    assertThat(MatrixException.unknownToken(true).fields())
        .containsEntry("soft_logout", BooleanNode.TRUE);
    assertThat(MatrixException.unknownToken(false).status()).isEqualTo(401);
  }

  @Test
  void incompatibleVersionIsNamed() {
    assertThat(MatrixException.incompatibleRoomVersion("99").fields())
        .containsEntry("room_version", TextNode.valueOf("99"));
  }

  @Test
  void wrongMethodIs405() {
    assertThat(MatrixException.wrongMethod().status()).isEqualTo(405);
    assertThat(MatrixException.unrecognized().status()).isEqualTo(404);
    assertThat(MatrixException.wrongMethod().errcode()).isEqualTo("M_UNRECOGNIZED");
  }

  @Test
  void everyCodeIsWrittenAsInTheSpecification() {
    for (Errcode code : Errcode.values()) {
      assertThat(code.code()).matches("M_[A-Z_]+");
      assertThat(code.status()).isBetween(400, 504);
    }
  }
}
