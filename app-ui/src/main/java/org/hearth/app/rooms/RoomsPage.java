package org.hearth.app.rooms;

import java.time.Instant;
import java.util.Comparator;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Page;
import org.hearth.app.shell.Span;
import org.hearth.app.shell.Tables;
import org.hearth.app.state.Listing;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.RoomSummary;

/// Rooms: what rooms there are, with their people and size.
public final class RoomsPage implements Page {
  private static final String UNKNOWN = "–";

  private final Listing<RoomSummary> list;
  private final VBox node;
  private final TextField search = new TextField();

  /// @param session the server looked after
  public RoomsPage(ServerSession session) {
    this.list =
        new Listing<>(
            session,
            "list-rooms",
            Admin::rooms,
            RoomSummary::roomId,
            new Listing.Words(
                "No rooms yet. Rooms are made in a Matrix app; they appear here.",
                "No room matches “%s”.",
                "room",
                "rooms"));
    Label title = new Label("Rooms");
    title.getStyleClass().add("page-title");
    Label count = new Label();
    count.setId("room-count");
    count.getStyleClass().add("hint");
    count.textProperty().bind(list.count());

    search.setId("room-search");
    search.textProperty().bindBidirectional(list.search());
    Button refresh = new Button("_Refresh");
    refresh.setMnemonicParsing(true);
    refresh.setOnAction(_ -> list.refresh());
    HBox tools = Forms.tools("Search by name, alias or id", search, refresh);

    TableView<RoomSummary> table = new TableView<>();
    table.setId("room-table");
    table.setAccessibleText("Rooms");
    list.keep(Tables.selection(table, RoomSummary::roomId));
    TableColumn<RoomSummary, RoomSummary> called = Tables.text("Room", 0.29, RoomsPage::title);
    table.getColumns().add(called);
    table
        .getColumns()
        .add(
            Tables.number(
                "People",
                0.11,
                RoomSummary::joinedMembers,
                room -> count(room, room.joinedMembers())));
    table
        .getColumns()
        .add(
            Tables.number(
                "Here", 0.08, RoomSummary::localMembers, room -> count(room, room.localMembers())));
    table
        .getColumns()
        .add(
            Tables.column(
                "Last event",
                0.14,
                room ->
                    room.lastEvent()
                        .map(time -> Span.between(time, Instant.now()) + " ago")
                        .orElse(UNKNOWN),
                Comparator.comparing(room -> room.lastEvent().orElse(Instant.MIN))));
    table.getColumns().add(Tables.text("Encrypted", 0.13, RoomsPage::encrypted));
    table
        .getColumns()
        .add(Tables.text("Version", 0.11, room -> room.readable() ? room.version() : UNKNOWN));
    table.getColumns().add(Tables.text("Id", 0.14, RoomSummary::roomId));
    Tables.fill(table, list.rows(), list.message());
    table.getSortOrder().add(called);
    Tables.copies(table, "Copy the room’s id", RoomSummary::roomId);
    VBox.setVgrow(table, Priority.ALWAYS);

    HBox head = new HBox(12, title, count);
    head.setAlignment(Pos.BASELINE_LEFT);
    node = new VBox(16, head, tools, table);
    node.setId("rooms-page");
    node.getStyleClass().add("page");
  }

  /// What a room is called where its name is not known.
  private static String title(RoomSummary room) {
    if (!room.readable()) {
      return "Cannot be read; the log under Activity says why";
    }
    return room.name().or(room::canonicalAlias).orElse(room.roomId());
  }

  private static String count(RoomSummary room, long people) {
    return room.readable() ? "%,d".formatted(people) : UNKNOWN;
  }

  private static String encrypted(RoomSummary room) {
    if (!room.readable()) {
      return UNKNOWN;
    }
    return room.encrypted() ? "yes" : "no";
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void shown() {
    list.start();
  }

  @Override
  public void hidden() {
    list.stop();
  }

  @Override
  public Node firstFocus() {
    return search;
  }
}
