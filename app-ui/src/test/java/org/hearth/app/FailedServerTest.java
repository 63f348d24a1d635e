package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javafx.scene.layout.Region;
import javafx.stage.Stage;
import org.hearth.server.ServerState;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;

/// A server that fails while the panel looks after it.
@ExtendWith(ApplicationExtension.class)
@Tag("long")
class FailedServerTest {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init")
  private Panel panel;

  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
  }

  @AfterEach
  void stop() {
    panel.close();
  }

  @Test
  void isStartedAgainAndHomeSaysWhy() {
    List<ServerState> states = new CopyOnWriteArrayList<>();
    String acceptor = "http-accept-" + panel.address().getPort();
    panel
        .robot()
        .interact(() -> panel.session().state().addListener((_, _, state) -> states.add(state)));

    // That closes the socket at which the thread waits.
    Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(acceptor))
        .forEach(Thread::interrupt);
    panel.await(
        "it runs again", () -> states.stream().anyMatch(ServerState.Running.class::isInstance));

    assertThat(states.getFirst())
        .isInstanceOfSatisfying(
            ServerState.Failed.class,
            failed -> {
              assertThat(failed.reason()).contains(acceptor);
              assertThat(failed.remedy())
                  .startsWith("It is started again in 1 s. ")
                  .contains("estart");
            });
    panel.await("why", () -> panel.shows("home-warnings"));
    assertThat(panel.text("home-warnings"))
        .contains("The server was started again, because it had failed at", acceptor);
    panel.screenshot("home-started-again");
  }

  @Test
  void ofADamagedDatabaseTheBackupsAreOfferedAndNotTheConfiguration() throws Exception {
    panel.admin();
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    DataFolder data = panel.session().folder().get();
    Files.delete(data.database().resolve("derby").resolve("service.properties"));

    panel.click("server-start");
    panel.await("failed", () -> panel.session().state().get() instanceof ServerState.Failed);

    assertThat(panel.text("remedy")).contains("hearth restore");
    assertThat(panel.shows("server-configuration")).isFalse();
    assertThat(panel.shows("server-backups")).isTrue();
    panel.screenshot("home-damaged");
    panel.resize(860, 600);
    assertThat(panel.cut("#status-line .label")).isEmpty();
    Region line = panel.robot().lookup("#status-line").queryAs(Region.class);
    Region words = (Region) panel.robot().lookup("#status").query().getParent();
    assertThat(words.getWidth()).isGreaterThan(line.getWidth() * 0.9);
    panel.screenshot("home-damaged-860");
    panel.click("server-backups");
    panel.await(
        "they are looked for", () -> panel.text("backup-plan").contains("Only a backup helps"));
    panel.screenshot("backups-damaged-860");
  }
}
