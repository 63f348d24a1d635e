package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import atlantafx.base.controls.ToggleSwitch;
import com.google.zxing.BinaryBitmap;
import com.google.zxing.RGBLuminanceSource;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.qrcode.QRCodeReader;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.control.Labeled;
import javafx.scene.control.ScrollPane;
import javafx.scene.image.WritableImage;
import javafx.scene.input.Clipboard;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.Pane;
import javafx.stage.Stage;
import org.hearth.server.ServerState;
import org.hearth.server.admin.TokenSummary;
import org.hearth.server.admin.WayIn;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;
import org.testfx.util.WaitForAsyncUtils;

/// How apps connect, on a server that runs on this computer alone until it is opened.
class ConnectTest extends WithPanel {
  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
  }

  private void goThere() {
    panel.admin();
    panel.go("connect");
    panel.await("the address", () -> panel.shows("connect-address-0"));
  }

  @Test
  void addressLinkAndAppsAreShownAndTheCodeIsReadAgain() throws Exception {
    goThere();

    assertThat(panel.text("connect-address-0")).isEqualTo(panel.address().toString());
    assertThat(panel.text("connect-reach")).contains("Only apps on this computer");
    assertThat(panel.text("connect-link"))
        .isEqualTo("https://mobile.element.io/element/?account_provider=" + panel.address());
    assertThat(read("connect-qr")).isEqualTo(panel.text("connect-link"));
    assertThat(panel.text("app-verdict-0")).isEqualTo("will not");
    assertThat(panel.text("app-why-0")).contains("https");
    assertThat(panel.text("app-verdict-2")).isEqualTo("works");
    assertThat(panel.text("app-verdict-3")).isEqualTo("not yet");
    panel.screenshot("connect");

    panel.type("connect-person", "Zoe");
    assertThat(panel.text("connect-person-word")).contains("lower case");
    assertThat(panel.text("connect-link")).doesNotContain("login_hint");
    panel.retype("connect-person", 3, "zoe");
    assertThat(panel.text("connect-link")).endsWith("&login_hint=mxid:@zoe:home.example");
    assertThat(read("connect-qr")).isEqualTo(panel.text("connect-link"));
    panel.click("connect-copy-link");
    assertThat(clipboard()).isEqualTo(panel.text("connect-link"));
    panel.click("connect-copy-0");
    assertThat(clipboard()).isEqualTo(panel.text("connect-address-0"));

    panel.resize(860, 600);
    panel.screenshot("connect-small");
    panel.await("nothing is cut", () -> panel.cut("#connect-page .label").isEmpty());
    down();
    panel.screenshot("connect-small-below");
    panel.await("nothing is cut", () -> panel.cut("#connect-page .label").isEmpty());
    panel.resize(1000, 700);
  }

  /// By a key, since a click gives the focus to what is clicked.
  @Test
  void thePageHasTheFocusAtTheFirstVisit() {
    panel.admin();
    panel.robot().press(KeyCode.CONTROL, KeyCode.DIGIT4).release(KeyCode.DIGIT4, KeyCode.CONTROL);
    panel.await("the page", () -> panel.shows("connect-open"));

    panel.await("its switch has the focus", () -> node("connect-open").isFocused());
  }

  @Test
  void theSwitchAsksWritesTheSettingsAndRestarts() throws Exception {
    goThere();
    panel.click("connect-open");
    panel.screenshot("connect-asked");
    panel.click("open-cancel");
    assertThat(((ToggleSwitch) node("connect-open")).isSelected()).isFalse();
    assertThat(settings()).contains("bind: 127.0.0.1");

    panel.robot().press(KeyCode.SPACE).release(KeyCode.SPACE);
    panel.await("asked by key, too", () -> panel.shows("open-do"));
    panel.click("open-do");
    panel.await("written", () -> settings().contains("bind: 0.0.0.0"));
    panel.await(
        "open to others",
        () -> panel.session().connect().filter(each -> each.openToOthers()).isPresent());
    panel.await("told", () -> panel.text("connect-reach").startsWith("Phones and other"));
    panel.await("the address", () -> panel.shows("connect-address-0"));
    WayIn best = panel.session().connect().orElseThrow().best();
    assertThat(panel.text("connect-address-0")).isEqualTo(best.url());
    assertThat(panel.text("connect-over-0")).isEqualTo(best.over().orElse(""));
    assertThat(read("connect-qr")).isEqualTo(panel.text("connect-link")).contains(best.url());
    panel.screenshot("connect-open");

    panel.click("connect-open");
    panel.await("asked", () -> panel.text("open-do").contains("off"));
    panel.screenshot("connect-asked-off");
    panel.click("open-do");
    panel.await("written", () -> settings().contains("bind: 127.0.0.1"));
    panel.await(
        "closed to others",
        () -> panel.session().connect().filter(each -> !each.openToOthers()).isPresent());
  }

  @Test
  void anAddressWithHttpsIsAddedAndDevicesAreToldOfTheAuthority() throws Exception {
    goThere();
    clickBelow("add-https");
    panel.screenshot("connect-https-asked");
    panel.click("https-do");

    panel.await("written", () -> settings().contains("port: 8443, tls: { home-authority: true }"));
    panel.await(
        "it serves so",
        () -> panel.session().connect().filter(each -> each.authority().isPresent()).isPresent());
    panel.await("the address", () -> panel.text("connect-address-0").startsWith("https://"));
    String fingerprint =
        panel.session().connect().orElseThrow().authority().orElseThrow().fingerprint();
    assertThat(panel.text("app-why-0")).contains("authority");
    assertThat(
            ((Pane) node("connect-notes"))
                .getChildren().stream().map(each -> ((Labeled) each).getText()))
        .anyMatch(note -> note.contains("/certificate") && note.contains(fingerprint));
    assertThat(node("add-https").isVisible()).isFalse();
    panel.screenshot("connect-https");
  }

  @Test
  void aStoppedServerIsOpenedFromItsNextStartOn() {
    goThere();
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);

    panel.await("told", () -> panel.text("connect-absence").equals("The server is not running."));
    assertThat(panel.shows("connect-address-0")).isFalse();
    assertThat(node("invitations").getParent().isVisible()).isFalse();
    panel.screenshot("connect-stopped");
    panel.click("connect-open");
    panel.await("written", () -> settings().contains("bind: 0.0.0.0"));
    panel.await("told", () -> panel.text("connect-outcome").contains("from the next start on"));
    assertThat(panel.session().state().get()).isInstanceOf(ServerState.Stopped.class);
  }

  @Test
  void whereAnybodyMayRegisterInvitationsCloseThat() throws Exception {
    goThere();
    Files.writeString(
        folder.resolve("data/hearth.yaml"), settings() + "registration: { mode: open }\n");
    panel.click("server-restart");
    panel.await("told", () -> panel.text("invitations-hint").startsWith("Anybody who reaches"));

    clickBelow("allow-invitations");
    panel.click("allow-do");

    panel.await("written", () -> settings().contains("registration: { mode: token }"));
    panel.await("told", () -> panel.text("invitations-hint").startsWith("Nobody is invited."));
  }

  @Test
  void settingsThatCannotBeChangedStayAndSayWhy() throws Exception {
    goThere();
    Files.writeString(
        folder.resolve("data/hearth.yaml"),
        "server-name: home.example\nlisteners: [ { bind: 127.0.0.1, port: 1 }, { bind: 127.0.0.2, port: 1 } ]\n");

    panel.click("connect-open");
    panel.click("open-do");

    panel.await("refused", () -> panel.text("connect-problem").contains("no other listener has"));
    assertThat(panel.session().state().get()).isInstanceOf(ServerState.Running.class);
    panel.screenshot("connect-refused");
  }

  @Test
  void somebodyIsInvitedWhereTheSettingsAllowIt() throws Exception {
    goThere();
    assertThat(panel.text("invitations-hint")).contains("only you make accounts");
    down();
    panel.screenshot("connect-not-allowed");
    clickBelow("allow-invitations");
    panel.screenshot("connect-allow");
    panel.click("allow-do");
    panel.await("written", () -> settings().contains("registration: { mode: token }"));
    panel.await(
        "restarted",
        () -> panel.session().admin().filter(each -> each.registersByToken()).isPresent());
    panel.await("it can be done", () -> panel.shows("connect-address-0"));

    down();
    panel.screenshot("connect-nobody");
    clickBelow("invite");
    panel.screenshot("connect-invite");
    panel.click("invite-do");
    panel.await("an invitation", () -> panel.shows("invitation-token"));
    TokenSummary made = panel.admin().tokens().getFirst();
    assertThat(made.usesAllowed()).hasValue(1);
    assertThat(made.expires().orElseThrow()).isAfter(Instant.now());
    assertThat(panel.text("invitation-token")).isEqualTo(made.token());
    assertThat(panel.text("invitation-link"))
        .isEqualTo("%s/?invitation=%s".formatted(panel.address(), made.token()));
    assertThat(read("invitation-qr")).isEqualTo(panel.text("invitation-link"));
    panel.screenshot("connect-invitation");
    panel.click("invitation-link-copy");
    assertThat(clipboard()).isEqualTo(panel.text("invitation-link"));
    panel.click("invitation-close");

    Chat.register(panel.address(), "bob", made.token(), "a good password").granted();
    assertThat(Chat.register(panel.address(), "eve", made.token(), "a good password").status())
        .as("a second account with an invitation for one")
        .isEqualTo(401);
    panel.await("used up", () -> has("used up"));
    panel.admin().createToken(Optional.of("family"), OptionalInt.empty(), Optional.empty());
    panel.await("any number", () -> has("any number of accounts"));
    down();
    panel.screenshot("connect-invitations");

    clickBelow("invitation-end-0");
    panel.click("invitation-end-do");
    panel.await("one less", () -> panel.admin().tokens().size() == 1);
    assertThat(panel.text("connect-outcome")).contains("has ended");
  }

  private boolean has(String words) {
    return panel.robot().from(node("invitations")).lookup(".label").<Labeled>queryAll().stream()
        .anyMatch(each -> each.getText().equals(words));
  }

  private String settings() {
    try {
      return Files.readString(folder.resolve("data/hearth.yaml"));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Node node(String id) {
    return panel.robot().lookup("#" + id).query();
  }

  private void down() {
    panel.robot().interact(() -> ((ScrollPane) node("connect-page")).setVvalue(1));
  }

  /// What is there moves while the page learns of a restart.
  private void clickBelow(String id) {
    Node page = node("connect-page");
    panel.await(
        id + " is in view",
        () -> {
          down();
          Bounds there = node(id).localToScene(node(id).getBoundsInLocal());
          return page.localToScene(page.getBoundsInLocal()).contains(there);
        });
    panel.click(id);
  }

  private static String clipboard() throws Exception {
    return WaitForAsyncUtils.asyncFx(() -> Clipboard.getSystemClipboard().getString()).get();
  }

  /// What a phone's camera reads from the pixels that are shown, which are sharp.
  private String read(String id) throws Exception {
    Node node = node(id);
    WritableImage shown =
        WaitForAsyncUtils.asyncFx(
                () -> {
                  Bounds bounds = node.localToScene(node.getBoundsInLocal());
                  assertThat(bounds.getMinX())
                      .as("on whole pixels")
                      .isEqualTo(Math.rint(bounds.getMinX()));
                  assertThat(bounds.getMinY())
                      .as("on whole pixels")
                      .isEqualTo(Math.rint(bounds.getMinY()));
                  return node.snapshot(null, null);
                })
            .get();
    int width = (int) shown.getWidth();
    int height = (int) shown.getHeight();
    int[] pixels = new int[width * height];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = shown.getPixelReader().getArgb(i % width, i / width) & 0xffffff;
      assertThat(pixels[i]).as("black or white").isIn(0, 0xffffff);
    }
    return new QRCodeReader()
        .decode(
            new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(width, height, pixels))))
        .getText();
  }
}
