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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Labeled;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.TextArea;
import javafx.scene.input.Clipboard;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.hearth.app.shell.Closing;
import org.hearth.server.SecondStart;
import org.hearth.server.ServerState;
import org.hearth.server.admin.Person;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;
import org.testfx.util.WaitForAsyncUtils;

/// The pages on a server that runs.
class PanelTest extends WithPanel {
  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
  }

  @Test
  void homeTellsTheAddressAndCounts() throws Exception {
    panel.admin().createPerson("alice", "a good password", true);

    panel.await("one person", () -> panel.text("tile-people").equals("1"));
    assertThat(panel.text("address-hint")).contains("Only apps on this computer");
    panel.await("a time", () -> !panel.text("tile-uptime").equals("–"));

    assertThat(panel.text("status")).isEqualTo("Running as home.example");
    URI address = URI.create(panel.text("address"));
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).contains("home.example", panel.text("served"));
    assertThat(panel.text("served")).contains("Works: ", "Not yet: ");
    panel.click("open-address");
    assertThat(panel.opened()).containsExactly(panel.text("address"));
    assertThat(panel.text("desktop-asked")).contains(panel.text("address"), "open that yourself");
    panel.screenshot("home");
    panel.resize(1400, 900);
    panel.screenshot("home-1400");
    panel.resize(860, 600);
    panel.await("whole words in the smallest window", () -> panel.cut(".tile .label").isEmpty());
    panel.resize(1000, 700);
    panel.click("copy-address");
    assertThat(WaitForAsyncUtils.asyncFx(() -> Clipboard.getSystemClipboard().getString()).get())
        .isEqualTo(panel.text("address"));
  }

  @Test
  void homeOfANewServerSaysWhatToDo() {
    panel.admin();

    panel.await("a hint", () -> panel.shows("home-hint"));
    assertThat(panel.text("home-hint")).contains("People");
    panel.screenshot("home-new");
  }

  @Test
  void theLastOwnerStaysOneAndAnotherIsMade() {
    panel.admin().createPerson("alice", "a good password", true);
    panel.admin().createPerson("bob", "a good password", false);
    panel.await("an alert", () -> panel.shows("alert-0"));
    assertThat(panel.text("alert-0"))
        .startsWith("@alice:home.example: This is the only owner")
        .contains("People");
    panel.go("people");
    panel.await("both", () -> panel.rows("people-table") == 2);

    panel.robot().clickOn("@alice:home.example");
    assertThat(panel.text("toggle-owner")).isEqualTo("Make _member");
    panel.click("toggle-owner");
    panel.screenshot("people-member");
    panel.click("owner-do");
    panel.await("refused", () -> panel.text("people-problem").contains("only owner"));
    panel.screenshot("people-last-owner");
    panel.click("form-cancel");
    panel.click("deactivate");
    panel.type("close-retyped", "@alice:home.example");
    panel.click("close-do");
    panel.await("refused", () -> panel.text("people-problem").contains("only owner"));
    panel.click("form-cancel");

    panel.robot().clickOn("@bob:home.example");
    double top = topOfPeople();
    panel.click("toggle-owner");
    panel.click("form-cancel");
    assertThat(panel.admin().people("bob", 1).items().getFirst().admin()).isFalse();
    panel.click("toggle-owner");
    panel.click("owner-do");
    panel.await("an owner", () -> panel.text("people-outcome").contains("@bob:home.example is"));
    assertThat(panel.admin().people("bob", 1).items().getFirst().admin()).isTrue();
    assertThat(topOfPeople()).isEqualTo(top);
    panel.go("home");
    panel.await("no alert", () -> !panel.shows("alerts"));
  }

  /// Where the list of people begins in the window.
  private double topOfPeople() {
    Node table = panel.robot().lookup("#people-table").query();
    panel.robot().interact(() -> table.getScene().getRoot().layout());
    return table.localToScene(table.getBoundsInLocal()).getMinY();
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
    panel.retype("new-password-again", 7, "a good password");
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
    panel.await("one less", () -> panel.rows("people-table") == 1);
    panel.screenshot("people");
    panel.await("no news any more", () -> !panel.shows("people-outcome"));
    panel.robot().interact(() -> choose(Person.Group.CLOSED));
    panel.await("bob", () -> panel.rows("people-table") == 1 && first().deactivated());
    panel.screenshot("people-closed");
  }

  private void choose(Person.Group group) {
    panel.robot().lookup("#people-group").<Person.Group>queryComboBox().setValue(group);
  }

  @Test
  void aListRenewsItselfAndKeepsWhatIsSelected() {
    panel.admin().createPerson("bob", "a good password", false);
    panel.go("people");
    panel.await("bob", () -> panel.rows("people-table") == 1);
    panel.robot().clickOn("@bob:home.example");

    panel.admin().createPerson("alice", "a good password", true);
    panel.await("alice too", () -> panel.rows("people-table") == 2);

    TableView<Person> table = panel.robot().lookup("#people-table").queryTableView();
    assertThat(table.getSelectionModel().getSelectedItem().userId()).isEqualTo("@bob:home.example");
    assertThat(panel.text("people-count")).isEqualTo("2 accounts");
    panel.admin().setAdmin("@bob:home.example", true);
    panel.await("an owner", () -> table.getItems().getLast().admin());
    panel.await("may be unmade", () -> panel.text("toggle-owner").equals("Make _member"));
    panel.admin().deactivate("@alice:home.example", false);
    panel.await("alice gone", () -> panel.rows("people-table") == 1);
    assertThat(table.getSelectionModel().getSelectedItem().userId()).isEqualTo("@bob:home.example");
    panel.go("home");
    panel.await("the same count", () -> panel.text("tile-people").equals("1"));
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
    assertThat(panel.text("people-problem"))
        .contains("account of this name")
        .doesNotContain("M_USER");
    assertThat(panel.view().overlay().isOpen()).isTrue();
    panel.screenshot("people-problem");
    panel.robot().press(KeyCode.ESCAPE).release(KeyCode.ESCAPE);
    panel.await("closed", () -> !panel.view().overlay().isOpen());
  }

  @Test
  void capitalsInANameAreSaidAndNotMadeSmall() {
    panel.admin();
    panel.go("people");
    panel.click("create-person");
    panel.type("new-name", "Alice");
    panel.type("new-password", "a good password");
    panel.type("new-password-again", "a good password");

    assertThat(panel.text("new-name-word")).contains("no capitals");
    assertThat(panel.robot().lookup("#new-create").query().isDisabled()).isTrue();
    panel.screenshot("people-capitals");
    panel.retype("new-name", 5, "alice");
    assertThat(panel.shows("new-name-word")).isFalse();
    assertThat(panel.robot().lookup("#new-create").query().isDisabled()).isFalse();
  }

  @Test
  void everySearchSaysWhatItSearches() {
    panel.admin();
    panel.go("people");
    assertThat(panel.labels()).containsExactly("Search by name or id");
    panel.screenshot("people-search");
    panel.go("rooms");
    assertThat(panel.labels()).containsExactly("Search by name, alias or id");
    panel.go("activity");
    assertThat(panel.labels()).containsExactly("Search by person, address or what happened");
    panel.screenshot("activity-search");
    panel.click("activity-log");
    assertThat(panel.labels()).containsExactly("Search the log");
    panel.screenshot("activity-log-search");
  }

  @Test
  void headsSortPeopleByWhatTheyMean() {
    for (String name : List.of("bob", "Carol", "alice")) {
      panel
          .admin()
          .createPerson(name.toLowerCase(Locale.ROOT), "a good password", name.equals("bob"));
    }
    panel.go("people");
    panel.await("three", () -> panel.rows("people-table") == 3);

    panel.clickHead("people-table", "Id");
    panel.await("a first", () -> first().userId().startsWith("@alice"));
    panel.clickHead("people-table", "Id");
    panel.await("the last first", () -> first().userId().startsWith("@carol"));
    panel.clickHead("people-table", "Role");
    panel.await("owners after members", () -> !first().admin());
    panel.clickHead("people-table", "Role");
    panel.await("owners first", () -> first().userId().startsWith("@bob"));
    panel.resize(860, 600);
    panel.await(
        "whole heads in the smallest window",
        () -> panel.cut("#people-table .column-header .label").isEmpty());
    panel.resize(1000, 700);
  }

  @Test
  void closingTheWindowAsksOnceAndRemembers() {
    panel.admin();
    List<String> done = new ArrayList<>();
    Closing closing =
        new Closing(panel.session(), panel.view(), () -> done.add("hide"), () -> done.add("quit"));

    panel.robot().interact(closing::requested);
    panel.await("the question", () -> panel.shows("close-serve"));
    panel.screenshot("closing");
    panel.click("close-cancel");
    assertThat(done).isEmpty();
    panel.robot().interact(closing::requested);
    panel.click("close-remember");
    panel.click("close-serve");
    panel.robot().interact(closing::requested);

    assertThat(done).containsExactly("hide", "hide");
  }

  @Test
  void aSecondStartShowsTheFirstWindow() throws Exception {
    panel.admin();
    CountDownLatch shown = new CountDownLatch(1);
    panel.robot().interact(() -> panel.session().onSecondStart(shown::countDown));
    panel.click("server-restart");
    panel.await("running", () -> panel.session().admin().isPresent());
    panel.admin();

    assertThat(SecondStart.on(new DataFolder(folder.resolve("data"))))
        .isEqualTo(SecondStart.HANDED_OVER);
    assertThat(shown.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(SecondStart.on(new DataFolder(folder.resolve("other"))))
        .isEqualTo(SecondStart.FIRST);
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
    assertThat(panel.shows("wiring-nothing")).isFalse();
    assertThat(wholeRows())
        .as("rows that are seen without scrolling in a window of 1,000 by 700")
        .hasSizeGreaterThan(3);
    panel.screenshot("wiring");
    panel.click("server-stop");
    panel.await("an empty picture", () -> panel.shows("wiring-nothing"));
    panel.screenshot("wiring-stopped");
  }

  /// The rows of Wiring's table that nothing cuts off.
  private List<Node> wholeRows() {
    Node rows = panel.robot().lookup("#wiring-table .clipped-container").query();
    Bounds seen = rows.localToScene(rows.getLayoutBounds());
    Scene scene = rows.getScene();
    assertThat(scene.getWidth()).isEqualTo(1_000);
    assertThat(scene.getHeight()).isEqualTo(700);
    return panel.robot().lookup("#wiring-table .table-row-cell").queryAll().stream()
        .filter(each -> !((TableRow<?>) each).isEmpty() && each.isVisible())
        .filter(each -> seen.contains(each.localToScene(each.getLayoutBounds())))
        .toList();
  }

  @Test
  void servicesAreOneBoxUntilEachIsAskedFor() {
    panel.admin();
    panel.go("wiring");
    panel.await("the group", () -> panel.shows("wire-Services"));
    assertThat(panel.shows("wire-Profiles")).isFalse();

    panel.click("wiring-services");
    panel.await("each", () -> panel.shows("wire-Profiles"));

    assertThat(panel.shows("wire-Services")).isFalse();
    ScrollPane scroll = panel.robot().lookup("#wiring-scroll").queryAs(ScrollPane.class);
    panel.await(
        "all of it, without scrolling",
        () ->
            scroll.getViewportBounds().getHeight() > 500
                && scroll.getContent().getLayoutBounds().getHeight()
                    <= scroll.getViewportBounds().getHeight()
                && scroll.getContent().getLayoutBounds().getWidth()
                    <= scroll.getViewportBounds().getWidth());
    panel.screenshot("wiring-services");
    panel.click("wire-Profiles");
    panel.await("its sentence", () -> panel.shows("wiring-chosen"));
    assertThat(panel.text("wiring-chosen")).startsWith("Profiles (Names and pictures): ");
    panel.click("wire-ClientSync");
    Labeled chosen = panel.robot().lookup("#wiring-chosen").queryLabeled();
    panel.await(
        "the whole of a long sentence",
        () ->
            chosen.getText().startsWith("ClientSync")
                && chosen.getHeight() >= chosen.prefHeight(chosen.getWidth())
                && chosen.localToScene(chosen.getLayoutBounds()).getMaxY()
                    <= chosen.getScene().getHeight());
    panel.screenshot("wiring-services-chosen");
    panel.click("wiring-services");
    panel.await("the group again", () -> panel.shows("wire-Services"));
    panel.await("the table again", () -> scroll.getViewportBounds().getHeight() < 400);
  }

  @Test
  void aChosenBoxTellsItsLogsAndShowsItsReadersOnly() {
    panel.admin();
    panel.go("wiring");
    panel.await("rings", () -> panel.rows("wiring-table") >= 3);
    int all = panel.rows("wiring-table");

    panel.click("wire-account-output");
    panel.await("fewer", () -> panel.rows("wiring-table") < all);

    assertThat(panel.text("wiring-chosen"))
        .contains("account-output", "written by Committer (", "/s)", "ClientSync");
    panel.screenshot("wiring-chosen");
    panel.click("wire-commit");
    panel.await("units", () -> panel.text("wiring-chosen").contains("units of work ("));
    panel.screenshot("wiring-commit");
    panel.robot().press(KeyCode.ESCAPE).release(KeyCode.ESCAPE);
    panel.await("all again", () -> panel.rows("wiring-table") == all);
    panel.resize(1400, 900);
    panel.screenshot("wiring-1400");
    panel.resize(860, 600);
    panel.await(
        "whole heads in the smallest window",
        () -> panel.cut("#wiring-table .column-header .label").isEmpty());
    panel.screenshot("wiring-860");
    panel.resize(1000, 700);
  }

  @Test
  void activityShowsWhatTheServerSaysAndFilters() throws Exception {
    panel.admin();
    panel.go("activity");
    panel.click("activity-log");
    TableView<?> lines = panel.robot().lookup("#log-lines").queryTableView();
    panel.await("lines", () -> !lines.getItems().isEmpty());
    panel.screenshot("activity-log");

    panel.robot().interact(() -> lines.getSelectionModel().select(lines.getItems().size() - 1));
    panel.await("its whole text", () -> panel.shows("log-whole"));
    TextArea whole = panel.robot().lookup("#log-whole").queryAs(TextArea.class);
    assertThat(whole.isWrapText()).isTrue();
    assertThat(panel.robot().lookup("#log-lines .table-cell").<TableCell<?, ?>>queryAll())
        .extracting(TableCell::getTooltip)
        .filteredOn(Objects::nonNull)
        .isNotEmpty()
        .allMatch(tooltip -> tooltip.isWrapText() && tooltip.getMaxWidth() < 1000);
    panel.screenshot("activity-line");
    panel.click("log-copy");
    assertThat(WaitForAsyncUtils.asyncFx(() -> Clipboard.getSystemClipboard().getString()).get())
        .isEqualTo(panel.robot().lookup("#log-whole").queryTextInputControl().getText());
    panel.click("log-open");
    assertThat(panel.opened())
        .singleElement()
        .isEqualTo(folder.resolve("data").resolve("logs").toUri().toString());

    panel.type("log-words", "no line has these words");
    panel.await("no lines", () -> lines.getItems().isEmpty());
    panel.screenshot("activity-log-empty");
  }

  @Test
  void theServerIsStoppedStartedAndRestarted() {
    panel.admin();

    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    assertThat(panel.text("status")).isEqualTo("Stopped");
    assertThat(panel.text("tile-people")).isEqualTo("–");
    assertThat(panel.shows("server-stop")).isFalse();
    panel.screenshot("home-stopped");
    List<String> addresses = new CopyOnWriteArrayList<>();
    panel
        .robot()
        .lookup("#address")
        .queryLabeled()
        .textProperty()
        .addListener((_, _, now) -> addresses.add(now));
    panel.click("server-start");
    panel.admin();
    assertThat(addresses)
        .startsWith("The server starts…")
        .doesNotContain("The server is not running");
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

      assertThat(panel.text("status")).contains("Port " + taken.getLocalPort(), "in use");
      assertThat(panel.text("remedy")).contains("hearth.yaml");
      panel.await("a free port", () -> panel.shows("server-other-port"));
      assertThat(panel.robot().lookup("#server-other-port").query().isFocused()).isTrue();
      panel.screenshot("home-failed");
      panel.click("server-configuration");
      assertThat(panel.opened()).singleElement().asString().endsWith("hearth.yaml");
      assertThat(panel.text("desktop-asked")).contains("open " + configuration);

      panel.click("server-other-port");
      panel.admin();
      assertThat(panel.text("address")).doesNotContain(":" + taken.getLocalPort());
      assertThat(Files.readString(configuration)).contains("server-name: home.example");
    }
  }

  @Test
  void aBrokenConfigurationIsToldByItsLineAndPutRight() throws Exception {
    panel.admin();
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    Path configuration = folder.resolve("data").resolve("hearth.yaml");
    String good = Files.readString(configuration);
    Files.writeString(configuration, good + "federation: { mode: sometimes }\n");

    panel.click("server-start");
    panel.await("failed", () -> panel.session().state().get() instanceof ServerState.Failed);

    assertThat(panel.text("status")).contains("hearth.yaml", "line 4", "mode", "sometimes");
    assertThat(panel.text("remedy")).contains("Correct");
    panel.screenshot("home-broken-configuration");
    Files.writeString(configuration, good);
    panel.click("server-start");
    panel.admin();
  }

  @Test
  void aDataFolderThatCannotBeUsedIsToldAndPutRight() throws Exception {
    panel.admin();
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    Path keys = folder.resolve("data").resolve("keys");
    Path aside = folder.resolve("data").resolve("keys-aside");
    Files.move(keys, aside);
    Files.writeString(keys, "");

    panel.click("server-start");
    panel.await("failed", () -> panel.session().state().get() instanceof ServerState.Failed);

    assertThat(panel.text("status")).contains(keys.toString(), "must be a folder");
    assertThat(panel.text("remedy")).contains("start again");
    panel.screenshot("home-data-folder");
    Files.delete(keys);
    Files.move(aside, keys);
    panel.click("server-start");
    panel.admin();
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
