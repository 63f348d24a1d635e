package org.hearth.app.state;

import javafx.animation.PauseTransition;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.util.Duration;

/// A sentence that says what was done, and goes after a while: it is news for a moment only.
///
/// **thread**: the JavaFX thread.
public final class PassingSentence {
  private static final Duration WHILE = Duration.seconds(8);

  private final ReadOnlyStringWrapper text = new ReadOnlyStringWrapper("");
  private final PauseTransition pause = new PauseTransition(WHILE);

  public PassingSentence() {
    pause.setOnFinished(_ -> text.set(""));
  }

  /// Says something new.
  public void say(String sentence) {
    text.set(sentence);
    pause.playFromStart();
  }

  /// Says something that stays until something else is said: what went wrong.
  public void stay(String sentence) {
    pause.stop();
    text.set(sentence);
  }

  /// Says nothing any more.
  public void clear() {
    stay("");
  }

  /// What is said; empty for nothing.
  public ReadOnlyStringProperty text() {
    return text.getReadOnlyProperty();
  }
}
