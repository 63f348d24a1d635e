package org.hearth.server.readers.sync.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyncTokenTest {
  @Test
  void readsWhatItWrites() {
    SyncToken token = new SyncToken(new LogPosition(120), 0);

    assertThat(token).hasToString("s120");
    assertThat(SyncToken.parse("since", "s120")).isEqualTo(token);
  }

  @Test
  void carriesTheEpochOfADatabaseThatWentBackInTime() {
    SyncToken token = new SyncToken(new LogPosition(7), 3);

    assertThat(token).hasToString("s7_e3");
    assertThat(SyncToken.parse("since", "s7_e3")).isEqualTo(token);
  }

  @Test
  void ignoresThePartsOfALaterRelease() {
    assertThat(SyncToken.parse("since", "s9_e1_v17.4_x"))
        .isEqualTo(new SyncToken(new LogPosition(9), 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "s",
        "120",
        "t120",
        "S120",
        "s-1",
        "s+1",
        "s1.5",
        "s 1",
        "s1 ",
        "s1_",
        "s1__e1",
        "s1_E1",
        "s1_1",
        "s1_e",
        "s1_e-1",
        "s1_ex",
        "s1234567890123456789",
        "s٣",
        "null",
        "s1\u0000"
      })
  void refusesWhatNoServerGave(String text) {
    assertThatThrownBy(() -> SyncToken.parse("since", text))
        .isInstanceOfSatisfying(
            MatrixException.class,
            refusal -> {
              assertThat(refusal.is(Errcode.INVALID_PARAM)).isTrue();
              assertThat(refusal.status()).isEqualTo(400);
              assertThat(refusal.safeMessage()).startsWith("since ");
            });
  }

  @Test
  void refusesEndlessText() {
    assertThatThrownBy(() -> SyncToken.parse("from", "s1_" + "x".repeat(1_000)))
        .isInstanceOf(MatrixException.class);
  }

  @Test
  void knowsTokensOfAnotherHistory() {
    Tokens tokens = new Tokens(2);
    LogPosition head = new LogPosition(100);

    assertThat(tokens.isOurs(tokens.at(new LogPosition(100)), head)).isTrue();
    assertThat(tokens.isOurs(tokens.at(new LogPosition(101)), head)).isFalse();
    assertThat(tokens.isOurs(new SyncToken(new LogPosition(50), 1), head)).isFalse();
    assertThat(tokens.isOurs(new SyncToken(new LogPosition(50), 0), head)).isFalse();
  }
}
