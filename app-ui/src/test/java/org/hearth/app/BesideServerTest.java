package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javafx.scene.Scene;
import javafx.scene.input.Clipboard;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.hearth.server.Homeserver;
import org.hearth.server.SecondStart;
import org.hearth.server.SecondStart.Found;
import org.hearth.server.ServerState;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.FirstSetup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.api.FxRobot;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;
import org.testfx.util.WaitForAsyncUtils;

/// A start of the panel beside `hearth serve`.
@ExtendWith(ApplicationExtension.class)
class BesideServerTest {
  private static final String ADDRESS = "http://127.0.0.1:8008";

  private final List<String> done = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  private Stage stage;

  @Start
  void open(Stage window) {
    stage = window;
  }

  private void show(FxRobot robot, Found found) {
    robot.interact(() -> {
      Scene scene =
          new Scene(
              BesideServer.view("/srv/hearth", found, done::add, () -> done.add("closed")),
              BesideServer.WIDTH,
              -1);
      scene.getStylesheets().add(String.valueOf(HearthApplication.class.getResource("hearth.css")));
      stage.setScene(scene);
      stage.sizeToScene();
      stage.show();
    });
  }

  @Test
  void theWindowSaysWhichServerRunsWhereItIsReachedAndHowToHaveThePanel(FxRobot robot)
      throws Exception {
    show(robot, new Found("home.example", List.of(ADDRESS, "http://127.0.0.1:8448")));

    assertThat(text(robot, "beside-head")).isEqualTo("home.example runs without the panel");
    assertThat(text(robot, "beside-address")).isEqualTo(ADDRESS);
    assertThat(text(robot, "beside-data")).contains("/srv/hearth", "hearth serve");
    assertThat(text(robot, "beside-remedy")).contains("hearth stop");
    Panel.screenshot(stage.getScene(), "beside-server");
    robot.clickOn("#beside-copy").clickOn("#beside-open");
    assertThat(WaitForAsyncUtils.asyncFx(() -> Clipboard.getSystemClipboard().getString()).get())
        .isEqualTo(ADDRESS);
    robot.press(KeyCode.ESCAPE).release(KeyCode.ESCAPE);
    WaitForAsyncUtils.waitForFxEvents();
    assertThat(done).containsExactly(ADDRESS, "closed");
  }

  @Test
  void aServerThatDoesNotServeHasNoAddress(FxRobot robot) {
    show(robot, new Found("home.example", List.of()));

    assertThat(text(robot, "beside-address")).isEqualTo("It cannot be reached now");
    assertThat(robot.lookup("#beside-copy").tryQuery()).isEmpty();
  }

  @Test
  void whoRunsWithoutAPanelIsFound(@TempDir Path folder) throws Exception {
    DataFolder data = new DataFolder(folder.resolve("data"));
    assertThat(SecondStart.whoRuns(data)).isEmpty();
    try (Homeserver server = server(data)) {
      server.start();

      assertThat(SecondStart.on(data)).isEqualTo(SecondStart.RUNS_WITHOUT_PANEL);
      List<String> addresses =
          server.state() instanceof ServerState.Running running ? running.addresses() : List.of();
      assertThat(addresses).isNotEmpty();
      assertThat(SecondStart.whoRuns(data)).hasValue(new Found("home.example", addresses));
    }
  }

  private static String text(FxRobot robot, String id) {
    return robot.lookup("#" + id).queryLabeled().getText();
  }

  private static Homeserver server(DataFolder data) throws IOException {
    FirstSetup.write(data, "home.example");
    Files.writeString(
        data.configuration(), Files.readString(data.configuration()) + Panel.ANY_PORT);
    NewDatabase.lay(data);
    return new Homeserver(data, ConfigurationReader.read(data.configuration()));
  }
}
