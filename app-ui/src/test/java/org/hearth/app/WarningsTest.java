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
          registration:
            mode: open
            recaptcha: { verify-url: "https://captcha.example.org", public-key: a, private-key: b }
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
  void homeNamesTheSettingsWithoutEffectAndSaysWhyRegistrationIsClosed() {
    panel.admin();

    panel.await("warnings", () -> panel.shows("home-warnings"));

    assertThat(panel.text("home-warnings").lines())
        .hasSize(2)
        .anySatisfy(line -> assertThat(line).startsWith("Registration is closed"))
        .anySatisfy(line -> assertThat(line).startsWith("The setting federation"));
    panel.screenshot("home-warnings");
  }
}
