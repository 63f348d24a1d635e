package org.hearth.server;

import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import org.hearth.server.store.Refusal;

/// What the server is doing, as people are told.
///
/// ```
///   Stopped --start--> Starting --> Running --stop--> Stopping --> Stopped
///                         |            |
///                         +-> Failed <-+        Failed --start--> Starting
/// ```
public sealed interface ServerState {
  /// Not running; the state before the first start.
  record Stopped() implements ServerState {}

  /// On the way up.
  ///
  /// @param step what is being done, for a progress line
  record Starting(String step) implements ServerState {}

  /// Serving.
  ///
  /// @param since when it began to
  /// @param addresses the addresses that clients may be given, the best first
  /// @param ofThisComputerOnly whether no other computer reaches any of them
  record Running(Instant since, List<String> addresses, boolean ofThisComputerOnly)
      implements ServerState {
    public Running {
      addresses = List.copyOf(addresses);
    }
  }

  /// On the way down: requests under way are let end.
  record Stopping() implements ServerState {}

  /// Something went wrong: the server did not start, or a thread or the database without which it
  /// is not whole has ended. In the second case it has to be stopped before it can be started.
  ///
  /// @param reason what went wrong, in a sentence
  /// @param remedy what to do about it, in a sentence
  /// @param portInUse the port that something else holds, if that is the reason
  /// @param wantsBackup whether only a backup helps, so that to start again is of no use
  record Failed(String reason, String remedy, OptionalInt portInUse, boolean wantsBackup)
      implements ServerState {
    /// A failure that is neither about a port nor about the database.
    ///
    /// @param reason what went wrong, in a sentence
    /// @param remedy what to do about it, in a sentence
    public Failed(String reason, String remedy) {
      this(reason, remedy, OptionalInt.empty(), false);
    }

    /// A failure of the database.
    ///
    /// @param refusal what it says
    static Failed of(Refusal refusal) {
      return new Failed(
          refusal.problem(), refusal.remedy(), OptionalInt.empty(), refusal.wantsBackup());
    }
  }
}
