package org.hearth.bench.load;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/// What load to make.
///
/// @param server the address of the client API
/// @param users how many people send and sync
/// @param rooms over how many rooms they are spread
/// @param perSecond messages a second of all together; 0 for as many as the server takes
/// @param warmUp how long before it counts
/// @param measured how long it counts
/// @param following whether everybody also syncs
/// @param process the server's process, to read its CPU time and memory
public record Load(
    URI server,
    int users,
    int rooms,
    double perSecond,
    Duration warmUp,
    Duration measured,
    boolean following,
    Optional<Long> process) {
  public Load {
    if (users < 1 || rooms < 1 || rooms > users) {
      throw new IllegalArgumentException("at least one user, and at most one room a user");
    }
  }

  /// The same at another rate.
  ///
  /// @param rate messages a second of all together; 0 for as many as the server takes
  /// @return a copy
  public Load at(double rate) {
    return new Load(server, users, rooms, rate, warmUp, measured, following, process);
  }

  /// The same with another crowd.
  ///
  /// @param people how many people send and sync
  /// @param places over how many rooms they are spread
  /// @return a copy
  public Load with(int people, int places) {
    return new Load(server, people, places, perSecond, warmUp, measured, following, process);
  }
}
