package org.hearth.server.readers.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
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

  @Test
  void carriesTheRunOfAVolatileLog() {
    VolatilePosition typing = new VolatilePosition(17, new LogPosition(4));
    SyncPoint point = new SyncPoint(new LogPosition(9), Map.of('t', typing), Map.of());

    assertThat(new Tokens(1).of(point)).hasToString("s9_e1_t17-4");
    assertThat(SyncToken.parse("since", "s9_e1_t17-4").point()).isEqualTo(point);
  }

  @Test
  void aVolatilePositionOfAnEarlierRunStartsOver() {
    SyncPoint point = SyncToken.parse("since", "s9_t17-4").point();

    assertThat(point.of('t', new VolatilePosition(17, new LogPosition(6))))
        .isEqualTo(new LogPosition(4));
    assertThat(point.of('t', new VolatilePosition(18, new LogPosition(6))))
        .isEqualTo(LogPosition.ORIGIN);
    assertThat(point.of('p', new VolatilePosition(17, new LogPosition(6))))
        .isEqualTo(LogPosition.ORIGIN);
    assertThat(point.position()).isEqualTo(new LogPosition(9));
  }

  @Test
  void carriesUpToWhereTheClientHasWhatIsHeldBack() {
    RoomId room = RoomId.parse("!damaged:hearth.test");
    SyncPoint.HeldBack heldBack = SyncPoint.HeldBack.of(room);
    SyncPoint point =
        new SyncPoint(new LogPosition(9)).holdingBack(Map.of(heldBack, new LogPosition(3)));

    SyncPoint read = SyncToken.parse("since", new Tokens(0).of(point).toString()).point();

    assertThat(read).isEqualTo(point);
    assertThat(read.of(room.value())).hasValue(new LogPosition(3));
    assertThat(read.of("another")).hasValue(new LogPosition(9));
  }

  @Test
  void aTokenWithAllThatMayBeHeldBackIsNotTooLong() {
    Map<SyncPoint.HeldBack, LogPosition> heldBack = new HashMap<>();
    LogPosition late = new LogPosition(999_999_999_999_999_999L);
    for (int i = 0; i < 100; i++) {
      heldBack.put(SyncPoint.HeldBack.of("room " + i), late);
    }
    SyncPoint point = new SyncPoint(late).holdingBack(heldBack);

    String token = new SyncToken(point, 999_999_999_999_999_999L, 0).toString();

    assertThat(SyncToken.parse("since", token).point()).isEqualTo(point);
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
    assertThatThrownBy(() -> SyncToken.parse("from", "s1_" + "x".repeat(4_000)))
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
