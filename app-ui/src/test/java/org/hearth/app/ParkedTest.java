package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.stage.Stage;
import org.hearth.server.ServerState;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;

/// A message that the server could not handle, because a row of its room is damaged.
class ParkedTest extends WithPanel {
  private static final String PASSWORD = "a good password";
  private static final String POWER_LEVELS =
      " WHERE key_nid = (SELECT k.key_nid FROM room_state_key k WHERE k.room_nid = room_event.room_nid"
          + " AND k.type = 'm.room.power_levels')";

  @SuppressWarnings("NullAway.Init")
  private Chat alice;

  private String room = "";

  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
  }

  @Test
  void aParkedMessageIsHandledWhenItIsTriedAgain() throws Exception {
    parkAMessage();
    panel.await("an alert on Home", () -> panel.shows("alert-0"));
    assertThat(panel.text("alert-0")).contains(room, "1 entry of room-input", "Wiring");
    panel.screenshot("home-alert");
    panel.go("wiring");
    panel.await("what is parked", () -> panel.shows("parked-0"));
    assertThat(panel.text("parked-0"))
        .contains(room, "1 entry of room-input", "99")
        .as("what only a programmer reads is in the tooltip")
        .doesNotContain("xception", "org.hearth");
    assertThat(panel.robot().lookup("#parked-0").queryAs(Label.class).getTooltip().getText())
        .contains("99", " at org.hearth");
    panel.await("the box is red", () -> panel.text("wiring-sentence").contains("room-input"));
    assertThat(panel.robot().lookup("#wire-room-input").query().getStyleClass()).contains("failed");
    assertThat(panel.robot().lookup("#wire-RoomServer").query().getStyleClass()).contains("failed");
    assertThat(panel.robot().lookup("#wire-ClientSync").query().getStyleClass())
        .doesNotContain("failed");
    assertThat(panel.robot().lookup("#wiring-table .table-row-cell").<Node>queryAll())
        .filteredOn(row -> row.getStyleClass().contains("failed"))
        .as("of the threads that handle the log, the one that parked")
        .hasSize(1);
    panel.await("the whole sentence", () -> panel.cut("#wiring-sentence").isEmpty());
    panel.screenshot("wiring-parked");

    panel.click("parked-retry-0");
    panel.await("the same again", () -> panel.text("wiring-outcome").contains("failed again"));
    assertThat(panel.shows("parked-0")).isTrue();
    repair();
    panel.click("parked-retry-0");
    panel.await("handled", () -> panel.text("wiring-outcome").startsWith("Done: 1 handled"));

    panel.await("nothing parked", () -> !panel.shows("parked"));
    assertThat(alice.texts(room)).containsExactly("Held up", "Before");
    panel.screenshot("wiring-retried");
    panel.await("no news any more", () -> !panel.shows("wiring-outcome"));
    panel.go("home");
    panel.await("no alert", () -> !panel.shows("alerts"));
  }

  @Test
  void aParkedMessageIsDiscardedAfterAQuestion() throws Exception {
    parkAMessage();
    panel.go("wiring");
    panel.await("what is parked", () -> panel.shows("parked-0"));

    panel.click("parked-discard-0");
    panel.screenshot("wiring-discard");
    panel.click("parked-keep");
    assertThat(panel.admin().parked()).hasSize(1);
    panel.click("parked-discard-0");
    panel.click("parked-discard-do");
    panel.await("discarded", () -> panel.text("wiring-outcome").contains("1 discarded"));

    panel.await("nothing parked", () -> !panel.shows("parked"));
    repair();
    alice.say(room, "After").granted();
    assertThat(alice.texts(room)).containsExactly("After", "Before");
  }

  @Test
  void anAlertOfARoomIsShownUntilItWasSeen() throws Exception {
    makeARoom();
    rows()
        .change(
            "INSERT INTO room_alert (room_nid, raised, text) SELECT room_nid, ?, ? FROM room",
            System.currentTimeMillis(),
            "Branches of the room's history came together and changed what nobody changed: the power levels");

    panel.await("an alert", () -> panel.shows("alert-0"));
    assertThat(panel.text("alert-0")).contains("The garden", "power levels.", "Ask who moderates");
    panel.screenshot("home-room-alert");
    panel.click("alerts-seen");
    panel.await("none", () -> !panel.shows("alerts"));
    assertThat(panel.robot().lookup("#home-page").query().isFocused()).isTrue();
    panel.click("server-restart");
    panel.admin();
    panel.await("people", () -> panel.text("tile-people").equals("1"));

    assertThat(panel.shows("alerts")).isFalse();
    assertThat(panel.admin().alerts(10)).hasSize(1);
  }

  private void makeARoom() {
    panel.admin().createPerson("alice", PASSWORD, true);
    alice = Chat.signIn(panel.address(), "alice", PASSWORD);
    room = alice.createRoom(Map.of("name", "The garden"));
    alice.say(room, "Before").granted();
  }

  /// After a restart the server reads the damaged row.
  private void parkAMessage() throws Exception {
    makeARoom();
    assertThat(rows().change("UPDATE room_event SET standing = 99" + POWER_LEVELS)).isEqualTo(1);
    ServerState before = panel.session().state().get();
    panel.click("server-restart");
    panel.await(
        "running anew",
        () ->
            panel.session().state().get() instanceof ServerState.Running now
                && !now.equals(before));
    alice = alice.at(panel.address());

    assertThat(alice.say(room, "Held up").status()).isEqualTo(500);

    panel.await("parked", () -> !panel.admin().parked().isEmpty());
    assertThat(panel.admin().parked()).hasSize(1);
  }

  private void repair() throws Exception {
    assertThat(rows().change("UPDATE room_event SET standing = 0" + POWER_LEVELS)).isEqualTo(1);
  }

  private Rows rows() {
    return new Rows(folder.resolve("data"));
  }
}
