package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.EventFields;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.FilterFields;
import org.jspecify.annotations.Nullable;

/// What a client wants of `/sync`: the specification's `Filter`, read and checked.
///
/// @param fields the fields of events to send; empty for all of them
/// @param federationFormat whether events are sent as peers see them
/// @param presence presence updates
/// @param accountData the user's data that belongs to no room
/// @param room what to send of rooms
public record Filter(
    Optional<EventFields> fields,
    boolean federationFormat,
    EventFilter presence,
    EventFilter accountData,
    Rooms room) {

  /// The specification's `RoomFilter`. Its own lists of rooms apply before those of its parts.
  public record Rooms(
      Optional<Set<String>> rooms,
      Set<String> notRooms,
      boolean includeLeave,
      EventFilter ephemeral,
      EventFilter state,
      EventFilter timeline,
      EventFilter accountData) {
    public static final Rooms ALL = of(Optional.empty(), false);

    /// All that there is in some rooms.
    ///
    /// @param rooms empty for all
    public static Rooms of(Optional<Set<String>> rooms, boolean includeLeave) {
      return new Rooms(
          rooms,
          Set.of(),
          includeLeave,
          EventFilter.ALL,
          EventFilter.ALL,
          EventFilter.ALL,
          EventFilter.ALL);
    }

    /// The same with another part for the timeline.
    public Rooms withTimeline(EventFilter other) {
      return new Rooms(rooms, notRooms, includeLeave, ephemeral, state, other, accountData);
    }

    public boolean admits(RoomId room) {
      return EventFilter.admitsRoom(rooms, notRooms, room);
    }

    /// Lazy loading is asked for in the part for state; some clients ask in the part for the
    /// timeline.
    public boolean lazyLoadMembers() {
      return state.lazyLoadMembers() || timeline.lazyLoadMembers();
    }

    /// "If `true`, enables per-thread notification counts."
    public boolean unreadThreadNotifications() {
      return timeline.unreadThreadNotifications();
    }

    public boolean includeRedundantMembers() {
      return state.includeRedundantMembers() || timeline.includeRedundantMembers();
    }
  }

  public static final Filter ALL = of(Rooms.ALL);

  /// That of rooms, and all that is beside them.
  public static Filter of(Rooms room) {
    return new Filter(Optional.empty(), false, EventFilter.ALL, EventFilter.ALL, room);
  }

  /// The same with another part for rooms.
  public Filter with(Rooms other) {
    return new Filter(fields, federationFormat, presence, accountData, other);
  }

  /// How events are written for the client.
  public EventStyle style() {
    return new EventStyle(false, federationFormat, fields);
  }

  /// Reads and checks a filter.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` naming the field that is
  ///   wrong
  public static Filter parse(ObjectNode json) {
    FilterFields root = new FilterFields("", json);
    return new Filter(
        root.strings("event_fields").map(EventFields::of),
        federationFormat(root),
        EventFilter.parse(root, "presence"),
        EventFilter.parse(root, "account_data"),
        rooms(root.object("room")));
  }

  private static boolean federationFormat(FilterFields root) {
    return switch (root.string("event_format").orElse("client")) {
      case "client" -> false;
      case "federation" -> true;
      default -> throw root.wrong("event_format", "\"client\" or \"federation\"");
    };
  }

  private static Rooms rooms(@Nullable FilterFields fields) {
    if (fields == null) {
      return Rooms.ALL;
    }
    return new Rooms(
        fields.identifiers("rooms", RoomId::parse),
        fields.identifiers("not_rooms", RoomId::parse).orElse(Set.of()),
        fields.bool("include_leave").orElse(false),
        EventFilter.parse(fields, "ephemeral"),
        EventFilter.parse(fields, "state"),
        EventFilter.parse(fields, "timeline"),
        EventFilter.parse(fields, "account_data"));
  }
}
