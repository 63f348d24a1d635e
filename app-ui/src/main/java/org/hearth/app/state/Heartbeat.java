package org.hearth.app.state;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;

/// Asks the same question again and again while a page is shown. A question is not asked before the
/// one before it was answered.
///
/// **thread**: the JavaFX thread; questions run elsewhere.
///
/// @param <T> the answers
public final class Heartbeat<T> {
  private final String name;
  private final Callable<T> question;
  private final Consumer<T> answered;
  private final Consumer<String> failed;
  private final Timeline timeline;
  private boolean waiting;

  /// @param name the name of the asking threads
  /// @param period how often
  /// @param question may block
  /// @param answered gets each answer
  /// @param failed gets a sentence instead
  public Heartbeat(
      String name,
      Duration period,
      Callable<T> question,
      Consumer<T> answered,
      Consumer<String> failed) {
    this.name = name;
    this.question = question;
    this.answered = answered;
    this.failed = failed;
    this.timeline =
        new Timeline(
            new KeyFrame(javafx.util.Duration.millis((double) period.toMillis()), _ -> beat()));
    timeline.setCycleCount(Animation.INDEFINITE);
  }

  /// Asks at once and then regularly.
  public void start() {
    beat();
    timeline.play();
  }

  /// Asks no more.
  public void stop() {
    timeline.stop();
  }

  /// Asks now, whatever the clock says.
  public void beat() {
    if (waiting) {
      return;
    }
    waiting = true;
    FxState.ask(
        name,
        question,
        answer -> {
          waiting = false;
          answered.accept(answer);
        },
        sentence -> {
          waiting = false;
          failed.accept(sentence);
        });
  }
}
