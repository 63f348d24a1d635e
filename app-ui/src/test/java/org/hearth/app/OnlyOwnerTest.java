package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Callable;
import javafx.stage.Stage;
import org.hearth.server.ServerState;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;

/// The alert of the only owner: whoever has seen it is told again when it is so anew.
class OnlyOwnerTest extends WithPanel {
  private static final String BOB = "@bob:home.example";

  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
  }

  @Test
  void whatWasSeenIsToldAgainAfterThereWasAnotherOwner() throws Exception {
    panel.admin().createPerson("alice", "a good password", true);
    panel.admin().createPerson("bob", "a good password", false);
    Callable<Boolean> told = () -> panel.shows("alert-0");
    panel.await("an alert", told);
    panel.click("alerts-seen");
    panel.await("none", () -> !panel.shows("alerts"));
    ServerState before = panel.session().state().get();
    panel.click("server-restart");
    panel.await(
        "running anew",
        () ->
            panel.session().state().get() instanceof ServerState.Running now
                && !now.equals(before));
    panel.await("people", () -> panel.text("tile-people").equals("2"));
    assertThat(panel.shows("alerts")).isFalse();

    panel.go("people");
    panel.admin().setAdmin(BOB, true);
    panel.admin().setAdmin(BOB, false);
    panel.go("home");
    panel.await("it is so again", told);
    panel.click("alerts-seen");
    panel.await("none", () -> !panel.shows("alerts"));
    panel.admin().createPerson("carol", "a good password", true);
    panel.admin().deactivate("@carol:home.example", false);

    panel.await("it is so a third time", told);
    assertThat(panel.text("alert-0")).startsWith("@alice:home.example: This is the only owner");
  }
}
