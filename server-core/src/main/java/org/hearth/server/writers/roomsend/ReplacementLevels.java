package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.RoomState;

/// The power levels of a room that replaces another: those of the other, where who upgrades keeps
/// the power that he had.
///
/// Since version 12 that is a creator, who is above all levels and not listed. Until version 11,
/// whoever may send the tombstone may upgrade, and may have too little power for the first events
/// of the new room: he has more until these are sent.
///
/// @param first sent before the other first events
/// @param last sent after them, where it differs
record ReplacementLevels(ObjectNode first, Optional<ObjectNode> last) {
  private static final long CREATOR_LEVEL = 100;

  /// @param state of the replaced room
  /// @param levels of the replaced room
  /// @param version of the new room
  static ReplacementLevels of(
      RoomState state, PowerLevels levels, RoomVersion version, UserId user, Set<UserId> creators) {
    ObjectNode kept =
        state
            .event(EventTypes.POWER_LEVELS)
            .map(each -> each.pdu().content().deepCopy())
            .orElseGet(JsonNodeFactory.instance::objectNode);
    if (version.has(RoomRule.PRIVILEGED_CREATORS)) {
      ObjectNode users = users(kept);
      users.remove(user.value());
      creators.forEach(each -> users.remove(each.value()));
      return new ReplacementLevels(kept, Optional.empty());
    }
    long own = levels.userLevel(user);
    long needed =
        Stream.concat(
                UpgradeRoute.TRANSFERRED.stream(),
                Stream.of(EventTypes.POWER_LEVELS, EventTypes.CANONICAL_ALIAS))
            .mapToLong(type -> levels.neededFor(type, true))
            .max()
            .orElseThrow();
    // Who was a creator above all levels is a creator of the old kind from now on.
    boolean wasAboveAll = own == PowerLevels.INFINITE;
    boolean suffices = levels.isPresent() && !wasAboveAll && own >= needed;
    if (suffices) {
      return new ReplacementLevels(kept, Optional.empty());
    }
    ObjectNode raised = kept.deepCopy();
    users(raised).put(user.value(), Math.max(CREATOR_LEVEL, needed));
    return new ReplacementLevels(
        raised, levels.isPresent() && !wasAboveAll ? Optional.of(kept) : Optional.empty());
  }

  private static ObjectNode users(ObjectNode levels) {
    return levels.get("users") instanceof ObjectNode given ? given : levels.putObject("users");
  }
}
