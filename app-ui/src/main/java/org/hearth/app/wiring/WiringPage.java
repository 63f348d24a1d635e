package org.hearth.app.wiring;

import java.util.List;
import java.util.Optional;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.scene.Parent;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.SplitPane;
import javafx.scene.control.TableView;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Page;
import org.hearth.app.shell.Tables;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.WiringPicture;

/// Wiring: the running server's own picture of its boxes, arrows and rings, and the same as a
/// table.
public final class WiringPage implements Page {
  private final WiringViewModel model;
  private final VBox node;
  private final ObservableList<Line> lines = FXCollections.observableArrayList();

  /// One reader of one log, as a line of the table.
  private record Line(WiringViewModel.RingNow ring, WiringPicture.Consumer consumer) {}

  /// @param session the server looked after
  public WiringPage(ServerSession session) {
    this.model = new WiringViewModel(session);
    Label title = new Label("Wiring");
    title.getStyleClass().add("page-title");
    Label sentence = new Label();
    sentence.setId("wiring-sentence");
    sentence.setWrapText(true);
    sentence.textProperty().bind(model.sentence());

    WiringDrawing drawing = new WiringDrawing();
    model
        .now()
        .addListener((_, _, now) -> {
          drawing.show(now);
          showLines(now);
        });
    ScrollPane scroll = new ScrollPane(drawing);
    scroll.setPannable(true);
    SplitPane split = new SplitPane(scroll, table());
    split.setOrientation(javafx.geometry.Orientation.VERTICAL);
    split.setDividerPositions(0.68);
    VBox.setVgrow(split, Priority.ALWAYS);
    node = new VBox(12, title, sentence, split);
    node.setId("wiring-page");
    node.getStyleClass().add("page");
  }

  private TableView<Line> table() {
    TableView<Line> table = new TableView<>(lines);
    table.setId("wiring-table");
    table.getColumns().add(Tables.column("Log", 0.2, line -> line.ring().ring().name()));
    table.getColumns().add(Tables.column("Reader", 0.2, line -> line.consumer().name()));
    table
        .getColumns()
        .add(Tables.column("Entries/s", 0.12, line -> WiringDrawing.rate(line.ring().perSecond())));
    table
        .getColumns()
        .add(Tables.column("Fill", 0.1, line -> "%.0f %%".formatted(line.ring().fill() * 100)));
    table
        .getColumns()
        .add(Tables.column("Lag", 0.1, line -> "%,d".formatted(line.consumer().lag())));
    table
        .getColumns()
        .add(Tables.column("Handled", 0.14, line -> "%,d".formatted(line.consumer().consumed())));
    table
        .getColumns()
        .add(Tables.column("Failures", 0.14, line -> "%,d".formatted(line.consumer().failures())));
    Tables.sayWhenEmpty(table, model.sentence());
    return table;
  }

  private void showLines(Optional<WiringViewModel.Now> now) {
    List<Line> next =
        now.stream()
            .flatMap(
                each -> each.picture().rings().stream().map(ring -> each.rings().get(ring.name())))
            .flatMap(
                ring -> ring.ring().consumers().stream().map(consumer -> new Line(ring, consumer)))
            .toList();
    lines.setAll(next);
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void shown() {
    model.start();
  }

  @Override
  public void hidden() {
    model.stop();
  }
}
