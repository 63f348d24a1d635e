package org.hearth.app.shell;

import javafx.scene.Node;
import javafx.scene.Parent;

/// A page of the panel.
public interface Page {
  /// What the page is made of.
  ///
  /// @return always the same node
  Parent node();

  /// The page is shown from now on.
  default void shown() {}

  /// The page is no longer shown: it must cost nothing now.
  default void hidden() {}

  /// The window is about to be closed for good.
  ///
  /// @param close closes it; to be called when the page has nothing left to do, on the JavaFX
  ///   thread
  default void leave(Runnable close) {
    close.run();
  }

  /// What gets the focus when the page is shown.
  ///
  /// @return a node of the page
  default Node firstFocus() {
    return node();
  }
}
