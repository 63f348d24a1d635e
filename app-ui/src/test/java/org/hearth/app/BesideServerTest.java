package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import atlantafx.base.theme.PrimerLight;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javafx.application.Application;
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
import org.hearth.server.control.Launcher;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.api.FxRobot;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;
import org.testfx.util.WaitForAsyncUtils;

/// A start of the panel beside `hearth serve`.
@ExtendWith(ApplicationExtension.class)
@Tag("long")
class BesideServerTest {
  private final List<String> done = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  private Stage stage;

  @Start
  void open(Stage window) {
    stage = window;
  }

  /// What the window says at first of a server that was found so.
  private Map<String, String> show(FxRobot robot, DataFolder data, Found found) {
    BesideView view = new BesideView(data, done::add, () -> done.add("closed"));
    Map<String, String> first = new HashMap<>();
    robot.interact(() -> {
      Application.setUserAgentStylesheet(new PrimerLight().getUserAgentStylesheet());
      Scene scene = new Scene(view, BesideServer.WIDTH, -1);
      scene.getStylesheets().add(String.valueOf(HearthApplication.class.getResource("hearth.css")));
      stage.setScene(scene);
      view.start(found);
      stage.sizeToScene();
      stage.setOnHidden(_ -> view.stop());
      stage.show();
      for (String id : List.of("beside-head", "beside-address", "beside-remedy")) {
        first.put(id, text(robot, id));
      }
    });
    return first;
  }

  @Test
  void theWindowFollowsAServerFromItsStartToItsEnd(FxRobot robot, @TempDir Path folder)
      throws Exception {
    DataFolder data = new DataFolder(folder.resolve("the data"));
    try (Homeserver server = server(data)) {
      server.start();
      String address =
          server.state() instanceof ServerState.Running running
              ? running.addresses().getFirst()
              : "";

      Map<String, String> first =
          show(robot, data, new Found("home.example", "starting", List.of()));
      assertThat(first)
          .containsEntry("beside-head", "home.example starts without the panel")
          .containsEntry("beside-address", "The server starts…");

      await(() -> text(robot, "beside-head").equals("home.example runs without the panel"));
      assertThat(text(robot, "beside-address")).isEqualTo(address);
      assertThat(text(robot, "beside-data")).contains(data.root().toString(), "hearth serve");
      assertThat(text(robot, "beside-remedy"))
          .contains("hearth stop --data-dir '" + data.root() + "'", "with that --data-dir");
      Panel.screenshot(stage.getScene(), "beside-server");
      robot.clickOn("#beside-copy").clickOn("#beside-open");
      assertThat(WaitForAsyncUtils.asyncFx(() -> Clipboard.getSystemClipboard().getString()).get())
          .isEqualTo(address);
      robot.press(KeyCode.ESCAPE).release(KeyCode.ESCAPE);
      WaitForAsyncUtils.waitForFxEvents();
      assertThat(done).containsExactly(address, "closed");
    }

    await(() -> text(robot, "beside-head").equals("home.example has ended"));
    assertThat(text(robot, "beside-remedy"))
        .contains("can be opened now", "with “hearth --data-dir '" + data.root() + "'”");
    assertThat(robot.lookup("#beside-open").query().isVisible()).isFalse();
    assertThat(robot.lookup("#beside-address").query().getParent().getParent().isVisible())
        .isFalse();
    Panel.screenshot(stage.getScene(), "beside-ended");
    robot.interact(stage::hide);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void theWindowWaitsForAServerThatIsStartedAgain(FxRobot robot, @TempDir Path folder)
      throws Exception {
    DataFolder data = new DataFolder(folder.resolve("data"));
    Process launcher = new ProcessBuilder("sleep", "1000").start();
    try (Homeserver server = server(data)) {
      server.start();
      show(robot, data, SecondStart.whoRuns(data).orElseThrow());

      Launcher.keep(data, launcher.toHandle());
      server.stop(Duration.ZERO);
      await(() -> text(robot, "beside-head").equals("home.example is started again in a moment"));
      assertThat(text(robot, "beside-address")).isEqualTo("A fault has ended the server");
      data.put(DataFolder.LAST_FAILURE, "The disk is broken.".getBytes(StandardCharsets.UTF_8));
      await(() ->
          text(robot, "beside-data")
              .matches("A fault has ended the server: .* The disk is broken\\. A server .*"));
      assertThat(robot.lookup("#beside-copy").query().isVisible()).isFalse();
      Panel.screenshot(stage.getScene(), "beside-started-again");

      server.start();
      await(() -> text(robot, "beside-head").equals("home.example runs without the panel"));
      assertThat(robot.lookup("#beside-copy").query().isVisible()).isTrue();

      Launcher.keep(data, launcher.toHandle());
      server.stop(Duration.ZERO);
      await(() -> text(robot, "beside-head").contains("started again"));
      launcher.destroyForcibly().waitFor();
      await(() -> text(robot, "beside-head").equals("home.example has ended"));
      robot.interact(stage::hide);
    } finally {
      launcher.destroyForcibly();
    }
  }

  @Test
  void theWindowGivesWayToAPanel(FxRobot robot, @TempDir Path folder) throws Exception {
    DataFolder data = new DataFolder(folder.resolve("data"));
    try (Homeserver server = server(data)) {
      show(robot, data, new Found("home.example", "running", List.of()));
      await(() -> text(robot, "beside-head").equals("home.example has ended"));

      server.onSecondStart(() -> done.add("shown"));
      server.start();

      await(() -> done.contains("closed"));
      assertThat(done).contains("shown");
      robot.interact(stage::hide);
    }
  }

  @Test
  void theFolderIsNamedWhole(FxRobot robot) {
    Path relative = Path.of("some", "where");

    show(robot, new DataFolder(relative), new Found("home.example", "running", List.of()));

    assertThat(text(robot, "beside-data")).contains(relative.toAbsolutePath().toString());
    assertThat(text(robot, "beside-remedy"))
        .contains("start Hearth again with “hearth --data-dir " + relative.toAbsolutePath() + "”");
    robot.interact(stage::hide);
  }

  @Test
  void aServerThatDoesNotAnswerHasNoAddress(FxRobot robot, @TempDir Path folder) throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Files.writeString(folder.resolve("control"), socket.getLocalPort() + "\nsecret");
      Thread.ofVirtual().start(() -> hangUp(socket));

      Map<String, String> first =
          show(
              robot,
              new DataFolder(folder),
              new Found("home.example", "running", List.of("http://127.0.0.1:8008")));
      assertThat(first).containsEntry("beside-address", "http://127.0.0.1:8008");

      await(() -> text(robot, "beside-address").equals("It does not answer now"));
      assertThat(robot.lookup("#beside-copy").query().isVisible()).isFalse();
      robot.interact(stage::hide);
    }
  }

  private static void hangUp(ServerSocket socket) {
    while (!socket.isClosed()) {
      try {
        socket.accept().close();
      } catch (IOException e) {
        assertThat(socket.isClosed()).as("the end of the test, not %s", e).isTrue();
      }
    }
  }

  @Test
  void theFolderIsNamedWhereItIsNotTheUsersOwn() {
    Optional<Found> found = Optional.of(new Found("home.example", "starting", List.of()));

    assertThat(Main.sentence(DataFolder.ofThisUser(), found)).contains("End it (hearth stop, or");
    assertThat(Main.sentence(new DataFolder(Path.of("/srv/hearth")), found))
        .contains("End it (hearth stop --data-dir " + Path.of("/srv/hearth").toAbsolutePath());
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
      assertThat(SecondStart.whoRuns(data))
          .hasValue(new Found("home.example", "running", addresses));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whoIsStartedAgainIsFound(@TempDir Path folder) throws Exception {
    DataFolder data = new DataFolder(folder.resolve("data"));
    FirstSetup.write(data, "home.example");
    Process launcher = new ProcessBuilder("sleep", "1000").start();
    try {
      Launcher.keep(data, launcher.toHandle());

      Found found = new Found("home.example", Found.RESTARTING, List.of());
      assertThat(SecondStart.on(data)).isEqualTo(SecondStart.RUNS_WITHOUT_PANEL);
      assertThat(SecondStart.whoRuns(data)).hasValue(found);
      assertThat(Main.sentence(data, Optional.of(found)))
          .contains("started again in a moment", "hearth stop --data-dir " + data.root());
      Files.delete(data.configuration());
      assertThat(SecondStart.whoRuns(data).orElseThrow().name()).isEqualTo("The server");
    } finally {
      launcher.destroyForcibly().waitFor();
    }
    assertThat(SecondStart.on(data)).isEqualTo(SecondStart.FIRST);
    assertThat(SecondStart.whoRuns(data)).isEmpty();
  }

  private static void await(Callable<Boolean> isSo) throws TimeoutException {
    WaitForAsyncUtils.waitFor(30, TimeUnit.SECONDS, isSo);
    WaitForAsyncUtils.waitForFxEvents();
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
