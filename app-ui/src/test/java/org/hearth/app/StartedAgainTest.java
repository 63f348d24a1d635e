package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import javafx.stage.Stage;
import org.hearth.server.LastFailure;
import org.hearth.server.ServerState;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;

/// Home in a program that its launcher has started again.
class StartedAgainTest extends WithPanel {
  @Start
  void open(Stage stage) {
    LastFailure before =
        new LastFailure(Map.of("HEARTH_ENDED_BY", "kill", "HEARTH_ENDED_AT", "1795944434"));
    panel = Panel.onServer(stage, folder.resolve("data"), Panel.ANY_PORT, before);
  }

  @Test
  void homeSaysWhyUntilItsOwnerRestartsTheServer() {
    panel.admin();
    panel.await("why", () -> panel.shows("home-warnings"));
    assertThat(panel.text("home-warnings")).contains("because it was killed at");

    panel.click("server-restart");
    panel.await("it ends", () -> !(panel.session().state().get() instanceof ServerState.Running));
    panel.admin();

    assertThat(panel.session().warnings()).isEmpty();
    assertThat(panel.shows("home-warnings")).isFalse();
  }
}
