package org.hearth.server.admin;

import java.time.Instant;
import java.util.Optional;
import org.hearth.server.outbound.federation.FailingServer;
import org.hearth.server.readers.federationdelivery.DestinationState;

/// Another server that is told what happens here, or could not be reached.
///
/// @param name the server's
/// @param state what happens now
/// @param waiting how much it has still to be told
/// @param failingSince when the first of the attempts failed that have all failed since
/// @param nextTry when it is tried again, if it waits for that
/// @param lastError what went wrong last; empty if nothing has since
public record Destination(
    String name,
    State state,
    long waiting,
    Optional<Instant> failingSince,
    Optional<Instant> nextTry,
    String lastError) {
  /// What happens now.
  public enum State {
    /// It has been told everything.
    IDLE,
    /// It is being told.
    SENDING,
    /// It has refused something, and is tried again after a pause.
    WAITING,
    /// It could not be reached, and is left alone for a while.
    LEFT_ALONE
  }

  static Destination of(DestinationState state, Optional<FailingServer> failing) {
    return new Destination(
        state.name().value(),
        switch (state.state()) {
          case IDLE -> failing.isPresent() ? State.LEFT_ALONE : State.IDLE;
          case SENDING -> State.SENDING;
          case WAITING -> State.WAITING;
          case LEFT_ALONE -> State.LEFT_ALONE;
        },
        state.waiting(),
        failing.map(FailingServer::failingSince),
        state.nextTry().or(() -> failing.map(FailingServer::nextTry)),
        state.lastError().isEmpty()
            ? failing.map(FailingServer::lastError).orElse("")
            : state.lastError());
  }

  /// One that has nothing to be told.
  static Destination of(FailingServer failing) {
    return new Destination(
        failing.name().value(),
        State.LEFT_ALONE,
        0,
        Optional.of(failing.failingSince()),
        Optional.of(failing.nextTry()),
        failing.lastError());
  }
}
