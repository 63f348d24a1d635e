package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import javafx.scene.control.ListView;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.hearth.server.ServerState;
import org.hearth.server.admin.Person;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;

/// The pages on a server that runs.
@ExtendWith(ApplicationExtension.class)
class PanelTest {
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
  void homeTellsTheAddressAndCounts() throws Exception {
    panel.admin().createPerson("alice", "a good password", true);

    panel.await("one person", () -> panel.text("tile-people").equals("1"));
    panel.await("a time", () -> panel.text("tile-uptime").endsWith("s"));

    assertThat(panel.text("status")).isEqualTo("Running as home.example");
    URI address = URI.create(panel.text("address"));
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(address.resolve("/_matrix/client/versions")).build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    panel.screenshot("home");
  }

  @Test
  void aPersonIsMadeFoundGivenANewPasswordAndClosed() {
    panel.admin();
    panel.go("people");
    panel.await("nobody", () -> panel.rows("people-table") == 0);
    panel.screenshot("people-empty");

    panel.click("create-person");
    panel.type("new-name", "alice");
    panel.type("new-password", "a good password");
    panel.type("new-password-again", "another");
    assertThat(panel.robot().lookup("#new-create").query().isDisabled()).isTrue();
    panel.robot().clickOn("#new-password-again").eraseText(7).write("a good password");
    panel.screenshot("people-new");
    panel.click("new-create");
    panel.await("alice", () -> panel.rows("people-table") == 1);
    assertThat(panel.text("people-outcome")).contains("alice");

    panel.admin().createPerson("bob", "a good password", false);
    panel.type("people-search", "bo");
    panel.await(
        "bob", () -> panel.rows("people-table") == 1 && first().userId().startsWith("@bob"));
    panel.robot().clickOn("#people-search").eraseText(2);
    panel.await("both", () -> panel.rows("people-table") == 2);

    panel.robot().clickOn("@alice:home.example");
    panel.click("reset-password");
    panel.type("reset-to", "a better password");
    panel.type("reset-to-again", "a better password");
    panel.click("reset-do");
    panel.await("reset", () -> panel.text("people-outcome").contains("new password"));

    panel.robot().clickOn("@bob:home.example");
    panel.click("deactivate");
    assertThat(panel.robot().lookup("#close-do").query().isDisabled()).isTrue();
    panel.type("close-retyped", "@bob:home.example");
    panel.screenshot("people-close");
    panel.click("close-do");
    panel.await("closed", () -> panel.admin().people("bob", 1).items().getFirst().deactivated());
    panel.screenshot("people");
  }

  @Test
  void aNameThatIsTakenIsRefusedWithASentence() {
    panel.admin().createPerson("alice", "a good password", true);
    panel.go("people");
    panel.click("create-person");
    panel.type("new-name", "alice");
    panel.type("new-password", "a good password");
    panel.type("new-password-again", "a good password");
    panel.click("new-create");

    panel.await("a sentence", () -> panel.shows("people-problem"));
    assertThat(panel.text("people-problem")).isNotBlank();
    panel.screenshot("people-problem");
  }

  @Test
  void roomsSayThatThereAreNone() {
    panel.admin();
    panel.go("rooms");

    panel.await("no rooms", () -> panel.rows("room-table") == 0);
    panel.screenshot("rooms-empty");
  }

  @Test
  void wiringIsDrawnFromTheRunningServer() {
    panel.admin();
    panel.go("wiring");

    panel.await("rings", () -> panel.rows("wiring-table") >= 3);
    assertThat(panel.text("wiring-sentence")).isEqualTo("Everything keeps up.");
    panel.screenshot("wiring");
  }

  @Test
  void activityShowsWhatTheServerSaysAndFilters() {
    panel.admin();
    panel.go("activity");
    ListView<?> lines = panel.robot().lookup("#log-lines").queryListView();
    panel.await("lines", () -> !lines.getItems().isEmpty());
    panel.screenshot("activity");

    panel.type("log-words", "no line has these words");
    panel.await("no lines", () -> lines.getItems().isEmpty());
    panel.screenshot("activity-empty");
  }

  @Test
  void theServerIsStoppedStartedAndRestarted() {
    panel.admin();

    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    assertThat(panel.text("status")).isEqualTo("Stopped");
    assertThat(panel.shows("server-stop")).isFalse();
    panel.screenshot("home-stopped");
    panel.click("server-start");
    panel.admin();
    ServerState before = panel.session().state().get();
    panel.click("server-restart");
    panel.await(
        "running anew",
        () ->
            panel.session().state().get() instanceof ServerState.Running now
                && !now.equals(before));
    assertThat(panel.shows("server-start")).isFalse();
  }

  @Test
  void aPortInUseIsAFailureWithAReasonAndARemedy() throws Exception {
    panel.admin();
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);

    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Path configuration = folder.resolve("data").resolve("hearth.yaml");
      Files.writeString(
          configuration,
          Files.readString(configuration).replace("port: 0", "port: " + taken.getLocalPort()));
      panel.click("server-start");
      panel.await("failed", () -> panel.session().state().get() instanceof ServerState.Failed);

      assertThat(panel.text("status")).contains("port " + taken.getLocalPort(), "in use");
      assertThat(panel.text("remedy")).contains("hearth.yaml");
      panel.screenshot("home-failed");
    }
  }

  @Test
  void keysShowThePages() {
    panel.admin();

    panel.robot().press(KeyCode.CONTROL, KeyCode.DIGIT3).release(KeyCode.DIGIT3, KeyCode.CONTROL);

    panel.await("rooms", () -> panel.shows("rooms-page"));
  }

  private Person first() {
    return panel.robot().lookup("#people-table").<Person>queryTableView().getItems().getFirst();
  }
}
