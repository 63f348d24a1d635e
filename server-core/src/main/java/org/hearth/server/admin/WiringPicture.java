package org.hearth.server.admin;

import java.util.List;
import java.util.Map;

/// The running server's own description of its wiring with the numbers of this moment: what the
/// Wiring page draws. Rates are for whoever looks twice: every count only grows.
///
/// @param nodes the boxes, in the order of the flow
/// @param arrows who writes which log and who reads it
/// @param rings the logs with their numbers
public record WiringPicture(List<Node> nodes, List<Arrow> arrows, List<Ring> rings) {
  public WiringPicture {
    nodes = List.copyOf(nodes);
    arrows = List.copyOf(arrows);
    rings = List.copyOf(rings);
  }

  /// What a box does with logs.
  public enum Kind {
    /// Turns a request from outside into log entries.
    WRITER,
    /// Owns state, decides, and writes what it decided.
    SERVER,
    /// Follows logs, keeps a view, answers or delivers.
    READER,
    /// A request/response service with tables of its own.
    SERVICE,
    /// The committer and the database.
    STORE
  }

  /// A box.
  ///
  /// @param name the component's name
  /// @param kind what it does with logs
  /// @param purpose what it is there for, in a few words for people
  public record Node(String name, Kind kind, String purpose) {}

  /// An arrow between a box and a log.
  ///
  /// @param from the box that writes, or the log that is read
  /// @param to the log that is written, or the box that reads
  public record Arrow(String from, String to) {}

  /// A log.
  ///
  /// @param name the log's name
  /// @param capacity slots of its ring
  /// @param inFlight slots taken now
  /// @param published entries since the start
  /// @param waits times that a writer waited for room
  /// @param writers entries of each that writes it, also of who has no arrow to it: `published` in
  ///   all; empty if one writer has all of them
  /// @param consumers who reads it
  public record Ring(
      String name,
      long capacity,
      long inFlight,
      long published,
      long waits,
      Map<String, Long> writers,
      List<Consumer> consumers) {
    public Ring {
      writers = Map.copyOf(writers);
      consumers = List.copyOf(consumers);
    }
  }

  /// One reader of a log.
  ///
  /// @param name the component's name
  /// @param consumed entries since the start
  /// @param lag entries published but not yet consumed
  /// @param failures entries that it failed on
  /// @param parked keys whose entries wait for a decision
  /// @param batches batches since the start
  /// @param busyNanos time spent in batches since the start
  public record Consumer(
      String name,
      long consumed,
      long lag,
      long failures,
      long parked,
      long batches,
      long busyNanos) {}
}
