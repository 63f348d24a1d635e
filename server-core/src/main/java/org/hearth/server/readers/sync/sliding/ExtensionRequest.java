package org.hearth.server.readers.sync.sliding;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.sections.ToDeviceSection;

/// What a client wants beside rooms. "If a client sends an unknown extension name, the server MUST
/// ignore it."
///
/// **Source:** to_device [MSC3885](https://github.com/matrix-org/matrix-spec-proposals/pull/3885),
/// e2ee [MSC3884](https://github.com/matrix-org/matrix-spec-proposals/pull/3884), account_data
/// [MSC3959](https://github.com/matrix-org/matrix-spec-proposals/pull/3959), receipts
/// [MSC3960](https://github.com/matrix-org/matrix-spec-proposals/pull/3960), typing
/// [MSC3961](https://github.com/matrix-org/matrix-spec-proposals/pull/3961).
///
/// @param toDevice empty if it is not enabled
/// @param ofRooms those that are about rooms and enabled
record ExtensionRequest(Optional<ToDevice> toDevice, boolean e2ee, Map<OfRooms, Rooms> ofRooms) {
  private static final String ALL = "*";

  /// Of one extension: as many as lists and subscriptions.
  private static final int MOST_NAMES = SlidingRequest.MOST_LISTS;

  ExtensionRequest {
    ofRooms = Map.copyOf(ofRooms);
  }

  /// The extensions that are about rooms.
  enum OfRooms {
    ACCOUNT_DATA("account_data"),
    RECEIPTS("receipts"),
    TYPING("typing");

    private final String key;

    OfRooms(String key) {
      this.key = key;
    }

    String key() {
      return key;
    }
  }

  /// @param since the token up to which the device has the messages
  record ToDevice(Optional<String> since, int limit) {}

  /// Of which rooms an extension tells.
  ///
  /// @param lists of the rooms in these lists; empty for all lists
  /// @param rooms of these, if they are subscribed to; empty for all subscriptions
  record Rooms(Optional<Set<String>> lists, Optional<Set<String>> rooms) {
    boolean admitsList(String name) {
      return lists.isEmpty() || lists.get().contains(name);
    }

    boolean admitsSubscription(RoomId room) {
      return rooms.isEmpty() || rooms.get().contains(room.value());
    }

    long bytes() {
      return lists.map(Memory::of).orElse(0L) + rooms.map(Memory::of).orElse(0L);
    }
  }

  /// About what it takes in memory.
  long bytes() {
    long bytes = toDevice.flatMap(ToDevice::since).map(Memory::of).orElse(0L);
    for (Rooms each : ofRooms.values()) {
      bytes += each.bytes();
    }
    return bytes;
  }

  static ExtensionRequest parse(Fields request) {
    Optional<Fields> fields = request.optionalObject("extensions");
    Map<OfRooms, Rooms> ofRooms = new EnumMap<>(OfRooms.class);
    for (OfRooms each : OfRooms.values()) {
      enabled(fields, each.key()).ifPresent(config -> ofRooms.put(each, rooms(config)));
    }
    return new ExtensionRequest(
        enabled(fields, "to_device").map(ExtensionRequest::toDevice),
        enabled(fields, "e2ee").isPresent(),
        ofRooms);
  }

  private static Optional<Fields> enabled(Optional<Fields> all, String name) {
    return all.flatMap(fields -> fields.optionalObject(name))
        .filter(config -> config.bool("enabled", false));
  }

  private static ToDevice toDevice(Fields config) {
    long limit =
        config
            .optionalInteger("limit", 0, Long.MAX_VALUE)
            .orElse((long) ToDeviceSection.MOST_MESSAGES);
    // None at all would let the device wait for ever for what is there.
    return new ToDevice(
        config.optionalString("since"), Math.clamp(limit, 1, ToDeviceSection.MOST_MESSAGES));
  }

  private static Rooms rooms(Fields config) {
    return new Rooms(names(config, "lists"), names(config, "rooms"));
  }

  private static Optional<Set<String>> names(Fields config, String name) {
    if (!config.has(name)) {
      return Optional.empty();
    }
    Set<String> names = new HashSet<>(config.strings(name));
    if (names.size() > MOST_NAMES) {
      throw MatrixException.invalidParam("%s has more than %d entries".formatted(name, MOST_NAMES));
    }
    return names.contains(ALL) ? Optional.empty() : Optional.of(names);
  }
}
