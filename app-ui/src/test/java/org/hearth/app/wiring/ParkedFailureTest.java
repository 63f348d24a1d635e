package org.hearth.app.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParkedFailureTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          org.a.StorageException: a query failed: no table at org.a.ReadPool.run(ReadPool.java:9); caused by java.sql.SQLException: no table | a query failed: no table
          java.lang.IllegalStateException: nothing known of 99; caused by org.a.B | nothing known of 99
          java.lang.NullPointerException at java.base/java.util.Objects.requireNonNull(Objects.java:1) | ''
          the reader is no more | the reader is no more
          """)
  void theCardHasWhatTheFailureSays(String failure, String said) {
    assertThat(ParkedFailure.inShort(failure)).isEqualTo(said);
  }

  @Test
  void whatIsLongIsCut() {
    assertThat(ParkedFailure.inShort("x".repeat(500))).hasSize(161).endsWith("…");
  }
}
