package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;

/// Home on a server whose `hearth.yaml` sets what this version does not use yet.
@ExtendWith(ApplicationExtension.class)
class WarningsTest {
  private static final String SETTINGS =
      Panel.ANY_PORT
          + """
          federation: { mode: open }
          application-services: [ bridge.yaml ]
          """;

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init")
  private Panel panel;

  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"), SETTINGS);
  }

  @AfterEach
  void stop() {
    panel.close();
  }

  @Test
  void homeNamesTheSettingsWithoutEffect() {
    panel.admin();

    panel.await("warnings", () -> panel.shows("home-warnings"));

    assertThat(panel.text("home-warnings"))
        .isEqualTo(
            "The settings federation and application-services have no effect yet: this version of"
                + " Hearth does not have the parts that use them.");
    panel.screenshot("home-warnings");
  }
}
