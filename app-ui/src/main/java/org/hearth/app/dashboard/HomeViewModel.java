package org.hearth.app.dashboard;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import org.hearth.app.shell.Span;
import org.hearth.app.state.FxState;
import org.hearth.app.state.Heartbeat;
import org.hearth.app.state.PanelSettings;
import org.hearth.app.state.ServerSession;
import org.hearth.server.ServerState;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.Alert;
import org.hearth.server.admin.Amounts;
import org.hearth.server.admin.Overview;
import org.hearth.server.admin.RateHistory;
import org.hearth.server.admin.RateHistory.Point;
import org.hearth.server.admin.RateHistory.Window;

/// Home's numbers, asked for once a second while the page is shown.
///
/// **thread**: the JavaFX thread.
public final class HomeViewModel {
  private static final int MOST_ALERTS = 20;

  private final ServerSession session;
  private final Heartbeat<Optional<Answer>> heartbeat;
  private final ReadOnlyStringWrapper people = new ReadOnlyStringWrapper("–");
  private final ReadOnlyStringWrapper rooms = new ReadOnlyStringWrapper("–");
  private final ReadOnlyStringWrapper messages = new ReadOnlyStringWrapper("–");
  private final ReadOnlyStringWrapper uptime = new ReadOnlyStringWrapper("–");
  private final ReadOnlyStringWrapper disk = new ReadOnlyStringWrapper("–");
  private final ReadOnlyStringWrapper free = new ReadOnlyStringWrapper("Stored");
  private final ReadOnlyStringWrapper hint = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper served = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper warnings = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper addressHint = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper addressText = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper("");
  private final ReadOnlyObjectWrapper<Optional<String>> address =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final ReadOnlyObjectWrapper<List<Alert>> alerts = new ReadOnlyObjectWrapper<>(List.of());
  private final ReadOnlyObjectWrapper<Rates> rates = new ReadOnlyObjectWrapper<>(Rates.NONE);

  /// All alerts that the server told of last.
  private List<Alert> told = List.of();

  /// What the server told last of how busy it was, or the one before has kept. It stays while no
  /// server runs.
  private Map<Window, List<Point>> known = Map.of();

  private Window span = Window.TEN_MINUTES;

  /// What is asked for in one go.
  private record Answer(
      Overview overview,
      List<String> warnings,
      List<Alert> alerts,
      Map<Window, List<Point>> rates) {}

  /// What the picture of the rate shows.
  ///
  /// @param span how far back it goes
  /// @param until the time at its right edge
  /// @param points what is known, oldest first
  record Rates(Window span, Instant until, List<Point> points) {
    static final Rates NONE = new Rates(Window.TEN_MINUTES, Instant.EPOCH, List.of());
  }

  HomeViewModel(ServerSession session) {
    this.session = session;
    this.heartbeat =
        new Heartbeat<>(
            "home",
            Duration.ofSeconds(1),
            () -> session.admin().map(this::ask),
            answer -> answer.ifPresentOrElse(this::show, this::showNothing),
            problem::set);
    session.state().addListener((_, _, state) -> showState(state));
    showState(session.state().get());
  }

  private Answer ask(Admin admin) {
    return new Answer(
        admin.overview(),
        session.warnings(),
        admin.alerts(MOST_ALERTS),
        Arrays.stream(Window.values())
            .collect(Collectors.toMap(each -> each, admin.rates()::points)));
  }

  /// How far back the picture of the rate is to go.
  void show(Window wanted) {
    span = wanted;
    heartbeat.beat();
  }

  void start() {
    heartbeat.start();
    if (known.isEmpty()) {
      lookBack();
    }
  }

  /// Before a server has told anything, what the one before has kept is what is known.
  private void lookBack() {
    FxState.ask(
        "rates-kept",
        () -> RateHistory.kept(session.folder().get()),
        kept -> {
          if (known.isEmpty()) {
            known = kept;
            showRates(Instant.now());
          }
        },
        _ -> {
          // The server's next start warns of it, and begins anew.
        });
  }

  void stop() {
    heartbeat.stop();
  }

  ReadOnlyStringProperty people() {
    return people.getReadOnlyProperty();
  }

  ReadOnlyStringProperty rooms() {
    return rooms.getReadOnlyProperty();
  }

  ReadOnlyStringProperty messages() {
    return messages.getReadOnlyProperty();
  }

  ReadOnlyStringProperty uptime() {
    return uptime.getReadOnlyProperty();
  }

  ReadOnlyStringProperty disk() {
    return disk.getReadOnlyProperty();
  }

  /// What the size of the storage is called, with the space that is left.
  ReadOnlyStringProperty free() {
    return free.getReadOnlyProperty();
  }

  /// What to do next on a server that is new; empty otherwise.
  ReadOnlyStringProperty hint() {
    return hint.getReadOnlyProperty();
  }

  /// What people can do with this version and what not yet; empty when nothing is missing.
  ReadOnlyStringProperty served() {
    return served.getReadOnlyProperty();
  }

  /// What the owner should know of the settings and of this moment, a sentence a line; empty if
  /// there is nothing.
  ReadOnlyStringProperty warnings() {
    return warnings.getReadOnlyProperty();
  }

  /// What to do with the address, and who can reach it.
  ReadOnlyStringProperty addressHint() {
    return addressHint.getReadOnlyProperty();
  }

  /// What is wrong, in a sentence; empty if nothing is.
  ReadOnlyStringProperty problem() {
    return problem.getReadOnlyProperty();
  }

  /// What to look at, newest first, but for what was looked at before.
  ReadOnlyObjectProperty<List<Alert>> alerts() {
    return alerts.getReadOnlyProperty();
  }

  /// The alerts shown were looked at: they are not shown again.
  void forgetAlerts() {
    settings().seen(told);
    alerts.set(List.of());
  }

  private PanelSettings settings() {
    return new PanelSettings(session.folder().get());
  }

  /// The address, or why there is none.
  ReadOnlyStringProperty addressText() {
    return addressText.getReadOnlyProperty();
  }

  /// The address to give to clients, while the server runs.
  ReadOnlyObjectProperty<Optional<String>> address() {
    return address.getReadOnlyProperty();
  }

  /// Room events per second.
  ReadOnlyObjectProperty<Rates> rates() {
    return rates.getReadOnlyProperty();
  }

  private void showState(ServerState state) {
    addressText.set(
        switch (state) {
          case ServerState.Running running ->
              running.addresses().stream().findFirst().orElse("It has no listener");
          case ServerState.Starting _ -> "The server starts…";
          case ServerState.Stopping _ -> "The server stops…";
          case ServerState.Stopped _ ->
              session.isStoppedByCommand()
                  ? "The server was stopped by hearth stop"
                  : "The server is not running";
          case ServerState.Failed _ -> "The server has failed";
        });
    if (state instanceof ServerState.Running running) {
      warnings.set(String.join("\n", session.warnings()));
      served.set(session.admin().flatMap(Admin::missing).orElse(""));
      address.set(running.addresses().stream().findFirst());
      addressHint.set(
          "In the app choose “other homeserver” or “edit”, and type or paste this address."
              + (running.ofThisComputerOnly()
                  ? " Only apps on this computer reach it; under Connect you let other devices in."
                  : ""));
    } else {
      address.set(Optional.empty());
      addressHint.set(
          state instanceof ServerState.Stopped ? "Start the server to get its address." : "");
      showNothing();
    }
  }

  private void show(Answer answer) {
    Overview overview = answer.overview();
    if (!(session.state().get() instanceof ServerState.Running)) {
      // The answer of a server that stops now.
      showNothing();
      return;
    }
    warnings.set(String.join("\n", answer.warnings()));
    told = answer.alerts();
    alerts.set(settings().unseen(told));
    people.set("%,d".formatted(overview.people()));
    rooms.set("%,d".formatted(overview.rooms()));
    messages.set("%,d".formatted(overview.messages()));
    disk.set(Amounts.bytes(overview.databaseBytes()));
    free.set("Stored, " + Amounts.bytes(overview.freeBytes()) + " free");
    hint.set(
        overview.people() == 0
            ? "Nobody has an account yet. Make the first one under People; then sign in with any Matrix app."
            : "");
    problem.set(overview.storageWritable() ? "" : overview.storage());
    if (session.state().get() instanceof ServerState.Running running) {
      uptime.set(Span.between(running.since(), overview.time()));
    }
    known = answer.rates();
    showRates(overview.time());
  }

  /// What has become too old meanwhile is left out.
  private void showRates(Instant until) {
    Instant oldest = until.minus(span.length());
    List<Point> points = known.getOrDefault(span, List.of());
    rates.set(
        new Rates(
            span, until, points.stream().filter(point -> !point.from().isBefore(oldest)).toList()));
  }

  private void showNothing() {
    showRates(Instant.now());
    alerts.set(List.of());
    people.set("–");
    rooms.set("–");
    messages.set("–");
    uptime.set("–");
    disk.set("–");
    free.set("Stored");
    hint.set("");
    served.set("");
    warnings.set("");
    problem.set("");
  }
}
