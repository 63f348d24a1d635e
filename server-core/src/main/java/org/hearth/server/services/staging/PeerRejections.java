package org.hearth.server.services.staging;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;

/// What other servers have handed over and does not count, and why: for the operator, since the
/// start.
///
/// **bound**: the newest [#MOST_OF_ONE] of a server, and the [#MOST_SERVERS] of whom there was one
/// last. **thread**: any; guarded by this.
public final class PeerRejections {
  static final int MOST_OF_ONE = 50;
  static final int MOST_SERVERS = 200;
  private static final int LONGEST_DETAIL = 300;

  private final InstantSource clock;

  /// The server of whom there was none for longest is the first.
  private final SequencedMap<ServerName, Deque<PeerRejection>> byOrigin = new LinkedHashMap<>();

  PeerRejections(InstantSource clock) {
    this.clock = clock;
  }

  /// Remembers one.
  ///
  /// @param event empty if it is so wrong that it has no id
  /// @param rule that it breaks; stable
  /// @param detail for the operator; cut
  public synchronized void note(
      ServerName origin, RoomId room, Optional<EventId> event, String rule, String detail) {
    Deque<PeerRejection> known = byOrigin.remove(origin);
    Deque<PeerRejection> those = known == null ? new ArrayDeque<>() : known;
    byOrigin.put(origin, those); // So that it becomes the last.
    String cut =
        detail.length() > LONGEST_DETAIL ? detail.substring(0, LONGEST_DETAIL) + "…" : detail;
    those.addLast(new PeerRejection(clock.instant(), origin, room, event, rule, cut));
    if (those.size() > MOST_OF_ONE) {
      those.removeFirst();
    }
    if (byOrigin.size() > MOST_SERVERS) {
      var _ = byOrigin.pollFirstEntry();
    }
  }

  /// The newest of one server, the newest first.
  public synchronized List<PeerRejection> of(ServerName origin) {
    Deque<PeerRejection> those = byOrigin.get(origin);
    return those == null ? List.of() : List.copyOf(those.reversed());
  }

  /// The newest of all, the newest first.
  public synchronized List<PeerRejection> newest(int limit) {
    return byOrigin.values().stream()
        .flatMap(Deque::stream)
        .sorted((one, other) -> other.time().compareTo(one.time()))
        .limit(limit)
        .toList();
  }
}
