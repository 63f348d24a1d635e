package org.hearth.app.shell;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.value.ObservableValue;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;
import javafx.collections.transformation.SortedList;
import javafx.geometry.Pos;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.text.Font;
import javafx.scene.text.FontWeight;
import javafx.scene.text.Text;

/// Tables as this panel has them: columns that share the width and sort by what they mean, a
/// sentence where there are no rows, the id of the selected row for the clipboard.
public final class Tables {
  private static final double SCROLL_BAR = 12;
  private static final Font HEAD = Font.font("System", FontWeight.BOLD, 14);
  private static final Font CELL = Font.font("System", 14);

  /// What the theme leaves free beside the text of a head.
  private static final double BESIDE_HEAD = 20;

  /// The same of a cell.
  private static final double BESIDE_CELL = 16;

  private static final double TOOLTIP_WIDTH = 480;

  /// A text of more characters may not have room in the smallest window.
  private static final int LONG = 16;

  private static final KeyCombination COPY =
      new KeyCodeCombination(KeyCode.C, KeyCombination.SHORTCUT_DOWN);

  private Tables() {}

  /// A column of texts.
  ///
  /// @param title its head
  /// @param weight its share of the width, where there is room for all heads; those of a table make
  ///   1 together
  /// @param text what it shows of a row, and sorts by
  /// @param <T> the rows
  public static <T> TableColumn<T, T> text(String title, double weight, Function<T, String> text) {
    return column(title, weight, text, Comparator.comparing(text, String.CASE_INSENSITIVE_ORDER));
  }

  /// A column of numbers, aligned at the right.
  ///
  /// @param title its head
  /// @param weight its share of the width
  /// @param number what it sorts by
  /// @param text what it shows
  /// @param <T> the rows
  public static <T> TableColumn<T, T> number(
      String title, double weight, Function<T, ? extends Number> number, Function<T, String> text) {
    TableColumn<T, T> column =
        column(
            title,
            weight,
            text,
            Comparator.comparingDouble(row -> number.apply(row).doubleValue()));
    column.getStyleClass().add("number-column");
    return column;
  }

  /// A column that sorts otherwise than it reads.
  ///
  /// @param title its head
  /// @param weight its share of the width
  /// @param text what it shows
  /// @param order of the rows
  /// @param <T> the rows
  public static <T> TableColumn<T, T> column(
      String title, double weight, Function<T, String> text, Comparator<T> order) {
    TableColumn<T, T> column = new TableColumn<>(title);
    column.setUserData(new Share(weight, Optional.empty()));
    column.setMinWidth(width(title, HEAD) + BESIDE_HEAD);
    column.setCellValueFactory(row -> new ReadOnlyObjectWrapper<>(row.getValue()));
    column.setComparator(order);
    column.setCellFactory(
        each -> new TextCell<>(text, each.getStyleClass().contains("number-column")));
    return column;
  }

  private static double width(String shown, Font font) {
    Text text = new Text(shown);
    text.setFont(font);
    return Math.ceil(text.getLayoutBounds().getWidth());
  }

  /// Gives a column room for a text in every window.
  ///
  /// @param text the longest that it shows
  /// @param <T> the rows
  public static <T> TableColumn<T, T> withRoomFor(String text, TableColumn<T, T> column) {
    column.setMinWidth(Math.max(column.getMinWidth(), width(text, CELL) + BESIDE_CELL));
    return column;
  }

  /// Makes a column no wider than its longest text: what is left of its share goes to those that
  /// are not fitted.
  ///
  /// @param text what the column shows of a row
  /// @param <T> the rows
  public static <T> void fit(
      TableView<T> table, TableColumn<T, T> column, Function<T, String> text) {
    DoubleSupplier longest =
        () ->
            table.getItems().stream()
                .map(text)
                .distinct()
                .mapToDouble(each -> width(each, CELL) + BESIDE_CELL)
                .max()
                .orElse(0);
    column.setUserData(new Share(weight(column), Optional.of(longest)));
  }

  /// How much of the width a column gets.
  ///
  /// @param weight of 1
  /// @param longest the width of its longest text if it needs no more
  private record Share(double weight, Optional<DoubleSupplier> longest) {}

  /// Fills a table, and lets its heads sort it.
  ///
  /// @param table with all its columns
  /// @param rows may change at any time
  /// @param whenEmpty the sentence where there are none
  /// @param <T> the rows
  public static <T> void fill(
      TableView<T> table, ObservableList<T> rows, ObservableValue<String> whenEmpty) {
    SortedList<T> sorted = new SortedList<>(rows);
    sorted.comparatorProperty().bind(table.comparatorProperty());
    table.setItems(sorted);
    Label label = new Label();
    label.getStyleClass().add("empty");
    label.setWrapText(true);
    label.textProperty().bind(whenEmpty);
    table.setPlaceholder(label);
    table
        .widthProperty()
        .addListener((_, _, width) -> share(table, width.doubleValue() - SCROLL_BAR));
    if (table.getColumns().stream().anyMatch(column -> longest(column).isPresent())) {
      sorted.addListener((ListChangeListener<T>) _ -> share(table, table.getWidth() - SCROLL_BAR));
    }
  }

  /// Gives each column its share of the width, but no less than its head needs; the others give
  /// that from what they have over.
  private static <T> void share(TableView<T> table, double width) {
    double[] wanted = new double[table.getColumns().size()];
    double rest = width;
    double restWeight = 1;
    for (int i = 0; i < wanted.length; i++) {
      TableColumn<T, ?> column = table.getColumns().get(i);
      Optional<DoubleSupplier> longest = longest(column);
      if (longest.isPresent()) {
        wanted[i] =
            Math.max(
                column.getMinWidth(),
                Math.min(width * weight(column), longest.get().getAsDouble()));
        rest -= wanted[i];
        restWeight -= weight(column);
      }
    }
    for (int i = 0; i < wanted.length; i++) {
      TableColumn<T, ?> column = table.getColumns().get(i);
      if (longest(column).isEmpty()) {
        wanted[i] = Math.max(column.getMinWidth(), rest * weight(column) / restWeight);
      }
    }
    double least = table.getColumns().stream().mapToDouble(TableColumn::getMinWidth).sum();
    double over = Arrays.stream(wanted).sum() - least;
    double kept = over > 0 ? Math.clamp((width - least) / over, 0, 1) : 0;
    for (int i = 0; i < wanted.length; i++) {
      TableColumn<T, ?> column = table.getColumns().get(i);
      column.setPrefWidth(
          Math.floor(column.getMinWidth() + (wanted[i] - column.getMinWidth()) * kept));
    }
  }

  private static double weight(TableColumn<?, ?> column) {
    return column.getUserData() instanceof Share share ? share.weight() : 0;
  }

  private static Optional<DoubleSupplier> longest(TableColumn<?, ?> column) {
    return column.getUserData() instanceof Share share ? share.longest() : Optional.empty();
  }

  /// Keeps a row selected while rows come, go and are replaced by newer ones.
  ///
  /// @param table the table
  /// @param id what stays the same of a row
  /// @param <T> the rows
  /// @return to be asked before a change; what it gives is to be run after it
  public static <T> Supplier<Runnable> selection(TableView<T> table, Function<T, String> id) {
    return () -> {
      T selected = table.getSelectionModel().getSelectedItem();
      return selected == null ? () -> {} : () -> select(table, id, id.apply(selected));
    };
  }

  private static <T> void select(TableView<T> table, Function<T, String> id, String wanted) {
    table.getSelectionModel().clearSelection();
    table.getItems().stream()
        .filter(row -> id.apply(row).equals(wanted))
        .findFirst()
        .ifPresent(table.getSelectionModel()::select);
  }

  /// Lets the user copy something of the selected row, by key and by menu.
  ///
  /// @param table the table
  /// @param name what the menu calls it
  /// @param text what is copied
  /// @param <T> the rows
  public static <T> void copies(TableView<T> table, String name, Function<T, String> text) {
    Runnable copy =
        () -> {
          T row = table.getSelectionModel().getSelectedItem();
          if (row != null) {
            Forms.copy(text.apply(row));
          }
        };
    MenuItem item = new MenuItem(name);
    item.setAccelerator(COPY);
    item.setOnAction(_ -> copy.run());
    table.setContextMenu(new ContextMenu(item));
    table.setOnKeyPressed(event -> {
      if (COPY.match(event)) {
        copy.run();
        event.consume();
      }
    });
  }

  private static final class TextCell<T> extends TableCell<T, T> {
    private final Function<T, String> text;

    TextCell(Function<T, String> text, boolean number) {
      this.text = text;
      if (number) {
        setAlignment(Pos.CENTER_RIGHT);
      }
    }

    @Override
    protected void updateItem(T row, boolean empty) {
      super.updateItem(row, empty);
      String shown = empty || row == null ? "" : text.apply(row);
      setText(shown);
      setTooltip(shown.length() > LONG ? tooltip(shown) : null);
    }

    private static Tooltip tooltip(String text) {
      Tooltip tooltip = new Tooltip(text);
      tooltip.setWrapText(true);
      tooltip.setMaxWidth(TOOLTIP_WIDTH);
      return tooltip;
    }
  }
}
