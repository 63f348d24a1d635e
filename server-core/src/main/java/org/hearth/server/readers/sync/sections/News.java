package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// The news of one answer in the making: each section adds its own.
///
/// **Thread:** one request's.
public final class News {
  private final HeldBackNews heldBack;
  private final Map<Place, Map<RoomId, RoomTelling>> rooms = new EnumMap<>(Place.class);
  private final Map<Kind, List<ObjectNode>> events = new EnumMap<>(Kind.class);
  private DeviceLists deviceLists = DeviceLists.NONE;
  private Map<String, Long> keyCounts = Map.of();
  private List<String> unusedFallbackKeys = List.of();

  News(HeldBackNews heldBack) {
    this.heldBack = heldBack;
  }

  /// The kinds of events that belong to no room.
  public enum Kind {
    /// The user's own data.
    ACCOUNT_DATA,
    /// Who of those that share a room is there.
    PRESENCE,
    /// Messages to the device that asks.
    TO_DEVICE
  }

  /// Where the user stands to a room.
  public enum Place {
    JOIN,
    INVITE,
    KNOCK,
    LEAVE
  }

  /// Whose devices the client must look up again, and whose no more.
  public record DeviceLists(List<UserId> changed, List<UserId> left) {
    public static final DeviceLists NONE = new DeviceLists(List.of(), List.of());

    public DeviceLists {
      changed = List.copyOf(changed);
      left = List.copyOf(left);
    }

    boolean isEmpty() {
      return changed.isEmpty() && left.isEmpty();
    }
  }

  /// Adds an event that belongs to no room.
  void add(Kind kind, ObjectNode event) {
    events.computeIfAbsent(kind, _ -> new ArrayList<>()).add(event);
  }

  /// Tells what happened in a room.
  ///
  /// @param happened asked when it is written
  void put(Place place, RoomId room, Supplier<Optional<? extends RoomNews>> happened) {
    of(place).put(room, new RoomTelling(happened));
  }

  /// A room in which the user is now, to add to what is told of it; empty while the room is held
  /// back: a client must not learn of a room by a part of it.
  Optional<RoomTelling> joined(RoomId room) {
    return heldBack.has(room)
        ? Optional.empty()
        : Optional.of(of(Place.JOIN).computeIfAbsent(room, _ -> new RoomTelling(Optional::empty)));
  }

  /// A room of whose leaving is told.
  Optional<RoomTelling> left(RoomId room) {
    return Optional.ofNullable(of(Place.LEAVE).get(room));
  }

  private Map<RoomId, RoomTelling> of(Place place) {
    return rooms.computeIfAbsent(place, _ -> new LinkedHashMap<>());
  }

  void deviceLists(DeviceLists lists) {
    deviceLists = lists;
  }

  /// @param counts of the device's unused one-time keys, by algorithm
  /// @param unusedFallback the algorithms of the device's unused fallback keys
  void keyCounts(Map<String, Long> counts, List<String> unusedFallback) {
    keyCounts = Map.copyOf(counts);
    unusedFallbackKeys = List.copyOf(unusedFallback);
  }

  /// What had to be left out.
  public HeldBackNews heldBack() {
    return heldBack;
  }

  /// What is to be told of rooms, in the order of telling.
  public Map<RoomId, RoomTelling> rooms(Place place) {
    return Collections.unmodifiableMap(rooms.getOrDefault(place, Map.of()));
  }

  /// The events of that kind.
  public List<ObjectNode> events(Kind kind) {
    return events.getOrDefault(kind, List.of());
  }

  public DeviceLists deviceLists() {
    return deviceLists;
  }

  public Map<String, Long> keyCounts() {
    return keyCounts;
  }

  public List<String> unusedFallbackKeys() {
    return unusedFallbackKeys;
  }

  /// Whether there is nothing, beside what happened in rooms, for which a client would be woken.
  public boolean isEmptyBesideRooms() {
    return events.isEmpty() && deviceLists.isEmpty();
  }
}
