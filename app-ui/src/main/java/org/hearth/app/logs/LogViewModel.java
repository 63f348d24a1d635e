package org.hearth.app.logs;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.collections.transformation.FilteredList;
import org.hearth.app.state.Heartbeat;
import org.hearth.app.state.ServerSession;
import org.hearth.server.LogLine;
import org.hearth.server.LogTail;

/// The newest lines of the log, filtered by level and words.
///
/// **thread**: the JavaFX thread. **bound**: as many lines as the server keeps.
final class LogViewModel {
  private final ObservableList<LogLine> all = FXCollections.observableArrayList();
  private final FilteredList<LogLine> shown = new FilteredList<>(all);
  private final StringProperty words = new SimpleStringProperty("");
  private final ObjectProperty<LogLine.Level> least =
      new SimpleObjectProperty<>(LogLine.Level.INFO);
  private final Heartbeat<List<LogLine>> heartbeat;

  /// @param whenRead what to do each time the log was read, also when it had nothing new
  LogViewModel(ServerSession session, Runnable whenRead) {
    this.heartbeat =
        new Heartbeat<>(
            "log",
            Duration.ofMillis(500),
            () -> session.log().after(last()),
            newer -> {
              add(newer);
              whenRead.run();
            },
            _ -> {});
    words.addListener((_, _, _) -> filter());
    least.addListener((_, _, _) -> filter());
    filter();
  }

  ObservableList<LogLine> lines() {
    return shown;
  }

  /// Words that a line must have, in any case.
  StringProperty words() {
    return words;
  }

  /// The least grave level that is shown.
  ObjectProperty<LogLine.Level> least() {
    return least;
  }

  void start() {
    heartbeat.start();
  }

  void stop() {
    heartbeat.stop();
  }

  private long last() {
    return all.isEmpty() ? 0 : all.getLast().number();
  }

  private void add(List<LogLine> newer) {
    all.addAll(newer);
    if (all.size() > LogTail.CAPACITY) {
      all.remove(0, all.size() - LogTail.CAPACITY);
    }
  }

  /// The first line of what a line says: a stack trace follows it.
  static String headline(LogLine line) {
    return line.message().lines().findFirst().orElse("");
  }

  /// Who says it, short: the last two names of a class of another program.
  static String shortComponent(LogLine line) {
    String[] names = line.component().split("\\.", -1);
    return names.length <= 2
        ? line.component()
        : names[names.length - 2] + "." + names[names.length - 1];
  }

  /// Why no line is shown, in a sentence.
  StringBinding whenEmpty() {
    return Bindings.createStringBinding(
        () ->
            all.isEmpty()
                ? "Nothing yet: the server has not run since Hearth was opened."
                : "No line matches.",
        shown,
        all);
  }

  /// How many lines of how many are shown.
  StringBinding count() {
    return Bindings.createStringBinding(
        () ->
            shown.size() == all.size()
                ? lines(all.size())
                : "%,d of %s".formatted(shown.size(), lines(all.size())),
        shown);
  }

  /// So many lines, in words.
  static String lines(int count) {
    return count == 1 ? "1 line" : "%,d lines".formatted(count);
  }

  private void filter() {
    String wanted = words.get().toLowerCase(Locale.ROOT);
    shown.setPredicate(line ->
        line.level().compareTo(least.get()) >= 0
            && (line.message().toLowerCase(Locale.ROOT).contains(wanted)
                || line.component().contains(wanted)));
  }
}
