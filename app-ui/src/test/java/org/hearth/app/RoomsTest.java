package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javafx.scene.Node;
import javafx.scene.control.TableView;
import javafx.stage.Stage;
import org.hearth.server.ServerState;
import org.hearth.server.admin.RateHistory.Point;
import org.hearth.server.admin.RateHistory.Window;
import org.hearth.server.admin.RoomSummary;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;

/// Rooms that people have made in their apps.
class RoomsTest extends WithPanel {
  private static final String PASSWORD = "a good password";
  private static final Pattern PEAK =
      Pattern.compile("0\\.0 events per second now, at most [1-9].* in the last ten minutes");

  private static final Pattern PEAK_OF_BEFORE =
      Pattern.compile("At most [1-9].* events per second in the last ten minutes");

  @Start
  void open(Stage stage) {
    panel =
        Panel.onServer(
            stage, folder.resolve("data"), Panel.ANY_PORT + "rate-limits: { enabled: false }\n");
  }

  @Test
  void roomsAreListedWithTheirPeopleAndSearched() {
    Chat alice = person("alice");
    Chat bob = person("bob");
    String garden = alice.createRoom(Map.of("name", "The garden", "room_alias_name", "garden"));
    alice.invite(garden, "@bob:home.example");
    bob.join(garden);
    alice.say(garden, "The tomatoes are ripe.").granted();
    bob.say(garden, "I am coming.").granted();
    alice.createRoom(Map.of("room_alias_name", "kitchen", "room_version", "11"));
    String secret =
        alice.createRoom(
            Map.of(
                "name",
                "Birthday",
                "initial_state",
                List.of(
                    Map.of(
                        "type",
                        "m.room.encryption",
                        "content",
                        Map.of("algorithm", "m.megolm.v1.aes-sha2")))));
    String nameless = bob.createRoom(Map.of());

    panel.go("rooms");
    panel.await("four", () -> panel.rows("room-table") == 4);

    assertThat(panel.text("room-count")).isEqualTo("4 rooms");
    assertThat(cells(garden)).startsWith("The garden", "2", "2").contains("no", "12", garden);
    assertThat(cells(garden).get(3)).endsWith(" ago");
    assertThat(table().getItems())
        .extracting(RoomSummary::roomId)
        .as("by what they are called")
        .startsWith(nameless)
        .endsWith(secret, garden);
    assertThat(cells(secret)).startsWith("Birthday", "1", "1").contains("yes", "12");
    assertThat(cells(nameless)).startsWith(nameless);
    assertThat(room("#kitchen:home.example").version()).isEqualTo("11");
    panel.screenshot("rooms");
    panel.resize(860, 600);
    panel.await(
        "whole heads in the smallest window",
        () -> panel.cut("#room-table .column-header .label").isEmpty());
    panel.screenshot("rooms-860");
    panel.resize(1000, 700);

    panel.type("room-search", "GARD");
    panel.await("the garden", () -> panel.rows("room-table") == 1);
    assertThat(panel.text("room-count")).isEqualTo("1 room");
    panel.retype("room-search", 4, "kitch");
    panel.await(
        "the kitchen, by its alias",
        () ->
            panel.rows("room-table") == 1
                && table().getItems().getFirst().canonicalAlias().isPresent()
                && table().getItems().getFirst().version().equals("11"));
    panel.retype("room-search", 5, "cellar");
    panel.await("none", () -> panel.rows("room-table") == 0);
    panel.screenshot("rooms-no-match");
  }

  @Test
  void aRoomThatCannotBeReadIsListedWithTheOthers() throws Exception {
    Chat alice = person("alice");
    String garden = alice.createRoom(Map.of("name", "The garden"));
    String broken = alice.createRoom(Map.of("name", "The cellar"));
    int changed =
        new Rows(folder.resolve("data"))
            .change(
                "UPDATE room_state SET entries = X'FF' WHERE room_nid = (SELECT room_nid FROM room"
                    + " WHERE room_id = ?)",
                broken);
    assertThat(changed).isPositive();
    ServerState before = panel.session().state().get();
    panel.click("server-restart");
    panel.await(
        "restarted",
        () ->
            panel.session().state().get() instanceof ServerState.Running now
                && !now.equals(before));

    panel.go("rooms");
    panel.await("both", () -> panel.rows("room-table") == 2);

    assertThat(panel.text("room-count")).isEqualTo("2 rooms");
    assertThat(cells(garden)).startsWith("The garden", "1", "1");
    assertThat(cells(broken))
        .containsExactly(
            "Cannot be read; the log under Activity says why", "–", "–", "–", "–", "–", broken);
    panel.screenshot("rooms-unreadable");
  }

  @Test
  void homeDrawsHowBusyTheRoomsWereAlsoWhileNobodyLooked() {
    Chat alice = person("alice");
    String room = alice.createRoom(Map.of("name", "The garden"));
    panel.await("a first look", () -> panel.text("tile-rooms").equals("1"));
    panel.go("people");

    for (int i = 0; i < 40; i++) {
      alice.say(room, "Tomato " + i).granted();
    }
    panel.await("it was seen", () -> busiest(Window.TEN_MINUTES) >= 1);
    panel.await("it is over", () -> lastly(Window.TEN_MINUTES) == 0);

    panel.go("home");
    Node picture = panel.robot().lookup("#rate-picture").query();
    panel.await("a peak", () -> PEAK.matcher(picture.getAccessibleText()).matches());
    panel.await("all of them counted", () -> Integer.parseInt(panel.text("tile-messages")) >= 40);
    panel.screenshot("home-busy");
    panel.click("span-hour");
    panel.await("an hour", () -> picture.getAccessibleText().endsWith("in the last hour"));
    panel.screenshot("home-busy-hour");

    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    panel.click("span-ten_minutes");
    panel.await(
        "the peak while nothing runs",
        () -> PEAK_OF_BEFORE.matcher(picture.getAccessibleText()).matches());
    panel.screenshot("home-busy-stopped");
    panel.click("server-start");
    assertThat(busiest(Window.TEN_MINUTES)).as("after a restart").isGreaterThanOrEqualTo(1);
    panel.await("the peak of before", () -> PEAK.matcher(picture.getAccessibleText()).matches());
    panel.screenshot("home-busy-restarted");

    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    Stage stage = (Stage) panel.view().getScene().getWindow();
    panel.robot().interact(() -> panel = Panel.firstStart(stage, folder.resolve("data")));
    Node another = panel.robot().lookup("#rate-picture").query();
    panel.await(
        "the peak in a panel that has not started the server yet",
        () -> PEAK_OF_BEFORE.matcher(another.getAccessibleText()).matches());
  }

  private double busiest(Window window) {
    return panel.admin().rates().points(window).stream()
        .mapToDouble(Point::perSecond)
        .max()
        .orElse(0);
  }

  private double lastly(Window window) {
    return panel.admin().rates().points(window).getLast().perSecond();
  }

  @Test
  void manyRoomsAreSortedByPeople() {
    Chat alice = person("alice");
    Chat bob = person("bob");
    for (int i = 1; i <= 30; i++) {
      alice.createRoom(Map.of("name", "Room " + i, "preset", "private_chat"));
    }
    String busy = alice.createRoom(Map.of("name", "Busy", "preset", "public_chat"));
    bob.join(busy);
    panel.go("rooms");
    panel.await("all", () -> panel.rows("room-table") == 31);

    panel.clickHead("room-table", "People");
    panel.clickHead("room-table", "People");

    panel.await("the busiest first", () -> table().getItems().getFirst().roomId().equals(busy));
    panel.screenshot("rooms-many");
  }

  private Chat person(String name) {
    panel.admin().createPerson(name, PASSWORD, false);
    return Chat.signIn(panel.address(), name, PASSWORD);
  }

  private TableView<RoomSummary> table() {
    return panel.robot().lookup("#room-table").queryTableView();
  }

  private RoomSummary room(String alias) {
    return table().getItems().stream()
        .filter(each -> each.canonicalAlias().filter(alias::equals).isPresent())
        .findFirst()
        .orElseThrow();
  }

  /// What the table shows of a room, column by column.
  private List<String> cells(String room) {
    return panel.cells("room-table", room);
  }
}
