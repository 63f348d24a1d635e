package org.hearth.server.matrix.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.version.RoomRule;

/// Who created a room, by its create event.
///
/// Users are strings here: until version 10 `content.creator` may hold anything.
public final class RoomCreators {
  private RoomCreators() {}

  /// The creators of a room.
  ///
  /// @return until version 10 `content.creator`, in version 11 the sender, since version 12 the
  ///   sender and `content.additional_creators`; empty when an old create event names no creator
  public static Set<String> of(Pdu create) {
    Set<String> creators = new LinkedHashSet<>();
    creator(create).ifPresent(creators::add);
    if (create.version().has(RoomRule.PRIVILEGED_CREATORS)) {
      for (JsonNode additional : create.content().path("additional_creators")) {
        if (additional.isTextual()) {
          creators.add(additional.textValue());
        }
      }
    }
    return creators;
  }

  /// The one who may join first.
  static Optional<String> creator(Pdu create) {
    return create.version().has(RoomRule.CREATOR_IS_SENDER)
        ? Optional.of(create.sender().value())
        : Json.string(create.content(), "creator");
  }
}
