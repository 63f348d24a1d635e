package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.stage.Stage;
import org.hearth.server.ServerState;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;

/// Stop and Restart, from the panel and from the command line.
class StoppingTest extends WithPanel {
  private static final String PASSWORD = "a good password";

  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
  }

  @Test
  void stopAsksWhileADeviceIsConnected() {
    panel.admin().createPerson("alice", PASSWORD, true);
    CompletableFuture<?> waiting = Chat.signIn(panel.address(), "alice", PASSWORD).listen();
    panel.await("a device waits", () -> panel.admin().overview().requestsInFlight() == 1);

    panel.click("server-stop");
    panel.await("the question", () -> panel.shows("cut-do"));
    panel.screenshot("stop-asks");
    panel.click("cut-cancel");
    assertThat(panel.session().state().get()).isInstanceOf(ServerState.Running.class);
    assertThat(waiting).isNotDone();

    panel.click("server-stop");
    panel.await("the question again", () -> panel.shows("cut-do"));
    panel.click("cut-do");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
  }

  @Test
  void startIsUnderNoOtherPixelAndTheNavigationStays() {
    panel.admin();
    Bounds stop = place("server-stop");
    Bounds restart = place("server-restart");
    Bounds home = place("go-home");

    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    panel.await("a way to start", () -> panel.shows("server-start"));

    Bounds start = place("server-start");
    assertThat(start.intersects(stop)).isFalse();
    assertThat(start.intersects(restart)).isFalse();
    assertThat(place("go-home")).isEqualTo(home);
    Node line = panel.robot().lookup("#status-line").query();
    assertThat(line.localToScene(line.getBoundsInLocal()).getMinX())
        .as("the line is beside the navigation, so its height cannot move it")
        .isGreaterThanOrEqualTo(home.getMaxX());
  }

  @Test
  void aStopFromTheCommandLineLeavesAWindowThatSaysSo() throws IOException {
    panel.admin();
    AtomicBoolean ended = new AtomicBoolean();
    panel.robot().interact(() -> panel.session().onStopRequest(() -> true, () -> ended.set(true)));

    JsonNode answer =
        ControlPort.ask(
                panel.session().folder().get(), new ControlRequest(ControlRequest.STOP, Map.of()))
            .orElseThrow();
    ControlPort.awaitStopped(panel.session().folder().get(), ProcessHandle.current());

    assertThat(answer.path(ControlRequest.PROGRAM_STAYS).asBoolean()).isTrue();
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    assertThat(panel.text("address")).isEqualTo("The server was stopped by hearth stop");
    panel.screenshot("stopped-by-command");
    assertThat(ended).isFalse();

    panel.click("server-start");
    panel.admin();
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    assertThat(panel.text("address")).isEqualTo("The server is not running");
  }

  @Test
  void aStopFromTheCommandLineEndsAProgramWithoutAWindow() throws IOException {
    panel.admin();
    AtomicBoolean ended = new AtomicBoolean();
    panel.robot().interact(() -> panel.session().onStopRequest(() -> false, () -> ended.set(true)));

    JsonNode answer =
        ControlPort.ask(
                panel.session().folder().get(), new ControlRequest(ControlRequest.STOP, Map.of()))
            .orElseThrow();

    assertThat(answer.path(ControlRequest.PROGRAM_STAYS).asBoolean()).isFalse();
    panel.await("the end", ended::get);
  }

  private Bounds place(String id) {
    Node node = panel.robot().lookup("#" + id).query();
    return node.localToScene(node.getBoundsInLocal());
  }
}
