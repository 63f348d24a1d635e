package org.hearth.server.readers.sync.sliding;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;

/// The specification's `SlidingRoomFilter`, read and checked: "All fields are applied with AND
/// operators"; what is absent does not filter.
///
/// @param roomTypes [#NO_TYPE] for rooms that have none
/// @param notRoomTypes in the same way
record RoomFilter(
    Optional<Boolean> isDm,
    Optional<Boolean> isEncrypted,
    Optional<Boolean> isInvite,
    Optional<Set<String>> roomTypes,
    Set<String> notRoomTypes,
    Optional<Set<RoomId>> spaces,
    Optional<Set<String>> tags,
    Set<String> notTags) {
  /// In place of the type of a room without one: no type has this character.
  static final String NO_TYPE = "\0";

  private static final int FIXED_BYTES = 300;

  static final RoomFilter ALL =
      new RoomFilter(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Set.of(),
          Optional.empty(),
          Optional.empty(),
          Set.of());

  /// More values of one field than clients have use for.
  static final int MOST_VALUES = 100;

  /// Of a value: types of rooms, tags and room IDs have no more.
  static final int LONGEST_VALUE = 255;

  static RoomFilter parse(Fields fields) {
    return new RoomFilter(
        fields.optionalBool("is_dm"),
        fields.optionalBool("is_encrypted"),
        fields.optionalBool("is_invite").or(() -> fields.optionalBool("is_invited")),
        values(fields, "room_types", true),
        values(fields, "not_room_types", true).orElse(Set.of()),
        values(fields, "spaces", false).map(RoomFilter::rooms),
        values(fields, "tags", false),
        values(fields, "not_tags", false).orElse(Set.of()));
  }

  private static Optional<Set<String>> values(Fields fields, String name, boolean orNull) {
    return fields
        .optionalArray(name)
        .map(array -> {
          if (array.size() > MOST_VALUES) {
            throw MatrixException.invalidParam(
                "%s has more than %d entries".formatted(name, MOST_VALUES));
          }
          Set<String> values = new HashSet<>();
          for (JsonNode each : array) {
            if (!each.isTextual() && !(orNull && each.isNull())) {
              throw MatrixException.badJson(name + " must be a list of texts");
            }
            if (each.isTextual() && each.textValue().length() > LONGEST_VALUE) {
              throw MatrixException.invalidParam(
                  "an entry of %s must have at most %d characters".formatted(name, LONGEST_VALUE));
            }
            values.add(each.isNull() ? NO_TYPE : each.textValue());
          }
          return values;
        });
  }

  /// "Unknown spaces or spaces the user is not joined to will be ignored."
  private static Set<RoomId> rooms(Set<String> ids) {
    Set<RoomId> rooms = new HashSet<>();
    ids.forEach(each -> Identifiers.read(RoomId::parse, each).ifPresent(rooms::add));
    return rooms;
  }

  /// About what it takes in memory.
  long bytes() {
    long bytes = FIXED_BYTES + Memory.of(notRoomTypes) + Memory.of(notTags);
    bytes += roomTypes.map(Memory::of).orElse(0L);
    bytes += tags.map(Memory::of).orElse(0L);
    for (RoomId each : spaces.orElse(Set.of())) {
      bytes += Memory.of(each.value());
    }
    return bytes;
  }

  boolean asksForType() {
    return roomTypes.isPresent() || !notRoomTypes.isEmpty();
  }

  boolean asksForTags() {
    return tags.isPresent() || !notTags.isEmpty();
  }

  /// "If a type is in both `room_types` and `not_room_types`, then `not_room_types` wins."
  boolean admitsType(String type) {
    return !notRoomTypes.contains(type) && (roomTypes.isEmpty() || roomTypes.get().contains(type));
  }

  boolean admitsTags(Set<String> those) {
    return those.stream().noneMatch(notTags::contains)
        && (tags.isEmpty() || those.stream().anyMatch(tags.get()::contains));
  }
}
