package org.hearth.app.shell;

import atlantafx.base.theme.Styles;
import java.util.List;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ObservableStringValue;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

/// The parts that all forms of the panel are made of.
public final class Forms {
  private Forms() {}

  /// A button with a mnemonic.
  ///
  /// @param id its id
  /// @param text its words, an underscore before the letter
  /// @param action what it does
  public static Button button(String id, String text, Runnable action) {
    Button button = new Button(text);
    button.setId(id);
    button.setMnemonicParsing(true);
    button.setMinWidth(Region.USE_PREF_SIZE);
    button.setOnAction(_ -> action.run());
    return button;
  }

  /// A field below its name, which is also what a screen reader says.
  ///
  /// @param name what is asked for
  /// @param field where it is typed
  public static VBox labelled(String name, Node field) {
    Label label = new Label(name);
    label.setLabelFor(field);
    label.getStyleClass().add("field-name");
    field.setAccessibleText(name);
    return new VBox(4, label, field);
  }

  /// The line above a list: a field that searches in it, below what it searches for, and at its
  /// right what can be done.
  ///
  /// @param name what is searched for
  /// @param search where it is typed; as wide as there is room
  /// @param others from left to right
  public static HBox tools(String name, TextField search, Node... others) {
    VBox field = labelled(name, search);
    HBox.setHgrow(field, Priority.ALWAYS);
    HBox line = new HBox(12, field);
    for (Node other : others) {
      // As high as the field, so that what has no frame is in the middle of it.
      HBox beside = new HBox(other);
      beside.setAlignment(Pos.CENTER);
      beside.minHeightProperty().bind(search.heightProperty());
      line.getChildren().add(beside);
    }
    line.setAlignment(Pos.BOTTOM_LEFT);
    line.setFillHeight(false);
    return line;
  }

  /// A field for one line of text.
  ///
  /// @param id its id
  /// @param prompt an example
  public static TextField field(String id, String prompt) {
    TextField field = new TextField();
    field.setId(id);
    field.setPromptText(prompt);
    return field;
  }

  /// A sentence that takes no room while it is empty.
  ///
  /// @param id its id
  /// @param style its style class
  /// @param text what it says
  public static Label sentence(String id, String style, ObservableStringValue text) {
    Label label = new Label();
    label.setId(id);
    label.getStyleClass().add(style);
    label.setWrapText(true);
    label.setMinHeight(Region.USE_PREF_SIZE);
    label.textProperty().bind(text);
    label.visibleProperty().bind(Bindings.isNotEmpty(text));
    label.managedProperty().bind(label.visibleProperty());
    return label;
  }

  /// Words that explain, in a quieter colour.
  ///
  /// @param text what they say
  public static Label hint(String text) {
    Label label = new Label(text);
    label.getStyleClass().add("hint");
    label.setWrapText(true);
    label.setMinHeight(Region.USE_PREF_SIZE);
    return label;
  }

  /// A question or a form as a card: a head, what it means, fields, and its buttons at the right,
  /// the one that Enter presses last.
  ///
  /// @param title its head
  /// @param explained what it means
  /// @param fields what is asked
  /// @param buttons from left to right
  public static VBox card(
      String title, String explained, List<? extends Node> fields, List<? extends Node> buttons) {
    Label head = new Label(title);
    head.getStyleClass().addAll(Styles.TEXT_BOLD, Styles.TITLE_4);
    head.setWrapText(true);
    head.setMinHeight(Region.USE_PREF_SIZE);
    VBox card = new VBox(12, head, hint(explained));
    card.getChildren().addAll(fields);
    HBox line = new HBox(12);
    line.getChildren().addAll(buttons);
    line.setAlignment(Pos.CENTER_RIGHT);
    card.getChildren().add(line);
    card.getStyleClass().add("card");
    return card;
  }

  /// Puts a text where the user can paste it from.
  ///
  /// @param text what to copy
  public static void copy(String text) {
    ClipboardContent content = new ClipboardContent();
    content.putString(text);
    Clipboard.getSystemClipboard().setContent(content);
  }
}
