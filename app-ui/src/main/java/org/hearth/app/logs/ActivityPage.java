package org.hearth.app.logs;

import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.stream.Collectors;
import javafx.collections.ListChangeListener;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.TextField;
import javafx.scene.control.ToggleButton;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import org.hearth.app.shell.Page;
import org.hearth.app.state.ServerSession;
import org.hearth.server.LogLine;

/// Activity: what the server says it does, newest at the bottom.
public final class ActivityPage implements Page {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());

  private final ActivityViewModel model;
  private final VBox node;
  private final TextField words = new TextField();

  /// @param session the server looked after
  public ActivityPage(ServerSession session) {
    this.model = new ActivityViewModel(session);
    Label title = new Label("Activity");
    title.getStyleClass().add("page-title");

    words.setId("log-words");
    words.setPromptText("Only lines with these words");
    words.textProperty().bindBidirectional(model.words());
    HBox.setHgrow(words, Priority.ALWAYS);
    ComboBox<LogLine.Level> least = new ComboBox<>();
    least.setId("log-level");
    least.getItems().addAll(LogLine.Level.INFO, LogLine.Level.WARNING, LogLine.Level.ERROR);
    least.setConverter(new LevelWords());
    least.valueProperty().bindBidirectional(model.least());
    ToggleButton follow = new ToggleButton("_Follow");
    follow.setMnemonicParsing(true);
    follow.setSelected(true);

    ListView<LogLine> list = new ListView<>(model.lines());
    list.setId("log-lines");
    list.getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
    list.setCellFactory(_ -> new LineCell());
    Label nothing = new Label("Nothing to show: the server has not run yet, or no line matches.");
    nothing.getStyleClass().add("hint");
    list.setPlaceholder(nothing);
    ListChangeListener<LogLine> toEnd =
        _ -> {
          if (follow.isSelected() && !list.getItems().isEmpty()) {
            list.scrollTo(list.getItems().size() - 1);
          }
        };
    list.getItems().addListener(toEnd);
    VBox.setVgrow(list, Priority.ALWAYS);

    Button copy = new Button("_Copy lines");
    copy.setMnemonicParsing(true);
    copy.setOnAction(_ -> copy(list));
    node = new VBox(16, title, new HBox(12, words, least, follow, copy), list);
    node.setId("activity-page");
    node.getStyleClass().add("page");
  }

  private static void copy(ListView<LogLine> list) {
    var chosen = list.getSelectionModel().getSelectedItems();
    String text =
        (chosen.isEmpty() ? list.getItems() : chosen)
            .stream().map(ActivityPage::text).collect(Collectors.joining("\n"));
    ClipboardContent content = new ClipboardContent();
    content.putString(text);
    Clipboard.getSystemClipboard().setContent(content);
  }

  private static String text(LogLine line) {
    return "%s  %-7s  %-24s  %s"
        .formatted(
            TIME.format(line.time()),
            line.level(),
            line.component(),
            line.message().stripTrailing());
  }

  private static final class LineCell extends ListCell<LogLine> {
    @Override
    protected void updateItem(LogLine line, boolean empty) {
      super.updateItem(line, empty);
      getStyleClass().removeAll("log-error", "log-warning");
      if (!getStyleClass().contains("log-line")) {
        getStyleClass().add("log-line");
      }
      if (empty) {
        setText(null);
        return;
      }
      setText(text(line));
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
