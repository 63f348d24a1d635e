package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AmountsTest {
  @Test
  void sizesAreInUnitsThatPeopleCountIn() {
    assertThat(Amounts.bytes(0)).isEqualTo("0 B");
    assertThat(Amounts.bytes(999)).isEqualTo("999 B");
    assertThat(Amounts.bytes(999_960)).isEqualTo("1.0 MB");
    assertThat(Amounts.bytes(1_234_000_000)).isEqualTo("1.2 GB");
  }

  @Test
  void timesAreInTheirTwoLargestUnits() {
    assertThat(seconds(-1)).isEqualTo("0 s");
    assertThat(seconds(59)).isEqualTo("59 s");
    assertThat(seconds(3_599)).isEqualTo("59 min 59 s");
    assertThat(seconds(86_399)).isEqualTo("23 h 59 min");
    assertThat(seconds(90_000)).isEqualTo("1 d 1 h");
  }

  @Test
  void timesAreInTheirLargestUnitWhereThereIsLittleRoom() {
    assertThat(Amounts.roughly(Duration.ofSeconds(-1))).isEqualTo("0 s");
    assertThat(Amounts.roughly(Duration.ofSeconds(59))).isEqualTo("59 s");
    assertThat(Amounts.roughly(Duration.ofSeconds(3_599))).isEqualTo("59 min");
    assertThat(Amounts.roughly(Duration.ofSeconds(86_399))).isEqualTo("23 h");
    assertThat(Amounts.roughly(Duration.ofDays(12).plusHours(23))).isEqualTo("12 d");
  }

  private static String seconds(long seconds) {
    return Amounts.duration(Duration.ofSeconds(seconds));
  }
}
