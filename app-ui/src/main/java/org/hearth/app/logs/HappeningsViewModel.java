package org.hearth.app.logs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.collections.transformation.FilteredList;
import org.hearth.app.state.Heartbeat;
import org.hearth.app.state.ServerSession;
import org.hearth.server.ServerState;
import org.hearth.server.admin.ActivityEntry;

/// What happened on the server, newest first. What is known stays while the server is stopped.
///
/// **thread**: the JavaFX thread. **bound**: 10,000 entries, as many as the server keeps.
final class HappeningsViewModel {
  private static final int MOST = 10_000;

  private final ObservableList<ActivityEntry> all = FXCollections.observableArrayList();
  private final FilteredList<ActivityEntry> shown = new FilteredList<>(all);
  private final StringProperty words = new SimpleStringProperty("");
  private final BooleanProperty troubleOnly = new SimpleBooleanProperty();
  private final BooleanProperty answered = new SimpleBooleanProperty();
  private final ServerSession session;
  private final Heartbeat<Optional<Newer>> heartbeat;

  /// What came after an entry.
  private record Newer(long after, List<ActivityEntry> entries) {}

  HappeningsViewModel(ServerSession session) {
    this.session = session;
    this.heartbeat =
        new Heartbeat<>("activity", Duration.ofSeconds(1), this::newer, this::add, _ -> {});
    // The next start may be on other data: another folder, or a backup that was restored.
    session
        .state()
        .addListener((_, _, state) -> {
          if (state instanceof ServerState.Starting) {
            all.clear();
            answered.set(false);
          }
        });
    words.addListener((_, _, _) -> filter());
    troubleOnly.addListener((_, _, _) -> filter());
  }

  private Optional<Newer> newer() {
    long last = last();
    return session.admin().map(admin -> new Newer(last, admin.activity(last, MOST)));
  }

  ObservableList<ActivityEntry> entries() {
    return shown;
  }

  /// Words that an entry must have, in any case.
  StringProperty words() {
    return words;
  }

  /// Whether only what went wrong is shown.
  BooleanProperty troubleOnly() {
    return troubleOnly;
  }

  void start() {
    heartbeat.start();
  }

  void stop() {
    heartbeat.stop();
  }

  private long last() {
    return all.isEmpty() ? 0 : all.getFirst().number();
  }

  private void add(Optional<Newer> answer) {
    answered.set(answered.get() || answer.isPresent());
    answer
        .filter(newer -> newer.after() == last() && !newer.entries().isEmpty())
        .ifPresent(newer -> {
          List<ActivityEntry> newestFirst = new ArrayList<>(newer.entries().reversed());
          all.addAll(0, newestFirst);
          if (all.size() > MOST) {
            all.remove(MOST, all.size());
          }
        });
  }

  /// Why nothing is shown, in a sentence.
  StringBinding whenEmpty() {
    return Bindings.createStringBinding(
        () -> all.isEmpty() ? absence() : "Nothing matches.",
        shown,
        all,
        answered,
        session.state());
  }

  private String absence() {
    return switch (session.state().get()) {
      case ServerState.Stopped _, ServerState.Failed _ -> "Start the server to see what happened.";
      case ServerState.Running _ -> answered.get() ? "Nothing has happened yet." : "Looking…";
      case ServerState.Starting _, ServerState.Stopping _ -> session.absence();
    };
  }

  private void filter() {
    String wanted = words.get().strip().toLowerCase(Locale.ROOT);
    shown.setPredicate(entry ->
        (entry.trouble() || !troubleOnly.get())
            && (entry.text().toLowerCase(Locale.ROOT).contains(wanted)
                || entry.by().toLowerCase(Locale.ROOT).contains(wanted)));
  }
}
