package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// Which events of one kind a client wants: the specification's `RoomEventFilter`, of which its
/// `EventFilter` is the part without rooms.
///
/// **Shape:** an absent list admits all, an empty one none.
///
/// **Source:** [filters][filter].
///
/// [filter]: https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridfilter
public record EventFilter(
    OptionalInt limit,
    Patterns patterns,
    Optional<Boolean> containsUrl,
    boolean lazyLoadMembers,
    boolean includeRedundantMembers,
    boolean unreadThreadNotifications) {

  /// The lists: what must be in, what must not.
  record Patterns(
      Optional<TypePatterns> types,
      TypePatterns notTypes,
      Optional<Set<String>> senders,
      Set<String> notSenders,
      Optional<Set<String>> rooms,
      Set<String> notRooms) {
    public static final Patterns ALL =
        new Patterns(
            Optional.empty(),
            TypePatterns.NONE,
            Optional.empty(),
            Set.of(),
            Optional.empty(),
            Set.of());
  }

  public static final EventFilter ALL =
      new EventFilter(OptionalInt.empty(), Patterns.ALL, Optional.empty(), false, false, false);

  /// Keeps everything back.
  public static final EventFilter NONE =
      new EventFilter(
          OptionalInt.empty(),
          new Patterns(
              Optional.of(TypePatterns.NONE),
              TypePatterns.NONE,
              Optional.empty(),
              Set.of(),
              Optional.empty(),
              Set.of()),
          Optional.empty(),
          false,
          false,
          false);

  /// Admits everything, but so many at most.
  public static EventFilter ofLimit(int limit) {
    return new EventFilter(
        OptionalInt.of(limit), Patterns.ALL, Optional.empty(), false, false, false);
  }

  /// Reads one filter object; an absent one admits all.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` naming the field that is
  ///   wrong
  public static EventFilter parse(FilterFields parent, String name) {
    @Nullable FilterFields fields = parent.object(name);
    return fields == null ? ALL : parse(fields);
  }

  public static EventFilter parse(FilterFields fields) {
    Patterns patterns =
        new Patterns(
            TypePatterns.parse(fields, "types"),
            TypePatterns.parse(fields, "not_types").orElse(TypePatterns.NONE),
            fields.identifiers("senders", UserId::parse),
            fields.identifiers("not_senders", UserId::parse).orElse(Set.of()),
            fields.identifiers("rooms", RoomId::parse),
            fields.identifiers("not_rooms", RoomId::parse).orElse(Set.of()));
    return new EventFilter(
        fields.count("limit"),
        patterns,
        fields.bool("contains_url"),
        fields.bool("lazy_load_members").orElse(false),
        fields.bool("include_redundant_members").orElse(false),
        fields.bool("unread_thread_notifications").orElse(false));
  }

  /// Who must have sent the event; empty for anybody.
  public Optional<Set<String>> senders() {
    return patterns.senders();
  }

  /// Who must not have sent the event.
  public Set<String> notSenders() {
    return patterns.notSenders();
  }

  /// The rooms that are wanted; empty for all.
  public Optional<Set<String>> rooms() {
    return patterns.rooms();
  }

  /// The rooms that are not wanted.
  public Set<String> notRooms() {
    return patterns.notRooms();
  }

  /// The most events to return: what was asked, if that is less than the server's own maximum.
  public int limit(int whenAbsent, int maximum) {
    return Math.min(limit.orElse(whenAbsent), maximum);
  }

  /// Whether all events of all rooms may pass.
  public boolean admitsAll() {
    return patterns.equals(Patterns.ALL) && containsUrl.isEmpty();
  }

  public boolean admitsRoom(RoomId room) {
    return admitsRoom(patterns.rooms(), patterns.notRooms(), room);
  }

  public static boolean admitsRoom(Optional<Set<String>> rooms, Set<String> notRooms, RoomId room) {
    return !notRooms.contains(room.value())
        && (rooms.isEmpty() || rooms.get().contains(room.value()));
  }

  /// Whether an event of this type, sender and content may pass; the room is a question of its own.
  public boolean admits(String type, String sender, ObjectNode content) {
    return admitsType(type)
        && !patterns.notSenders().contains(sender)
        && (patterns.senders().isEmpty() || patterns.senders().get().contains(sender))
        && (containsUrl.isEmpty() || containsUrl.get() == content.path("url").isTextual());
  }

  public boolean admitsType(String type) {
    return !patterns.notTypes().match(type)
        && (patterns.types().isEmpty() || patterns.types().get().match(type));
  }

  /// Whether nothing but the types is asked of events.
  public boolean admitsAllOfTypes() {
    return patterns.senders().isEmpty() && patterns.notSenders().isEmpty() && containsUrl.isEmpty();
  }

  /// Whether no event at all can be kept back (but for the room), so that asking is unnecessary.
  public boolean admitsEveryEvent() {
    return patterns.types().isEmpty()
        && patterns.notTypes().equals(TypePatterns.NONE)
        && admitsAllOfTypes();
  }
}
