package org.hearth.server.services.serverkeys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.junit.jupiter.api.Test;

/// What several answers of a server come to.
class KnownKeysTest {
  private static final ServerName PEER = new ServerName("peer.test");
  private static final long NOW = 1_700_000_000_000L;
  private static final long HOUR = 3_600_000;
  private static final SigningKey FIRST = KeyAnswers.key("a_1", 1);
  private static final SigningKey SECOND = KeyAnswers.key("a_2", 2);
  private static final SigningKey IMPOSTOR = KeyAnswers.key("a_1", 66);

  private static KeyAnswer answer(ObjectNode json, long obtainedTs) {
    return (KeyAnswer) KeyAnswer.read(PEER, json, obtainedTs);
  }

  private static KeyAnswer answer(long validUntilTs, long obtainedTs, SigningKey... keys) {
    return answer(KeyAnswers.answer(PEER, validUntilTs, keys), obtainedTs);
  }

  private static KnownKeys known(KeyAnswer... answers) {
    KnownKeys known = KnownKeys.NONE;
    for (KeyAnswer each : answers) {
      known = known.with(each, true);
    }
    return known;
  }

  private static PublishedKey current(SigningKey key, long validUntilTs) {
    return new PublishedKey.Current(key.verifyKey(), validUntilTs);
  }

  @Test
  void theLastAnswerSaysUntilWhenAKeyIsValid() {
    KnownKeys known =
        known(answer(NOW + HOUR, NOW, FIRST), answer(NOW + 2 * HOUR, NOW + HOUR, FIRST));

    assertThat(known.keys())
        .containsOnly(java.util.Map.entry(FIRST.id(), current(FIRST, NOW + 2 * HOUR)));
    assertThat(known.answers()).hasSize(1);
  }

  /// Somebody in between may bring what was said long ago.
  @Test
  void anAnswerOfBeforeChangesNothing() {
    KeyAnswer now =
        answer(
            KeyAnswers.signed(
                KeyAnswers.with(
                    KeyAnswers.unsigned(PEER, NOW + 5 * HOUR, SECOND), FIRST, NOW - HOUR),
                "peer.test",
                SECOND),
            NOW);
    KeyAnswer replayed = answer(NOW + HOUR, NOW + 1, FIRST);

    KnownKeys known = known(now).with(replayed, false);

    assertThat(known).isEqualTo(known(now));
  }

  /// Also if it was said to be valid for longer: a server gives a key up early.
  @Test
  void whatTheServerSaysItselfCountsAtOnce() {
    KeyAnswer givenUp =
        answer(
            KeyAnswers.signed(
                KeyAnswers.with(KeyAnswers.unsigned(PEER, NOW + HOUR, SECOND), FIRST, NOW),
                "peer.test",
                SECOND),
            NOW + 1);

    KnownKeys known = known(answer(NOW + 9 * HOUR, NOW, FIRST), givenUp);

    assertThat(known.keys().get(FIRST.id())).isInstanceOf(PublishedKey.Old.class);
    assertThat(known.with(answer(NOW + 9 * HOUR, NOW + 2, SECOND), false).keys())
        .containsEntry(SECOND.id(), current(SECOND, NOW + 9 * HOUR));
  }

  @Test
  void aKeyThatIsValidIsNotReplacedByAnotherOfItsName() {
    KeyAnswer honest = answer(NOW + 2 * HOUR, NOW, FIRST);

    for (long validUntil : new long[] {NOW + HOUR, NOW + 2 * HOUR, NOW + 9 * HOUR}) {
      KnownKeys known = known(honest, answer(validUntil, NOW + HOUR / 2, IMPOSTOR));

      assertThat(known.keys().get(FIRST.id())).isEqualTo(current(FIRST, NOW + 2 * HOUR));
      KnownKeys stored = KnownKeys.restore(PEER, known.bytes());
      assertThat(stored.keys()).isEqualTo(known.keys());
    }
  }

  @Test
  void aKeyThatWasPassedOverStaysSoWhenTheOtherOneIsToldAgain() {
    SigningKey more = KeyAnswers.key("a_9", 67);
    KnownKeys known =
        known(
            answer(NOW + 2 * HOUR, NOW, FIRST),
            answer(NOW + 9 * HOUR, NOW + HOUR / 2, IMPOSTOR, more));
    known = KnownKeys.restore(PEER, known.bytes());
    assertThat(known.keys()).containsEntry(FIRST.id(), current(FIRST, NOW + 2 * HOUR));

    known = known.with(answer(NOW + 3 * HOUR, NOW + HOUR, FIRST), true);

    assertThat(known.keys())
        .containsEntry(FIRST.id(), current(FIRST, NOW + 3 * HOUR))
        .containsEntry(more.id(), current(more, NOW + 9 * HOUR));
    assertThat(KnownKeys.restore(PEER, known.bytes())).isEqualTo(known);
  }

  /// A server that has lost its key, and has given the next one the same name.
  @Test
  void aKeyThatIsNotValidAnyMoreIsReplaced() {
    KnownKeys known =
        known(answer(NOW + HOUR, NOW, FIRST), answer(NOW + 9 * HOUR, NOW + 2 * HOUR, IMPOSTOR));

    assertThat(known.keys().get(FIRST.id())).isEqualTo(current(IMPOSTOR, NOW + 9 * HOUR));
  }

  /// What was signed with it stays verifiable.
  @Test
  void aKeyThatALaterAnswerDoesNotHaveStays() {
    KnownKeys known =
        known(answer(NOW + HOUR, NOW, FIRST), answer(NOW + 9 * HOUR, NOW + HOUR, SECOND));

    assertThat(known.keys().get(FIRST.id())).isEqualTo(current(FIRST, NOW + HOUR));
    assertThat(known.answersWith(Set.of(FIRST.id())))
        .extracting(json -> json.path("verify_keys").fieldNames().next())
        .containsExactly("ed25519:a_2", "ed25519:a_1");
    assertThat(known.answersWith(Set.of())).hasSize(1);
    assertThat(KnownKeys.restore(PEER, known.bytes())).isEqualTo(known);
  }

  @Test
  void manyAnswersAreBoundedInNumberAndBytes() {
    KnownKeys known = KnownKeys.NONE;
    for (int i = 1; i <= 50; i++) {
      known = known.with(answer(NOW + i, NOW, KeyAnswers.key("k" + i, i)), true);
    }
    assertThat(known.answers()).hasSize(KnownKeys.MOST_ANSWERS);
    assertThat(known.keys())
        .containsKey(KeyAnswers.key("k50", 50).id())
        .doesNotContainKey(FIRST.id());

    KnownKeys large = KnownKeys.NONE;
    for (int i = 1; i <= 5; i++) {
      SigningKey key = KeyAnswers.key("k" + i, i);
      ObjectNode json = KeyAnswers.unsigned(PEER, NOW + i, key).put("more", "x".repeat(60_000));
      large = large.with(answer(KeyAnswers.signed(json, "peer.test", key), NOW), true);
    }
    assertThat(large.bytes()).hasSizeLessThan(KnownKeys.MOST_BYTES + 1_000);
    assertThat(large.answers()).hasSize(2);
  }

  @Test
  void whatWouldTeachNothingNewIsEnough() {
    KnownKeys known =
        known(
            answer(
                KeyAnswers.signed(
                    KeyAnswers.with(KeyAnswers.unsigned(PEER, NOW + HOUR, SECOND), FIRST, NOW),
                    "peer.test",
                    SECOND),
                NOW));

    assertThat(known.satisfies(SECOND.id(), NOW + HOUR)).isTrue();
    assertThat(known.satisfies(SECOND.id(), NOW + HOUR + 1)).isFalse();
    assertThat(known.satisfies(FIRST.id(), NOW + 9 * HOUR)).as("given up for good").isTrue();
    assertThat(known.satisfies(KeyAnswers.key("a_3", 3).id(), 0)).isFalse();
  }

  /// "Intermediate notary servers should cache a response for half of its lifetime".
  @Test
  void anAnswerIsFreshForHalfOfItsLife() {
    KnownKeys known = known(answer(NOW + 2 * HOUR, NOW, FIRST));

    assertThat(known.isFresh(NOW + HOUR - 1, NOW + HOUR)).isTrue();
    assertThat(known.isFresh(NOW + HOUR, NOW + HOUR)).isFalse();
    assertThat(known.isFresh(NOW, NOW + 2 * HOUR + 1)).isFalse();
    assertThat(KnownKeys.NONE.isFresh(NOW, NOW)).isFalse();
  }

  @Test
  void damagedAnswersAreLeftOut() {
    KnownKeys known = known(answer(NOW + HOUR, NOW, FIRST));
    String stored = new String(known.bytes(), java.nio.charset.StandardCharsets.UTF_8);
    byte[] damaged =
        stored
            .replace("verify_keys", "berify_keys")
            .getBytes(java.nio.charset.StandardCharsets.UTF_8);

    assertThat(KnownKeys.restore(PEER, damaged).answers()).isEqualTo(List.of());
  }
}
