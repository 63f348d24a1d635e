package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import javafx.stage.Stage;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;

/// Home on a server whose `hearth.yaml` sets what this version does not use yet.
class WarningsTest extends WithPanel {
  private static final String SETTINGS =
      Panel.ANY_PORT
          + """
          email: { smtp-host: localhost, from: hearth@example.org }
          application-services: [ bridge.yaml ]
          """;

  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"), SETTINGS);
  }

  @Test
  void homeNamesTheSettingsWithoutEffect() {
    panel.admin();

    panel.await("warnings", () -> panel.shows("home-warnings"));

    assertThat(panel.text("home-warnings"))
        .isEqualTo(
            "The settings email and application-services have no effect yet: this version of Hearth"
                + " does not have the parts that use them.");
    panel.screenshot("home-warnings");
  }
}
