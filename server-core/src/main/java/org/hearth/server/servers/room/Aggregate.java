package org.hearth.server.servers.room;

import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;

/// What the server tells together with an event of the events that relate to it. They are named by
/// their positions, for [RoomQueries#eventsAt]; what a user may see of them says
/// [RoomQueries#visible].
///
/// **source**: [aggregations of child
/// events](https://spec.matrix.org/v1.19/client-server-api/#aggregations-of-child-events)
///
/// @param replacements by the event's sender, of its type, that came last: at most
///   [#MOST_REPLACEMENTS], the latest first
/// @param references that came last: at most [#MOST_REFERENCES], the latest first
/// @param thread empty if nobody replied in a thread
public record Aggregate(
    List<LogPosition> replacements, List<LogPosition> references, Optional<Replies> thread) {
  /// So many replacements are looked at.
  public static final int MOST_REPLACEMENTS = 100;

  /// So many references are told.
  public static final int MOST_REFERENCES = 100;

  /// So many replies of one ignored user are not counted in a thread.
  public static final int MOST_UNCOUNTED = 1_000;

  /// Of so many ignored users who were in the room replies are not counted: each is looked for in
  /// each thread of a page.
  public static final int MOST_IGNORED = 50;

  public Aggregate {
    replacements = List.copyOf(replacements);
    references = List.copyOf(references);
  }

  /// The replies in a thread.
  ///
  /// @param replies how many there are, without those of whom the user ignores
  /// @param replied whether one is the user's
  /// @param latest the position of the latest reply, whoever sent it
  public record Replies(long replies, boolean replied, LogPosition latest) {}
}
