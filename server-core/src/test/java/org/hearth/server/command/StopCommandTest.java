package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.Launcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

class StopCommandTest extends TypedCommands {
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void endsWhoIsAboutToStartTheServerAgain() throws Exception {
    Process launcher = new ProcessBuilder("sleep", "1000").start();
    try {
      Launcher.keep(new DataFolder(folder), launcher.toHandle());

      assertThat(hearth("stop")).isZero();

      assertThat(said()).contains("Stopped", "is not started again");
      assertThat(launcher.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(hearth("stop")).isEqualTo(Commands.REFUSED);
      assertThat(said()).contains("Not running");
    } finally {
      launcher.destroyForcibly();
    }
  }
}
