package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javafx.stage.Stage;
import org.hearth.server.ServerState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;

/// A server that fails while the panel looks after it.
@ExtendWith(ApplicationExtension.class)
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
}
