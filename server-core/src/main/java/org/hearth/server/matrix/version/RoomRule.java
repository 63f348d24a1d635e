package org.hearth.server.matrix.version;

/// A rule that some room versions have and others have not. The text quoted is that of the version
/// which introduced or dropped it.
public enum RoomRule {
  /// Canonical JSON is enforced: "Servers MUST strictly enforce the JSON format specified in the
  /// appendices." Since 6. Without it they "MUST NOT strictly enforce" it.
  STRICT_CANONICAL_JSON,

  /// "Signing key validity period": a key counts only for events of the time it was valid in. Since
  /// 5.
  KEY_VALIDITY_ENFORCED,

  /// `m.room.aliases` has an authorisation rule of its own: allowed if the state key is the
  /// sender's domain. Until 5: "Rule 4, which related specifically to events of type
  /// `m.room.aliases`, is removed."
  ALIASES_AUTHORISATION,

  /// The authorisation rules say who may redact. Until 2: "In room versions 1 and 2, redactions
  /// were explicitly part of the authorisation rules under Rule 11."
  REDACTION_AUTHORISATION,

  /// Changes of `notifications` in `m.room.power_levels` are checked: "the authorisation rules for
  /// events of type `m.room.power_levels` now include a `notifications` property". Since 6.
  NOTIFICATION_LEVELS_CHECKED,

  /// The membership and the join rule `knock`. Since 7.
  KNOCKING,

  /// The join rule `restricted`: "to allow members of another room to join without invite". Since
  /// 8.
  RESTRICTED_JOINS,

  /// The join rule `knock_restricted`: "a mix of the two behaviours". Since 10.
  KNOCK_RESTRICTED_JOINS,

  /// "Values in `m.room.power_levels` events must be integers": no strings. Since 10.
  INTEGER_POWER_LEVELS,

  /// The creator is the sender of `m.room.create`; its `creator` "is no longer required". Since 11.
  CREATOR_IS_SENDER,

  /// "the `redacts` property of `m.room.redaction` events" is "moved from the top level of the
  /// event to `content`". Since 11.
  REDACTS_IN_CONTENT,

  /// Creators have infinite power, may not be listed in `users`, and `additional_creators` may name
  /// more of them. Since 12.
  PRIVILEGED_CREATORS,

  /// "room IDs are simply the event ID of the `m.room.create` event using `!` as the sigil": the
  /// create event has no `room_id`, and is not among the `auth_events` of others. Since 12.
  ROOM_ID_IS_CREATE_HASH
}
