package org.hearth.server.services.keybackup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyRankTest {
  /// Each row: a key, one that is there, and whether the first takes its place.
  @ParameterizedTest
  @CsvSource({
    // "it will keep the key that has is_verified set to true"
    "true,9,9, false,0,0, true",
    "false,0,0, true,9,9, false",
    // "it will keep the key with a lower first_message_index"
    "true,1,9, true,2,0, true",
    "true,2,0, true,1,9, false",
    "false,1,9, false,2,0, true",
    "false,2,0, false,1,9, false",
    // "it will keep the key with a lower forwarded_count"
    "true,1,1, true,1,2, true",
    "false,1,2, false,1,1, false",
    // The same again changes nothing.
    "true,1,1, true,1,1, false",
    "false,0,0, false,0,0, false",
  })
  void theBetterKeyStays(
      boolean isVerified,
      long index,
      long forwarded,
      boolean knownIsVerified,
      long knownIndex,
      long knownForwarded,
      boolean replaces) {
    KeyRank key = new KeyRank(isVerified, index, forwarded);
    KeyRank known = new KeyRank(knownIsVerified, knownIndex, knownForwarded);

    assertThat(key.isBetterThan(known)).isEqualTo(replaces);
  }
}
