package org.hearth.app.logs;

import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.stream.Collectors;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.control.ToggleButton;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.ScrollEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import org.hearth.app.shell.Desktop;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Tables;
import org.hearth.app.state.FxState;
import org.hearth.app.state.ServerSession;
import org.hearth.server.LogLine;

/// The technical log: what the server says it does, newest at the bottom; the whole text of a
/// chosen line below.
final class LogView implements ActivityPage.View {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());
  private static final double ROW_HEIGHT = 26;

  private final LogViewModel model;
  private final VBox node;
  private final TextField words = new TextField();
  private final ToggleButton follow = new ToggleButton("_Follow");
  private final TableView<LogLine> table = new TableView<>();

  LogView(ServerSession session, Desktop desktop) {
    // The table knows only afterwards that it has a line more, and its height changes with the
    // status line.
    this.model = new LogViewModel(session, () -> FxState.later(this::toEnd));
    Label count = new Label();
    count.setId("log-count");
    count.getStyleClass().add("hint");
    count.textProperty().bind(model.count());
    count.setMinWidth(Label.USE_PREF_SIZE);

    words.setId("log-words");
    words.textProperty().bindBidirectional(model.words());
    ComboBox<LogLine.Level> least = new ComboBox<>();
    least.setId("log-level");
    least.setAccessibleText("Which lines");
    least.getItems().addAll(LogLine.Level.INFO, LogLine.Level.WARNING, LogLine.Level.ERROR);
    least.setConverter(new LevelWords());
    least.valueProperty().bindBidirectional(model.least());
    follow.setId("log-follow");
    follow.setMnemonicParsing(true);
    follow.setMinWidth(ToggleButton.USE_PREF_SIZE);
    follow.setSelected(true);
    follow.setOnAction(_ -> toEnd());

    fillTable();
    TextArea whole = whole();
    VBox.setVgrow(table, Priority.ALWAYS);
    Button copy = Forms.button("log-copy", "_Copy", this::copy);
    Button open =
        Forms.button(
            "log-open",
            "Open f_older",
            () -> desktop.open(session.folder().get().logs().toUri().toString()));
    HBox tools = Forms.tools("Search the log", words, least, follow, copy, open, count);
    node = new VBox(16, tools, table, whole);
  }

  private void fillTable() {
    table.setId("log-lines");
    table.setAccessibleText("Lines of the log");
    table.getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
    table.setFixedCellSize(ROW_HEIGHT);
    table.getStyleClass().addAll("log-table", "dense");
    table
        .getColumns()
        .add(
            Tables.withRoomFor(
                "00:00:00", Tables.text("Time", 0.11, line -> TIME.format(line.time()))));
    table
        .getColumns()
        .add(
            Tables.withRoomFor(
                levelWord(LogLine.Level.WARNING),
                Tables.text("Level", 0.1, line -> levelWord(line.level()))));
    table.getColumns().add(Tables.text("Part", 0.12, LogViewModel::shortComponent));
    table.getColumns().add(Tables.text("What happened", 0.67, LogViewModel::headline));
    table.getColumns().forEach(column -> column.setSortable(false));
    Tables.fill(table, model.lines(), model.whenEmpty());
    table.setRowFactory(_ -> new LineRow());
    // Who scrolls up wants to read there.
    table.addEventFilter(
        ScrollEvent.SCROLL,
        event -> {
          if (event.getDeltaY() > 0) {
            follow.setSelected(false);
          }
        });
    KeyCombination copyKey = new KeyCodeCombination(KeyCode.C, KeyCombination.SHORTCUT_DOWN);
    table.setOnKeyPressed(event -> {
      if (copyKey.match(event)) {
        copy();
        event.consume();
      }
    });
  }

  private TextArea whole() {
    TextArea whole = new TextArea();
    whole.setId("log-whole");
    whole.setAccessibleText("The whole text of the chosen line");
    whole.setEditable(false);
    whole.setWrapText(true);
    whole.setPrefRowCount(7);
    whole.setMinHeight(130);
    whole.getStyleClass().add("log-line");
    table
        .getSelectionModel()
        .selectedItemProperty()
        .addListener((_, _, line) -> {
          whole.setText(line == null ? "" : text(line));
          if (line != null) {
            follow.setSelected(false);
          }
        });
    whole.visibleProperty().bind(table.getSelectionModel().selectedItemProperty().isNotNull());
    whole.managedProperty().bind(whole.visibleProperty());
    return whole;
  }

  private void toEnd() {
    if (follow.isSelected() && !table.getItems().isEmpty()) {
      table.getSelectionModel().clearSelection();
      table.layout();
      table.scrollTo(table.getItems().size() - 1);
    }
  }

  private void copy() {
    var chosen = table.getSelectionModel().getSelectedItems();
    Forms.copy(
        (chosen.isEmpty() ? table.getItems() : chosen)
            .stream().map(LogView::text).collect(Collectors.joining("\n")));
  }

  private static String text(LogLine line) {
    return "%s  %-7s  %s  %s"
        .formatted(
            TIME.format(line.time()),
            line.level(),
            line.component(),
            line.message().stripTrailing());
  }

  private static String levelWord(LogLine.Level level) {
    return switch (level) {
      case DEBUG -> "detail";
      case INFO -> "info";
      case WARNING -> "warning";
      case ERROR -> "error";
    };
  }

  private static final class LineRow extends TableRow<LogLine> {
    @Override
    protected void updateItem(LogLine line, boolean empty) {
      super.updateItem(line, empty);
      getStyleClass().removeAll("log-error", "log-warning");
      if (empty || line == null) {
        return;
      }
      if (line.level() == LogLine.Level.ERROR) {
        getStyleClass().add("log-error");
      } else if (line.level() == LogLine.Level.WARNING) {
        getStyleClass().add("log-warning");
      }
    }
  }

  private static final class LevelWords extends StringConverter<LogLine.Level> {
    @Override
    public String toString(LogLine.Level level) {
      return switch (level) {
        case DEBUG, INFO -> "Everything";
        case WARNING -> "Warnings and errors";
        case ERROR -> "Errors";
      };
    }

    @Override
    public LogLine.Level fromString(String words) {
      return switch (words) {
        case "Errors" -> LogLine.Level.ERROR;
        case "Warnings and errors" -> LogLine.Level.WARNING;
        default -> LogLine.Level.INFO;
      };
    }
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void shown() {
    model.start();
    toEnd();
  }

  @Override
  public void hidden() {
    model.stop();
  }

  @Override
  public Node firstFocus() {
    return words;
  }
}
