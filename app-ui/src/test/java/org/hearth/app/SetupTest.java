package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javafx.scene.control.Labeled;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.hearth.app.shell.Closing;
import org.hearth.server.ServerState;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;

/// The first run, from the first question to the running server.
class SetupTest extends WithPanel {
  private final List<String> closed = new CopyOnWriteArrayList<>();

  @Start
  void open(Stage stage) {
    panel = Panel.firstStart(stage, folder.resolve("data"));
  }

  @Test
  void aNameMustBeGoodAndTypedTwice() {
    assertThat(nextIsOffered()).isFalse();

    panel.type("setup-name", "Not A Name");
    assertThat(panel.text("setup-name-word")).contains("lower case");
    panel.screenshot("setup-name-problem");
    panel.retype("setup-name", 10, "home.example");
    assertThat(panel.shows("setup-name-word")).isFalse();
    assertThat(panel.text("setup-id")).isEqualTo("@you:home.example");
    assertThat(nextIsOffered()).isFalse();
    panel.type("setup-retyped", "home.exmple");
    assertThat(nextIsOffered()).isFalse();
    panel.retype("setup-retyped", 11, "home.example");

    panel.await("next", this::nextIsOffered);
    panel.screenshot("setup-name");
  }

  @Test
  void aDoubtAboutANameIsNoRefusal() {
    for (String doubtful :
        List.of("localhost", "matrix.example.org", "example.org:8448", "home.local")) {
      fill("setup-name", doubtful);
      fill("setup-retyped", doubtful);

      assertThat(panel.text("setup-name-doubt")).startsWith("Worth a second thought: ");
      assertThat(panel.shows("setup-name-word")).isFalse();
      assertThat(nextIsOffered()).isTrue();
    }
    panel.screenshot("setup-name-doubt");
    fill("setup-name", "example.org:84488");

    assertThat(panel.shows("setup-name-doubt")).isFalse();
    assertThat(panel.text("setup-name-word")).contains("a number from 1 to 65535");
    assertThat(nextIsOffered()).isFalse();
  }

  @Test
  void whyTheSecondTypingIsNotEnoughIsSaid() {
    fill("setup-name", "example.org.");
    fill("setup-retyped", "example.org.");
    assertThat(panel.text("setup-name-word")).contains("end with a dot");
    assertThat(nextIsOffered()).isFalse();

    fill("setup-name", "example.org");
    assertThat(panel.text("setup-retyped-word")).contains("not the same");
    fill("setup-retyped", "example.o");
    assertThat(panel.text("setup-retyped-rest")).isEqualTo("“rg” is still missing.");
    assertThat(nextIsOffered()).isFalse();
    fill("setup-retyped", "example.org");

    assertThat(panel.shows("setup-retyped-word") || panel.shows("setup-retyped-rest")).isFalse();
    assertThat(nextIsOffered()).isTrue();
  }

  @Test
  void everyFieldOfEveryStepHasALabelThatStays() {
    assertThat(panel.labels())
        .containsExactly("Server name", "Once more, because it cannot be changed");
    name();
    assertThat(panel.labels()).containsExactly("Data folder");
    panel.click("setup-next");
    assertThat(panel.labels()).containsExactly("Your name", "Password", "The password again");
  }

  @Test
  void aFolderThatACloudCopiesIsWarnedOf() {
    name();
    assertThat(panel.shows("setup-folder-doubt")).isFalse();

    fill("setup-folder", folder.resolve("Dropbox").resolve("data").toString());

    panel.await("a doubt", () -> panel.shows("setup-folder-doubt"));
    assertThat(panel.text("setup-folder-doubt")).contains("in Dropbox");
    assertThat(nextIsOffered()).isTrue();
    panel.screenshot("setup-folder-doubt");
  }

  @Test
  void capitalsInTheOwnersNameAreSaidAndNotMadeSmall() {
    name();
    panel.click("setup-next");
    owner();
    fill("setup-owner", "Alice");

    assertThat(panel.text("setup-owner-word")).contains("no capitals");
    assertThat(nextIsOffered()).isFalse();
  }

  @Test
  void aServerIsMadeWithItsFirstOwner() {
    name();
    TextField data = panel.robot().lookup("#setup-folder").queryAs(TextField.class);
    assertThat(data.getText()).isEqualTo(folder.resolve("data").toString());
    panel.screenshot("setup-folder");
    panel.click("setup-next");
    panel.type("setup-owner", "alice");
    panel.type("setup-password", "a good password");
    panel.type("setup-password-again", "a good");
    assertThat(panel.text("setup-password-word")).contains("differ");
    assertThat(nextIsOffered()).isFalse();
    panel.retype("setup-password-again", 6, "a good password");
    panel.screenshot("setup-owner");
    panel.click("setup-next");
    assertThat(panel.text("setup-summary")).contains("@alice:home.example");
    assertThat(folder.resolve("data")).doesNotExist();
    panel.screenshot("setup-last");

    panel.click("setup-next");
    panel.await("the panel", () -> panel.shows("home-page") || panel.shows("setup-problem"));

    // The port of a new server may be taken on the machine that runs this test: then the reason is
    // shown and everything is there to try again.
    assertThat(Files.exists(folder.resolve("data").resolve("hearth.yaml"))).isTrue();
    if (panel.shows("setup-problem")) {
      assertThat(panel.text("setup-problem")).contains("ort 8008");
      return;
    }
    assertThat(panel.session().state().get()).isInstanceOf(ServerState.Running.class);
    assertThat(panel.admin().people("", 10).items())
        .singleElement()
        .satisfies(person -> {
          assertThat(person.userId()).isEqualTo("@alice:home.example");
          assertThat(person.admin()).isTrue();
        });
  }

  @Test
  void aFolderThatCannotBeUsedIsRefusedAndOneCanGoBack() throws Exception {
    Path file = Files.writeString(folder.resolve("a-file"), "");
    name();
    TextField data = panel.robot().lookup("#setup-folder").queryAs(TextField.class);
    panel.robot().interact(() -> data.setText(file.toString()));

    panel.await("a word", () -> panel.shows("setup-folder-word"));
    assertThat(panel.text("setup-folder-word")).contains("file");
    assertThat(nextIsOffered()).isFalse();
    panel.screenshot("setup-folder-problem");
    panel.click("setup-back");
    assertThat(panel.text("setup-step")).isEqualTo("Step 1 of 4");
  }

  @Test
  void aFolderIsChosenAndItsSpaceTold() throws Exception {
    name();

    panel.click("setup-choose");

    TextField data = panel.robot().lookup("#setup-folder").queryAs(TextField.class);
    assertThat(data.getText()).isEqualTo(folder.resolve("chosen").toString());
    assertThat(panel.text("setup-space")).contains("GB free");
    Path other = Files.createDirectory(folder.resolve("photos"));
    Files.writeString(other.resolve("holiday.jpg"), "");
    panel.robot().interact(() -> data.setText(other.toString()));
    panel.await("a word", () -> panel.shows("setup-folder-word"));
    assertThat(panel.text("setup-folder-word")).contains("other things");
    assertThat(nextIsOffered()).isFalse();
  }

  @Test
  void aPortInUseIsTheOnlyThingThatIsDoneAgain() throws Exception {
    try (ServerSocket taken = takePort()) {
      name();
      panel.click("setup-next");
      owner();
      panel.click("setup-next");
      panel.click("setup-next");
      panel.await("the reason", () -> panel.shows("setup-problem"));
      assertThat(panel.text("setup-problem")).contains("ort 8008", "in use").doesNotContain("..");
      assertThat(folder.resolve("data").resolve("database")).doesNotExist();
      panel.await("a remedy", () -> panel.shows("setup-other-port"));
      assertThat(panel.robot().lookup("#setup-other-port").query().isFocused()).isTrue();
      panel.screenshot("setup-port");
      Labeled summary = panel.robot().lookup("#setup-summary").queryLabeled();
      assertThat(summary.getText()).contains(", port 8008, ");

      panel.robot().press(KeyCode.ENTER).release(KeyCode.ENTER);
      assertThat(summary.getText()).containsPattern(", port (?!8008,)[0-9]+, ");
      panel.await("the panel", () -> panel.shows("home-page"));

      assertThat(panel.admin().people("", 10).items())
          .singleElement()
          .satisfies(person -> assertThat(person.admin()).isTrue());
      assertThat(taken.isClosed()).isFalse();
    }
  }

  @Test
  void cancellingLeavesNothingAndOneCanGoOn() throws Exception {
    Path data = folder.resolve("new").resolve("data");
    choices(data);
    List<ServerState> states = new CopyOnWriteArrayList<>();
    panel
        .robot()
        .interact(() -> panel.session().state().addListener((_, _, state) -> states.add(state)));
    panel.click("setup-next");
    assertThat(panel.robot().lookup("#setup-cancel").query().isFocused()).isFalse();
    panel.click("setup-cancel");

    panel.await("cancelled", () -> panel.shows("setup-problem"));
    assertThat(panel.text("setup-problem")).isEqualTo("Cancelled. Nothing was kept.");
    assertThat(data.getParent()).doesNotExist();
    assertThat(states).noneMatch(ServerState.Running.class::isInstance);
    panel.screenshot("setup-cancelled");
    panel.click("setup-back");
    panel.click("setup-back");
    assertThat(panel.robot().lookup("#setup-folder").query().isDisabled()).isFalse();
    assertThat(panel.text("setup-step")).isEqualTo("Step 2 of 4");
  }

  @Test
  void closingTheWindowMeanwhileLeavesNothing() {
    Path data = folder.resolve("new").resolve("data");
    choices(data);
    panel.click("setup-next");

    close();

    panel.await("closed", () -> !closed.isEmpty());
    assertThat(closed).containsExactly("quit");
    assertThat(data.getParent()).doesNotExist();
  }

  @Test
  void closingTheWindowAfterAFailureLeavesNothing() throws Exception {
    Path data = folder.resolve("data");
    try (ServerSocket taken = takePort()) {
      choices(data);
      panel.click("setup-next");
      panel.await("the reason", () -> panel.shows("setup-problem"));

      close();

      panel.await("closed", () -> !closed.isEmpty());
      assertThat(closed).containsExactly("quit");
      assertThat(data).doesNotExist();
      assertThat(taken.isClosed()).isFalse();
    }
  }

  @Test
  void closingTheWindowBeforeAnythingIsMadeClosesItAtOnce() {
    name();

    close();

    assertThat(closed).containsExactly("quit");
    assertThat(folder.resolve("data")).doesNotExist();
  }

  private void close() {
    Closing closing =
        new Closing(
            panel.session(), panel.view(), () -> closed.add("hide"), () -> closed.add("quit"));
    panel.robot().interact(closing::requested);
  }

  @Test
  void goingBackAfterAFailureLeavesNothing() throws Exception {
    Path data = Files.createDirectory(folder.resolve("mine"));
    Files.createDirectory(data.resolve("media"));
    try (ServerSocket taken = takePort()) {
      choices(data);
      panel.click("setup-next");
      panel.await("the reason", () -> panel.shows("setup-problem"));
      assertThat(data.resolve("hearth.yaml")).exists();

      panel.click("setup-back");
      panel.await(
          "all is removed", () -> !panel.robot().lookup("#setup-back").query().isDisabled());

      assertThat(data.resolve("hearth.yaml")).doesNotExist();
      assertThat(data).isDirectoryNotContaining(each -> !each.endsWith("media"));
      panel.click("setup-back");
      panel.click("setup-back");
      assertThat(panel.robot().lookup("#setup-name").query().isDisabled()).isFalse();
      assertThat(taken.isClosed()).isFalse();
    }
  }

  @Test
  void aFolderThatHasBecomeAFileIsToldAndAnotherCanBeChosen() throws Exception {
    choices(folder.resolve("data"));
    Files.writeString(folder.resolve("data"), "");

    panel.click("setup-next");
    panel.await("the reason", () -> panel.shows("setup-problem"));

    assertThat(panel.text("setup-problem")).contains("is a file", "choose another folder");
    assertThat(folder.resolve("data")).isRegularFile();
    panel.screenshot("setup-failed");
    panel.click("setup-back");
    panel.click("setup-back");
    assertThat(panel.text("setup-folder-word")).contains("file");
  }

  @Test
  void aFolderBelowAFileIsRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("a-file"), "");
    name();
    TextField data = panel.robot().lookup("#setup-folder").queryAs(TextField.class);
    panel.robot().interact(() -> data.setText(file.resolve("data").toString()));

    panel.await("a word", () -> panel.shows("setup-folder-word"));
    assertThat(panel.text("setup-folder-word")).contains(file + " is a file");
    assertThat(nextIsOffered()).isFalse();
  }

  @Test
  void aShortPasswordIsNotTaken() {
    name();
    panel.click("setup-next");
    panel.type("setup-owner", "alice");
    panel.type("setup-password", "short");
    panel.type("setup-password-again", "short");

    assertThat(panel.text("setup-password-strength")).contains("At least 8");
    assertThat(nextIsOffered()).isFalse();
    panel.screenshot("setup-password-short");
  }

  /// The standard port, by this test or, where something else has it, by that.
  private static ServerSocket takePort() throws IOException {
    ServerSocket socket = new ServerSocket();
    try {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 8008));
    } catch (BindException _) {
      // Somebody else has it: as good.
      assertThat(socket.isBound()).isFalse();
    }
    return socket;
  }

  /// All steps up to the last.
  private void choices(Path data) {
    name();
    TextField field = panel.robot().lookup("#setup-folder").queryAs(TextField.class);
    panel.robot().interact(() -> field.setText(data.toString()));
    panel.click("setup-next");
    owner();
    panel.click("setup-next");
  }

  /// Puts a text into a field in place of what is there.
  private void fill(String id, String text) {
    TextField field = panel.robot().lookup("#" + id).queryAs(TextField.class);
    panel.robot().interact(() -> field.setText(text));
  }

  private void owner() {
    panel.type("setup-owner", "alice");
    panel.type("setup-password", "a good password");
    panel.type("setup-password-again", "a good password");
  }

  private void name() {
    panel.type("setup-name", "home.example");
    panel.type("setup-retyped", "home.example");
    panel.click("setup-next");
  }

  private boolean nextIsOffered() {
    return !panel.robot().lookup("#setup-next").query().isDisabled();
  }
}
