package org.hearth.server.http.connection;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionLimitsTest {
  @ParameterizedTest
  @CsvSource({
    "9223372036854775807, 4096",
    "1048576, 4096",
    "4096, 3584",
    "1024, 512",
    "256, 64",
    "10, 16"
  })
  void leaveDescriptorsToTheDatabase(long descriptors, int most) {
    ConnectionLimits limits = ConnectionLimits.within(descriptors);

    assertThat(limits.most()).isEqualTo(most);
    assertThat(limits.strangers()).isLessThan(most);
    assertThat(limits.mostOfAddress()).isLessThan(most);
    assertThat(limits.strangersOfAddress()).isLessThan(limits.strangers()).isPositive();
  }
}
