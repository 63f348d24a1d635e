package org.hearth.app.logs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogViewModelTest {
  @Test
  void oneLineIsNotSeveral() {
    assertThat(LogViewModel.lines(0)).isEqualTo("0 lines");
    assertThat(LogViewModel.lines(1)).isEqualTo("1 line");
    assertThat(LogViewModel.lines(2)).isEqualTo("2 lines");
  }
}
