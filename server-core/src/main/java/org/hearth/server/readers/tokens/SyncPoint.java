package org.hearth.server.readers.tokens;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.matrix.id.RoomId;

/// What a client has been told: everything up to a position, but for what could not be read.
///
/// A room that could not be read is left out of an answer, and the point says up to where the
/// client has that room. So no point passes a room that failed, and the other rooms go on.
///
/// @param position in the one order of what is committed
/// @param volatiles of logs that are not kept, by the letter that the token gives them
/// @param heldBack up to where the client has what could not be read since; [LogPosition#ORIGIN]
///   where it has nothing
public record SyncPoint(
    LogPosition position,
    Map<Character, VolatilePosition> volatiles,
    Map<HeldBack, LogPosition> heldBack) {
  public SyncPoint {
    volatiles = Map.copyOf(volatiles);
    heldBack = Map.copyOf(heldBack);
  }

  /// A point of what is committed, at which nothing was held back.
  public SyncPoint(LogPosition position) {
    this(position, Map.of(), Map.of());
  }

  /// What was held back, as a token names it.
  ///
  /// @param hash of the room's id or the section's name: a token has no room for ids. If two rooms
  ///   have the same, both are told from the earlier position
  public record HeldBack(long hash) {
    /// A room.
    public static HeldBack of(RoomId room) {
      return of(room.value());
    }

    /// A room by its id, or a section by its name.
    public static HeldBack of(String name) {
      long hash = 0xcbf29ce484222325L;
      for (int i = 0; i < name.length(); i++) {
        hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
      }
      return new HeldBack(hash);
    }
  }

  /// Up to where the client has a room, by its id, or a section, by its name; empty if it has
  /// nothing.
  public Optional<LogPosition> of(String name) {
    return heldBack.isEmpty() ? Optional.of(position) : of(HeldBack.of(name));
  }

  /// Whether a room, by its id, or a section, by its name, was held back.
  public boolean holdsBack(String name) {
    return !heldBack.isEmpty() && heldBack.containsKey(HeldBack.of(name));
  }

  private Optional<LogPosition> of(HeldBack what) {
    LogPosition known = heldBack.getOrDefault(what, position);
    boolean nothing = heldBack.containsKey(what) && known.equals(LogPosition.ORIGIN);
    return nothing ? Optional.empty() : Optional.of(known);
  }

  /// Up to where the client has a volatile log, as of the log's run: a position of an earlier run
  /// says nothing, and the client is told from the beginning.
  ///
  /// @param now of the same log
  public LogPosition of(char letter, VolatilePosition now) {
    VolatilePosition known = volatiles.get(letter);
    return known == null || known.epoch() != now.epoch() ? LogPosition.ORIGIN : known.position();
  }

  /// The later of both in what is committed, with the volatile parts of this one.
  public SyncPoint notBefore(LogPosition other) {
    return other.isAfter(position) ? new SyncPoint(other, volatiles, heldBack) : this;
  }

  /// The same, with what was held back.
  public SyncPoint holdingBack(Map<HeldBack, LogPosition> what) {
    return new SyncPoint(position, volatiles, new HashMap<>(what));
  }
}
