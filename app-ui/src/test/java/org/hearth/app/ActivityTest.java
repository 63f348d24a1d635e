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
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javafx.scene.control.Label;
import javafx.scene.control.TableView;
import javafx.scene.control.ToggleButton;
import javafx.stage.Stage;
import org.hearth.server.LogLine;
import org.hearth.server.ServerState;
import org.hearth.server.admin.ActivityEntry;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;
import org.testfx.util.WaitForAsyncUtils;

/// Activity: what happened, and the log, over failed starts too.
class ActivityTest extends WithPanel {
  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
  }

  private static List<String> texts(TableView<ActivityEntry> table) {
    return table.getItems().stream().map(ActivityEntry::text).toList();
  }

  private int logIn(String password) throws Exception {
    URI login = panel.address().resolve("/_matrix/client/v3/login");
    String body =
        "{\"type\":\"m.login.password\",\"user\":\"alice\",\"password\":\"%s\"}"
            .formatted(password);
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(login)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .header("Content-Type", "application/json")
                .build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void whatHappenedIsToldWithWhoAndStaysOverARestart() throws Exception {
    panel.admin().createPerson("alice", "a good password", true);
    assertThat(logIn("a wrong password")).isEqualTo(403);
    assertThat(logIn("a good password")).isEqualTo(200);

    panel.go("activity");

    TableView<ActivityEntry> table =
        panel.robot().lookup("#happenings").<ActivityEntry>queryTableView();
    panel.await("all five", () -> table.getItems().size() == 5);
    assertThat(texts(table))
        .containsExactly(
            "@alice:home.example signed in.",
            "A wrong password for @alice:home.example.",
            "@alice:home.example became an owner.",
            "The account @alice:home.example was made.",
            "The server started.");
    assertThat(table.getItems())
        .extracting(ActivityEntry::by)
        .containsExactly("127.0.0.1", "127.0.0.1", "this computer", "this computer", "the server");
    panel.screenshot("activity");
    panel.resize(860, 600);
    panel.await(
        "whole times, sentences and doers in the smallest window",
        () -> panel.cut("#happenings .table-cell").isEmpty());
    panel.screenshot("activity-860");
    panel.click("happenings-trouble");
    panel.await(
        "a whole sentence beside a short doer",
        () -> panel.cut("#happenings .table-cell").isEmpty());
    assertThat(panel.cut(".field-name")).isEmpty();
    panel.screenshot("activity-trouble-860");
    panel.click("happenings-trouble");
    panel.resize(1000, 700);
    panel.click("happenings-trouble");
    assertThat(texts(table)).containsExactly("A wrong password for @alice:home.example.");
    panel.click("happenings-trouble");
    panel.type("happenings-words", "MADE");
    assertThat(texts(table)).containsExactly("The account @alice:home.example was made.");
    panel.robot().eraseText(4);

    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    panel.click("server-start");
    panel.admin();
    panel.await("two more", () -> table.getItems().size() == 7);
    assertThat(texts(table)).startsWith("The server started.", "The server was stopped.");
  }

  @Test
  void aServerThatRunsIsNotToBeStartedToSeeWhatHappened() {
    panel.admin();

    AtomicReference<String> before = new AtomicReference<>("");
    panel
        .robot()
        .interact(() -> {
          panel.robot().lookup("#go-activity").queryAs(ToggleButton.class).fire();
          before.set(emptyWord());
        });

    assertThat(before).hasValue("Looking…");
    panel.await(
        "the start",
        () -> !panel.robot().lookup("#happenings").queryTableView().getItems().isEmpty());
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    panel.type("happenings-words", "what never happens");
    assertThat(emptyWord()).isEqualTo("Nothing matches.");
  }

  private String emptyWord() {
    return ((Label) panel.robot().lookup("#happenings").queryTableView().getPlaceholder())
        .getText();
  }

  private TableView<LogLine> log() {
    panel.go("activity");
    panel.click("activity-log");
    return panel.robot().lookup("#log-lines").<LogLine>queryTableView();
  }

  @Test
  void logIsFollowedOverAFailedStart() throws Exception {
    panel.admin();
    TableView<LogLine> lines = log();
    System.Logger logger = System.getLogger("org.hearth.server.ActivityTest");
    for (int i = 0; i < 40; i++) {
      logger.log(System.Logger.Level.INFO, "a line to scroll");
    }
    panel.await("lines", () -> lines.getItems().size() > 40);
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    Path configuration = folder.resolve("data").resolve("hearth.yaml");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Files.writeString(
          configuration,
          Files.readString(configuration).replace("port: 0", "port: " + taken.getLocalPort()));
      panel.click("server-start");
      panel.await("failed", () -> panel.session().state().get() instanceof ServerState.Failed);
    }
    panel.await("its reason", () -> last(lines).contains("did not start"));
    assertThat(last(lines)).contains("did not start", "in use");
    panel.await("it is in sight", () -> isInSight(last(lines)));
    panel.screenshot("activity-log-failed");

    panel.click("server-start");
    panel.admin();

    panel.await("the newest line", () -> last(lines).contains("has started in"));
    assertThat(panel.robot().lookup("#log-follow").queryAs(ToggleButton.class).isSelected())
        .isTrue();
    panel.await("it is in sight", () -> isInSight(last(lines)));
    panel.screenshot("activity-log-restarted");
    panel.resize(860, 600);
    panel.await(
        "whole times, levels and parts in the smallest window",
        () ->
            panel.cut("#log-lines .table-cell").stream()
                .noneMatch(each -> each.matches("[0-9:]{8}|[a-z]+|[A-Z][A-Za-z]+")));
    assertThat(panel.cut(".field-name")).isEmpty();
    panel.screenshot("activity-log-860");
  }

  @Test
  void refusedStartLeavesALine() throws Exception {
    panel.admin();
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    Path configuration = folder.resolve("data").resolve("hearth.yaml");
    Files.writeString(
        configuration, Files.readString(configuration) + "federation: { mode: sometimes }\n");
    TableView<LogLine> lines = log();

    panel.click("server-start");

    panel.await("its line", () -> last(lines).contains("mode"));
    assertThat(last(lines)).contains("The server did not start", "hearth.yaml", "sometimes");
  }

  @Test
  void logDoesNotBeginWithAWarningOfJavaFx() {
    panel.admin();

    assertThat(panel.session().log().after(0))
        .isNotEmpty()
        .noneMatch(line -> line.message().contains("Unsupported JavaFX configuration"));
  }

  private static String last(TableView<LogLine> lines) throws Exception {
    return WaitForAsyncUtils.asyncFx(
            () -> lines.getItems().isEmpty() ? "" : lines.getItems().getLast().message())
        .get();
  }

  /// Whether a row of the table that is shown whole has this text.
  private boolean isInSight(String message) {
    var table = panel.robot().lookup("#log-lines").query();
    var whole = table.localToScene(table.getBoundsInLocal());
    return panel.robot().lookup("#log-lines .table-row-cell .table-cell").queryAll().stream()
        .filter(javafx.scene.Node::isVisible)
        .filter(cell -> message.equals(((javafx.scene.control.Labeled) cell).getText()))
        .anyMatch(cell -> whole.contains(cell.localToScene(cell.getBoundsInLocal())));
  }
}
