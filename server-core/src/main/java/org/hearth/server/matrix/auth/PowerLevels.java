package org.hearth.server.matrix.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// Who may do what in a room: a view of its power levels event, or of the defaults when there is
/// none.
///
/// Reading is lenient, because old rooms hold what new ones refuse: a level that cannot be read is
/// the default. Levels only compare; nothing is added to them, and those that a `long` cannot hold
/// are cut to the largest or smallest level.
///
/// **thread**: any; immutable.
///
/// **source**: [m.room.power_levels][s].
///
/// [s]: https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels
public final class PowerLevels {
  /// The level of creators since version 12, above every level that can be written.
  public static final long INFINITE = Long.MAX_VALUE;

  private static final long CREATOR_WITHOUT_EVENT = 100;
  private static final long MODERATOR = 50;

  private final RoomVersion version;
  private final JsonNode content;
  private final boolean present;
  private final Set<String> creators;

  private PowerLevels(
      RoomVersion version, JsonNode content, boolean present, Set<String> creators) {
    this.version = version;
    this.content = content;
    this.present = present;
    this.creators = creators;
  }

  /// The levels of a room.
  ///
  /// @param powerLevels the power levels event, if the room has one
  /// @param create the create event; without it nobody has a creator's power
  public static PowerLevels of(
      RoomVersion version, Optional<Pdu> powerLevels, Optional<Pdu> create) {
    return new PowerLevels(
        version,
        powerLevels.<JsonNode>map(Pdu::content).orElse(MissingNode.getInstance()),
        powerLevels.isPresent(),
        create.map(RoomCreators::of).orElse(Set.of()));
  }

  /// The levels in a state.
  public static PowerLevels in(AuthState state, RoomVersion version) {
    return of(
        version,
        state.get(StateKey.of(EventTypes.POWER_LEVELS)),
        state.get(StateKey.of(EventTypes.CREATE)));
  }

  /// Whether the room has a power levels event.
  public boolean isPresent() {
    return present;
  }

  /// The level of a user; [#INFINITE] for creators since version 12.
  public long userLevel(UserId user) {
    return userLevel(user.value());
  }

  private long userLevel(String user) {
    boolean creator = creators.contains(user);
    // v12: "The power level of "room creators" is infinitely high."
    if (creator && version.has(RoomRule.PRIVILEGED_CREATORS)) {
      return INFINITE;
    }
    // "If the room contains no m.room.power_levels event, the room's creator has a power level of
    // 100, and all other users have a power level of 0."
    if (!present) {
      return creator ? CREATOR_WITHOUT_EVENT : 0;
    }
    return entry("users", user).orElseGet(() -> level("users_default", 0));
  }

  /// The level that an event needs: its own in `events`, else the default of its kind.
  ///
  /// @param state whether it is a state event
  public long neededFor(String type, boolean state) {
    return entry("events", type)
        .orElseGet(() -> state ? level("state_default", MODERATOR) : level("events_default", 0));
  }

  /// The level that inviting needs.
  public long invite() {
    return level("invite", 0);
  }

  /// The level that sending someone away needs.
  public long kick() {
    return level("kick", MODERATOR);
  }

  /// The level that banning needs.
  public long ban() {
    return level("ban", MODERATOR);
  }

  /// The level that redacting events of others needs.
  public long redact() {
    return level("redact", MODERATOR);
  }

  /// The level that notifying needs.
  ///
  /// @param key the kind of notification, `room` for all members
  public long notification(String key) {
    return entry("notifications", key).orElse(MODERATOR);
  }

  /// Whether a user's level suffices to send an event.
  public boolean maySend(UserId user, String type, boolean state) {
    return userLevel(user) >= neededFor(type, state);
  }

  private long level(String property, long byDefault) {
    return Levels.read(content.path(property), version).orElse(byDefault);
  }

  private OptionalLong entry(String map, String key) {
    return Levels.read(content.path(map).path(key), version);
  }
}
