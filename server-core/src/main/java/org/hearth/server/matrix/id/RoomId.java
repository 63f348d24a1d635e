package org.hearth.server.matrix.id;

import java.util.Optional;

/// A room: `!opaque:server`, or since room version 12 `!` and the hash of the room's create event,
/// without a server.
///
/// Source: [Room IDs](https://spec.matrix.org/v1.19/appendices/#room-ids).
///
/// @param value the whole identifier, at most 255 bytes
public record RoomId(String value) implements Comparable<RoomId> {
  private static final String KIND = "room id";

  public RoomId {
    int colon = Grammar.checkSigilAndLocalpart(KIND, '!', value);
    if (colon >= 0) {
      Grammar.checkDomain(KIND, value, colon);
    } else if (!isOpaque(value)) {
      throw new InvalidIdentifierException(
          KIND, value, "has neither a server name nor the hash of a create event");
    }
  }

  /// The room id with that text, with or without a server.
  ///
  /// @throws InvalidIdentifierException if the text does not follow the grammar
  public static RoomId parse(String text) {
    return new RoomId(text);
  }

  /// The id of the room that this create event makes, room versions 12 and later: "the event ID of
  /// the `m.room.create` event using `!` as the sigil instead of `$`".
  public static RoomId ofCreateEvent(EventId create) {
    return new RoomId("!" + create.value().substring(1));
  }

  /// The server that created the room, for the room ids that have one. It says nothing of who takes
  /// part in the room.
  public Optional<ServerName> server() {
    int colon = value.indexOf(':');
    return colon < 0 ? Optional.empty() : Optional.of(new ServerName(value.substring(colon + 1)));
  }

  /// True if this is the form of room versions 12 and later.
  public boolean isHash() {
    return value.indexOf(':') < 0;
  }

  private static boolean isOpaque(String text) {
    for (int i = 1; i < text.length(); i++) {
      if (!Grammar.isUrlSafe(text.charAt(i))) {
        return false;
      }
    }
    return text.length() > 1;
  }

  @Override
  public int compareTo(RoomId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
