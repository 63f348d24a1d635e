package org.hearth.app.shell;

import javafx.beans.binding.Bindings;
import javafx.geometry.Insets;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.TextInputControl;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/// Shows one card over the window. What is below cannot be used until the card is closed, and gets
/// the focus back then.
///
/// **thread**: the JavaFX thread.
public final class Overlay extends StackPane {
  private static final double WIDTH = 440;

  private final Node below;
  private @Nullable Node focusBefore;

  Overlay(Node below) {
    this.below = below;
    setId("overlay");
    getStyleClass().add("overlay");
    setPadding(new Insets(24));
    visibleProperty().bind(Bindings.isNotEmpty(getChildren()));
    below.disableProperty().bind(visibleProperty());
  }

  /// Shows a card in place of the one before; its first field, or else its first node that takes
  /// the focus, gets it.
  ///
  /// @param card what to show; its cancel button must call [#close]
  public void show(VBox card) {
    if (!isVisible()) {
      focusBefore = below.getScene() == null ? null : below.getScene().getFocusOwner();
    }
    card.getStyleClass().add("dialog-card");
    card.setPrefWidth(WIDTH);
    card.setMaxSize(WIDTH, Region.USE_PREF_SIZE);
    getChildren().setAll(card);
    applyCss();
    Node first = firstField(card);
    if (first != null) {
      first.requestFocus();
    }
  }

  /// Closes the card.
  public void close() {
    getChildren().clear();
    if (focusBefore != null) {
      focusBefore.requestFocus();
      focusBefore = null;
    }
  }

  /// Whether a card is shown.
  ///
  /// @return true until it is closed
  public boolean isOpen() {
    return isVisible();
  }

  private static @Nullable Node firstField(Parent parent) {
    for (Node child : parent.getChildrenUnmodifiable()) {
      if (child instanceof TextInputControl || child instanceof javafx.scene.control.Button) {
        return child;
      }
      if (child instanceof Parent inner) {
        Node found = firstField(inner);
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }
}
