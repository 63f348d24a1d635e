package org.hearth.server.http.connection;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Tells those who wait on behalf of a client that it is no use any more: the server is about to
/// stop, or the client is gone.
///
/// **thread**: any.
public final class StopSignal {
  private final Set<Registration> registrations = ConcurrentHashMap.newKeySet();
  private volatile boolean raised;

  /// True from the moment the server is asked to stop.
  public boolean isRaised() {
    return raised;
  }

  /// Runs the action once when the signal is raised, or at once if it is already. Close the
  /// registration when the wait is over.
  ///
  /// @param action quick and without exceptions, such as waking a waiter; runs on the stopping
  ///   thread
  public Registration whenRaised(Runnable action) {
    Registration registration = new Registration(action);
    registrations.add(registration);
    if (raised) {
      registration.run();
    }
    return registration;
  }

  /// Raises the signal; more than once has no further effect.
  public void raise() {
    raised = true;
    registrations.forEach(Registration::run);
  }

  /// An action that waits for the signal.
  public final class Registration implements AutoCloseable {
    private final Runnable action;

    private Registration(Runnable action) {
      this.action = action;
    }

    private void run() {
      if (registrations.remove(this)) {
        action.run();
      }
    }

    /// The action will not be run any more.
    @Override
    public void close() {
      registrations.remove(this);
    }
  }
}
