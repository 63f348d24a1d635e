package org.hearth.app.wiring;

import atlantafx.base.theme.Styles;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.collections.transformation.FilteredList;
import javafx.geometry.Orientation;
import javafx.geometry.Pos;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.SplitPane;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Overlay;
import org.hearth.app.shell.Page;
import org.hearth.app.shell.Tables;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.WiringPicture;

/// Wiring: the running server's own picture of its boxes, arrows and rings, what is parked, and the
/// numbers of all readers or of the chosen box's.
public final class WiringPage implements Page {
  /// The picture's part of the room, beside the table.
  private static final double PICTURE = 0.7;

  private final WiringViewModel model;
  private final VBox node;
  private final WiringDrawing drawing = new WiringDrawing();
  private final ObservableList<Line> lines = FXCollections.observableArrayList();
  private final FilteredList<Line> shownLines = new FilteredList<>(lines);

  /// One reader of one log, as a line of the table.
  private record Line(WiringViewModel.RingNow ring, WiringPicture.Consumer consumer) {
    double perSecond() {
      return ring.readers().getOrDefault(consumer.name(), 0.0);
    }

    /// Whether it failed; of a failed reader without a line of its own, each line of the log.
    boolean failed() {
      boolean hasLine =
          ring.ring().consumers().stream().anyMatch(each -> ring.failed().contains(each.name()));
      return hasLine ? ring.failed().contains(consumer.name()) : !ring.failed().isEmpty();
    }

    String reader() {
      return failed() ? "▲ " + consumer.name() : consumer.name();
    }
  }

  /// A line, red when its reader failed.
  private static final class LineRow extends TableRow<Line> {
    @Override
    protected void updateItem(Line line, boolean empty) {
      super.updateItem(line, empty);
      getStyleClass().remove("failed");
      if (!empty && line != null && line.failed()) {
        getStyleClass().add("failed");
      }
    }
  }

  /// @param session the server looked after
  /// @param overlay where questions are asked
  public WiringPage(ServerSession session, Overlay overlay) {
    this.model = new WiringViewModel(session);
    Label title = new Label("Wiring");
    title.getStyleClass().add("page-title");
    title.setMinWidth(Region.USE_PREF_SIZE);
    Label sentence = new Label();
    sentence.setId("wiring-sentence");
    sentence.getStyleClass().add("hint");
    sentence.textProperty().bind(model.sentence());
    sentence.setWrapText(true);
    sentence.setMinHeight(Region.USE_PREF_SIZE);
    sentence.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(sentence, Priority.ALWAYS);
    Label legend = new Label("Entries/s; at commit, units/s");
    legend.getStyleClass().add("hint");
    legend.setMinWidth(Region.USE_PREF_SIZE);
    HBox head = new HBox(12, title, sentence, legend, services());
    head.setAlignment(Pos.BASELINE_LEFT);

    model
        .now()
        .addListener((_, _, now) -> {
          drawing.show(now);
          showLines(now);
        });
    drawing.chosen().addListener((_, _, _) -> showChosen());
    ScrollPane scroll = new ScrollPane(new WiringFit(drawing));
    scroll.setId("wiring-scroll");
    scroll.setFitToWidth(true);
    scroll.setFitToHeight(true);
    scroll.setPannable(true);
    VBox below = new VBox(8, chosenLine(), table());
    below.getStyleClass().add("wiring-below");
    SplitPane split = new SplitPane(new StackPane(scroll, nothing()), below);
    split.setOrientation(Orientation.VERTICAL);
    split.setDividerPositions(PICTURE);
    // The picture of each box needs all the room; the table can be pulled up.
    model.eachService().addListener((_, _, each) -> split.setDividerPositions(each ? 1 : PICTURE));
    VBox.setVgrow(split, Priority.ALWAYS);
    node =
        new VBox(
            12,
            head,
            Forms.sentence("wiring-outcome", "hint", model.outcome()),
            new ParkedList(model, overlay),
            split);
    node.setId("wiring-page");
    node.getStyleClass().add("page");
  }

  /// Shows each box that is drawn with others as one.
  private ToggleButton services() {
    ToggleButton each = new ToggleButton("_Each box");
    each.setId("wiring-services");
    each.setMnemonicParsing(true);
    each.setMinWidth(Region.USE_PREF_SIZE);
    each.getStyleClass().add(Styles.SMALL);
    each.selectedProperty().bindBidirectional(model.eachService());
    return each;
  }

  /// What stands in place of the picture while there is none.
  private Label nothing() {
    Label text = new Label("There is nothing to draw while the server does not run.");
    text.setId("wiring-nothing");
    text.getStyleClass().add("empty");
    text.visibleProperty().bind(model.stopped());
    return text;
  }

  private HBox chosenLine() {
    Label text = new Label();
    text.setId("wiring-chosen");
    text.setWrapText(true);
    // A split pane asks how low its parts may be without saying how wide they are.
    text.minHeightProperty()
        .bind(
            Bindings.createDoubleBinding(
                () -> text.prefHeight(text.getWidth() > 0 ? text.getWidth() : -1),
                text.widthProperty(),
                text.textProperty()));
    text.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(text, Priority.ALWAYS);
    text.textProperty()
        .bind(
            Bindings.createStringBinding(
                () -> model.explain(drawing.chosen().get()), drawing.chosen(), model.now()));
    Button all = Forms.button("wiring-all", "Show _all", drawing::chooseNothing);
    all.setCancelButton(true);
    all.visibleProperty().bind(drawing.chosen().isNotEmpty());
    HBox line = new HBox(12, text, all);
    line.setAlignment(Pos.CENTER_LEFT);
    line.visibleProperty().bind(drawing.chosen().isNotEmpty());
    line.managedProperty().bind(line.visibleProperty());
    return line;
  }

  private TableView<Line> table() {
    TableView<Line> table = new TableView<>();
    table.setId("wiring-table");
    table.setAccessibleText("Readers of the logs");
    table.getStyleClass().add("dense");
    table.getColumns().add(Tables.text("Log", 0.2, line -> line.ring().ring().name()));
    table.getColumns().add(Tables.text("Reader", 0.2, Line::reader));
    table
        .getColumns()
        .add(
            Tables.number(
                "Entries/s", 0.13, Line::perSecond, line -> WiringFigures.rate(line.perSecond())));
    table
        .getColumns()
        .add(
            Tables.number(
                "Fill",
                0.1,
                line -> line.ring().fill(),
                line -> "%.0f %%".formatted(line.ring().fill() * 100)));
    table.getColumns().add(count("Lag", 0.1, WiringPicture.Consumer::lag));
    table.getColumns().add(count("Handled", 0.14, WiringPicture.Consumer::consumed));
    table.getColumns().add(count("Failures", 0.13, WiringPicture.Consumer::failures));
    Tables.fill(table, shownLines, model.sentence());
    table.setRowFactory(_ -> new LineRow());
    table.setMinHeight(0);
    VBox.setVgrow(table, Priority.ALWAYS);
    return table;
  }

  private static javafx.scene.control.TableColumn<Line, Line> count(
      String title, double weight, java.util.function.ToLongFunction<WiringPicture.Consumer> of) {
    return Tables.number(
        title,
        weight,
        line -> of.applyAsLong(line.consumer()),
        line -> "%,d".formatted(of.applyAsLong(line.consumer())));
  }

  private void showLines(Optional<WiringViewModel.Now> now) {
    List<Line> next =
        now.stream()
            .flatMap(each ->
                each.picture().rings().stream()
                    .flatMap(ring -> Optional.ofNullable(each.rings().get(ring.name())).stream()))
            .flatMap(
                ring -> ring.ring().consumers().stream().map(consumer -> new Line(ring, consumer)))
            .sorted(Comparator.comparing(Line::failed).reversed())
            .toList();
    lines.setAll(next);
  }

  private void showChosen() {
    String chosen = drawing.chosen().get();
    shownLines.setPredicate(
        line -> chosen.isEmpty() || model.touches(chosen, line.ring().ring().name()));
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
