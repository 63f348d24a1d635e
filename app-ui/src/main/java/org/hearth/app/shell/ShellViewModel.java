package org.hearth.app.shell;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongConsumer;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.value.ObservableValue;
import org.hearth.app.state.FxState;
import org.hearth.app.state.ServerSession;
import org.hearth.server.ServerState;
import org.hearth.server.configuration.ListenerPort;

/// The one honest line, and what can be done now.
public final class ShellViewModel {
  private final ServerSession session;
  private final ReadOnlyObjectWrapper<Optional<OtherPort>> otherPort =
      new ReadOnlyObjectWrapper<>(Optional.empty());

  /// @param session the server looked after
  public ShellViewModel(ServerSession session) {
    this.session = session;
    session.state().addListener((_, _, state) -> lookForPort(state));
    lookForPort(session.state().get());
  }

  /// A word for the state: `running`, `starting`, `stopping`, `stopped` or `failed`.
  ///
  /// @return changes with the state
  public StringBinding word() {
    return Bindings.createStringBinding(() -> word(state()), session.state());
  }

  /// The state in a sentence.
  ///
  /// @return changes with the state
  public StringBinding sentence() {
    return Bindings.createStringBinding(
        () ->
            switch (state()) {
              case ServerState.Stopped _ -> "Stopped";
              case ServerState.Starting(String step) -> step + "…";
              case ServerState.Running _ ->
                  "Running" + session.configuration().map(c -> " as " + c.serverName()).orElse("");
              case ServerState.Stopping _ -> "Stopping…";
              case ServerState.Failed(String reason, _, _, _) -> sentence(reason);
            },
        session.state());
  }

  /// What to do about a failure; empty otherwise.
  ///
  /// @return changes with the state
  public StringBinding remedy() {
    return Bindings.createStringBinding(
        () -> state() instanceof ServerState.Failed(_, String remedy, _, _) ? remedy : "",
        session.state());
  }

  /// Whether the server can be started now.
  ///
  /// @return changes with the state
  public BooleanBinding canStart() {
    return Bindings.createBooleanBinding(
        () -> state() instanceof ServerState.Stopped || state() instanceof ServerState.Failed,
        session.state());
  }

  /// Whether the server can be stopped now.
  ///
  /// @return changes with the state
  public BooleanBinding canStop() {
    return Bindings.createBooleanBinding(
        () -> state() instanceof ServerState.Running, session.state());
  }

  /// Whether it is on the way up or down.
  ///
  /// @return changes with the state
  public BooleanBinding changing() {
    return Bindings.createBooleanBinding(
        () -> state() instanceof ServerState.Starting || state() instanceof ServerState.Stopping,
        session.state());
  }

  /// The state itself.
  ///
  /// @return changes with the state
  public ObservableValue<ServerState> observable() {
    return session.state();
  }

  /// Does something at once if nobody is connected, or else asks first.
  ///
  /// @param does what cuts connections
  /// @param asks shows a question about so many requests that devices wait for
  public void whenNobodyIsConnected(Runnable does, LongConsumer asks) {
    FxState.ask(
        "connected",
        () -> session.admin().map(admin -> admin.overview().requestsInFlight()).orElse(0L),
        waiting -> {
          if (waiting > 0) {
            asks.accept(waiting);
          } else {
            does.run();
          }
        },
        _ -> does.run());
  }

  /// Starts the server.
  public void start() {
    session.start();
  }

  /// Stops the server.
  public void stop() {
    session.stop();
  }

  /// Stops and starts the server.
  public void restart() {
    session.restart();
  }

  /// The port that something else holds, and the free one that the server could take instead.
  ///
  /// @param inUse in use by another program
  /// @param free next to it
  public record OtherPort(int inUse, int free) {}

  /// What would help after a start that failed for its port.
  ///
  /// @return changes with the state; empty for any other state
  public ReadOnlyObjectProperty<Optional<OtherPort>> otherPort() {
    return otherPort.getReadOnlyProperty();
  }

  /// Whether there is such a port.
  ///
  /// @return changes with the state
  public BooleanBinding canUseOtherPort() {
    return Bindings.createBooleanBinding(() -> otherPort.get().isPresent(), otherPort);
  }

  /// Whether the last start, or the server, failed.
  ///
  /// @return changes with the state
  public BooleanBinding failed() {
    return Bindings.createBooleanBinding(
        () -> state() instanceof ServerState.Failed, session.state());
  }

  /// Whether only a backup helps.
  ///
  /// @return changes with the state
  public BooleanBinding wantsBackup() {
    return Bindings.createBooleanBinding(
        () -> state() instanceof ServerState.Failed failed && failed.wantsBackup(),
        session.state());
  }

  /// Takes the free port and starts.
  public void useOtherPort() {
    otherPort.get().ifPresent(port -> session.startOnPort(port.inUse(), port.free(), _ -> {}));
  }

  private void lookForPort(ServerState state) {
    otherPort.set(Optional.empty());
    if (state instanceof ServerState.Failed(_, _, OptionalInt inUse, _) && inUse.isPresent()) {
      int port = inUse.getAsInt();
      FxState.ask(
          "free-port",
          () -> ListenerPort.freeAfter(port),
          free -> {
            if (session.state().get().equals(state) && free.isPresent()) {
              otherPort.set(Optional.of(new OtherPort(port, free.getAsInt())));
            }
          },
          _ -> {});
    }
  }

  private static String sentence(String reason) {
    return reason.isEmpty()
        ? reason
        : reason.substring(0, 1).toUpperCase(Locale.ROOT) + reason.substring(1);
  }

  private ServerState state() {
    return session.state().get();
  }

  private static String word(ServerState state) {
    return state.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }
}
