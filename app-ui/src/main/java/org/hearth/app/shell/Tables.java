package org.hearth.app.shell;

import java.util.function.Function;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.value.ObservableValue;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;

/// Tables as this panel has them: columns of texts, a sentence where they are empty.
public final class Tables {
  private Tables() {}

  /// A column.
  ///
  /// @param title its head
  /// @param weight its share of the width
  /// @param text what it shows of a row
  /// @param <T> the rows
  /// @return a column that is not yet in a table
  public static <T> TableColumn<T, String> column(
      String title, double weight, Function<T, String> text) {
    TableColumn<T, String> column = new TableColumn<>(title);
    column.setCellValueFactory(row -> new SimpleStringProperty(text.apply(row.getValue())));
    column.setMaxWidth(1f * Integer.MAX_VALUE * weight);
    return column;
  }

  /// Says a sentence where the table is empty.
  ///
  /// @param table the table
  /// @param sentence changes as it likes
  public static void sayWhenEmpty(TableView<?> table, ObservableValue<String> sentence) {
    Label label = new Label();
    label.getStyleClass().add("hint");
    label.setWrapText(true);
    label.textProperty().bind(sentence);
    table.setPlaceholder(label);
    table.setColumnResizePolicy(TableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
  }
}
