package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.Launcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecondStartTest {
  @Test
  void whatALauncherHasStartedDoesNotWaitForItself(@TempDir Path root) throws Exception {
    DataFolder folder = new DataFolder(root);
    ProcessHandle launcher = ProcessHandle.current().parent().orElseThrow();

    Launcher.keep(folder, launcher);

    assertThat(SecondStart.on(folder, Map.of("HEARTH_LAUNCHER", Long.toString(launcher.pid()))))
        .isEqualTo(SecondStart.FIRST);
    assertThat(SecondStart.on(folder, Map.of())).isEqualTo(SecondStart.RUNS_WITHOUT_PANEL);
  }
}
