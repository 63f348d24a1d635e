package org.hearth.app.state;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import javafx.animation.PauseTransition;
import javafx.application.Platform;

/// The one class that hops to the JavaFX thread.
public final class FxState {
  private static final System.Logger LOG = System.getLogger(FxState.class.getName());

  private FxState() {}

  /// Runs something on the JavaFX thread: at once if this is it, else soon.
  ///
  /// @param action what to run
  public static void onFxThread(Runnable action) {
    if (Platform.isFxApplicationThread()) {
      action.run();
    } else {
      Platform.runLater(action);
    }
  }

  /// Runs something on the JavaFX thread when that has done what it is doing now.
  ///
  /// @param action what to run
  public static void later(Runnable action) {
    Platform.runLater(action);
  }

  /// Runs something on the JavaFX thread when some time has passed.
  ///
  /// @param pause how much
  /// @param action what to run
  static void after(Duration pause, Runnable action) {
    PauseTransition waiting =
        new PauseTransition(javafx.util.Duration.millis((double) pause.toMillis()));
    waiting.setOnFinished(_ -> action.run());
    waiting.play();
  }

  /// Asks a question away from the JavaFX thread and brings the answer back to it.
  ///
  /// @param name the thread's name
  /// @param question may block; goes on to its end when the job is cancelled
  /// @param answered gets the answer, on the JavaFX thread
  /// @param failed gets a sentence, on the JavaFX thread
  /// @param <T> the answer
  /// @return the job, to cancel it by
  public static <T> Job ask(
      String name, Callable<T> question, Consumer<T> answered, Consumer<String> failed) {
    Job job = new Job();
    Thread thread =
        Thread.ofVirtual()
            .name(name)
            .unstarted(() -> {
              try {
                T answer = question.call();
                onFxThread(() -> job.unlessCancelled(() -> answered.accept(answer)));
              } catch (InterruptedException | CancellationException _) {
                Thread.currentThread().interrupt();
              } catch (Exception | Error e) {
                // An error, too: whoever asks again and again waits for an answer of either kind.
                LOG.log(Level.DEBUG, name + " failed", e);
                String sentence = e.getMessage() == null ? e.toString() : e.getMessage();
                onFxThread(() -> job.unlessCancelled(() -> failed.accept(sentence)));
              }
            });
    thread.start();
    return job;
  }

  /// Something that runs and can be called off.
  public static final class Job {
    private volatile boolean cancelled;

    private Job() {}

    private void unlessCancelled(Runnable action) {
      if (!cancelled) {
        action.run();
      }
    }

    /// Calls it off: neither answer nor failure arrives. The worker is not interrupted, because the
    /// database closes a connection whose thread is.
    public void cancel() {
      cancelled = true;
    }
  }
}
