package org.hearth.app.shell;

import java.util.Locale;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.binding.StringBinding;
import javafx.beans.value.ObservableValue;
import org.hearth.app.state.ServerSession;
import org.hearth.server.ServerState;

/// The one honest line, and what can be done now.
public final class ShellViewModel {
  private final ServerSession session;

  /// @param session the server looked after
  public ShellViewModel(ServerSession session) {
    this.session = session;
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
              case ServerState.Failed(String reason, _) -> reason;
            },
        session.state());
  }

  /// What to do about a failure; empty otherwise.
  ///
  /// @return changes with the state
  public StringBinding remedy() {
    return Bindings.createStringBinding(
        () -> state() instanceof ServerState.Failed(_, String remedy) ? remedy : "",
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

  private ServerState state() {
    return session.state().get();
  }

  private static String word(ServerState state) {
    return state.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }
}
