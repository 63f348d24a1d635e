package org.hearth.server.matrix.auth;

/// A rule that can refuse an event.
///
/// The text of each rule stands above the lines that apply it; the numbers here are those of room
/// version 12 unless another version is named. Names are stored with rejected events and never
/// change.
public enum AuthRule {
  /// 1.1: a create event is the first of its room.
  CREATE_HAS_PREV_EVENTS,
  /// 1.2 of versions 1 to 11: the room id is of the sender's server.
  CREATE_ROOM_ID_DOMAIN,
  /// 1.2 since version 12: the room id is the create event's id, so the event has none.
  CREATE_HAS_ROOM_ID,
  /// 1.3: the room version is one that we know.
  CREATE_UNKNOWN_ROOM_VERSION,
  /// 1.4 of versions 1 to 10: there is a creator.
  CREATE_HAS_NO_CREATOR,
  /// 1.4: the additional creators are user ids.
  CREATE_ADDITIONAL_CREATORS,

  /// 2, since version 12: the room id is that of an accepted create event.
  ROOM_ID_IS_NO_CREATE_EVENT,

  /// Not of the specification: an event one of whose auth events is not at hand cannot be judged.
  AUTH_EVENT_UNKNOWN,
  /// 3.1: one auth event for each type and state key.
  AUTH_EVENTS_DUPLICATE,
  /// 3.2: only auth events that the selection names.
  AUTH_EVENTS_UNEXPECTED,
  /// 3.3: no auth event was rejected.
  AUTH_EVENTS_REJECTED,
  /// 2.4 of versions 1 to 11: the create event is among the auth events, and in every state.
  NO_CREATE_EVENT,
  /// 3.5: all auth events are of the event's room.
  AUTH_EVENTS_OTHER_ROOM,

  /// 4: a room closed to federation takes only events of its creator's server.
  NOT_FEDERATED,

  /// 4.1 of versions 1 to 5.
  ALIASES_WITHOUT_STATE_KEY,
  /// 4.2 of versions 1 to 5: a server sets only its own aliases.
  ALIASES_OTHER_DOMAIN,

  /// 5.1: a member event names a user and a membership.
  MEMBER_MALFORMED,
  /// 5.2.1, since version 8: signed by the server of the user who authorises the join.
  MEMBER_AUTHORISING_SIGNATURE,
  /// 5.3.2: nobody joins another.
  JOIN_FOR_ANOTHER,
  /// 5.3.3.
  JOIN_BANNED,
  /// 5.3.5.2, since version 8: a restricted join is authorised by a member who may invite.
  JOIN_NOT_AUTHORISED,
  /// 5.3.7: the join rule does not let this user in.
  JOIN_REFUSED_BY_JOIN_RULE,
  /// 5.4.1.1.
  THIRD_PARTY_INVITE_TARGET_BANNED,
  /// 5.4.1.2.
  THIRD_PARTY_INVITE_NOT_SIGNED,
  /// 5.4.1.3.
  THIRD_PARTY_INVITE_WITHOUT_MXID_OR_TOKEN,
  /// 5.4.1.4.
  THIRD_PARTY_INVITE_OTHER_MXID,
  /// 5.4.1.5.
  THIRD_PARTY_INVITE_UNKNOWN_TOKEN,
  /// 5.4.1.6.
  THIRD_PARTY_INVITE_OTHER_SENDER,
  /// 5.4.1.8: no signature by a key of the third-party invite.
  THIRD_PARTY_INVITE_SIGNATURE,
  /// 5.4.2.
  INVITE_SENDER_NOT_JOINED,
  /// 5.4.3.
  INVITE_TARGET_JOINED_OR_BANNED,
  /// 5.4.5.
  INVITE_POWER,
  /// 5.5.1: only who is joined, invited or (since version 7) knocking can leave.
  LEAVE_NOT_IN_ROOM,
  /// 5.5.2.
  KICK_SENDER_NOT_JOINED,
  /// 5.5.3.
  UNBAN_POWER,
  /// 5.5.5.
  KICK_POWER,
  /// 5.6.1.
  BAN_SENDER_NOT_JOINED,
  /// 5.6.3.
  BAN_POWER,
  /// 5.7.1, since version 7.
  KNOCK_REFUSED_BY_JOIN_RULE,
  /// 5.7.2, since version 7.
  KNOCK_FOR_ANOTHER,
  /// 5.7.4, since version 7.
  KNOCK_NOT_NEEDED,
  /// 5.8.
  MEMBERSHIP_UNKNOWN,

  /// 6: only members send.
  SENDER_NOT_JOINED,
  /// 7.1.
  THIRD_PARTY_INVITE_POWER,
  /// 8: the sender reaches the level that the event's type needs.
  REQUIRED_POWER,
  /// 9: a state key that is a user's belongs to that user.
  STATE_KEY_OF_ANOTHER_USER,

  /// 10.1 since version 10; before, a level that can be read neither as number nor as string.
  POWER_LEVELS_NOT_INTEGER,
  /// 10.2 since version 10; before, an entry that can be read neither as number nor as string.
  POWER_LEVELS_ENTRY_NOT_INTEGER,
  /// 10.3.
  POWER_LEVELS_USERS_MALFORMED,
  /// 10.4, since version 12: creators are above all levels and so are not listed.
  POWER_LEVELS_NAME_CREATOR,
  /// 10.6.1: nobody changes a level above their own.
  POWER_LEVELS_CURRENT_LEVEL,
  /// 10.6.2: nobody sets a level above their own.
  POWER_LEVELS_NEW_LEVEL,
  /// 10.7.1: as 10.6.1 for entries of `events` and, since version 6, `notifications`.
  POWER_LEVELS_CURRENT_ENTRY,
  /// 10.8.1: as 10.6.2 for entries of `events` and, since version 6, `notifications`.
  POWER_LEVELS_NEW_ENTRY,
  /// 10.9.1: nobody changes the level of another who is not below them.
  POWER_LEVELS_CURRENT_USER,
  /// 10.10.1: nobody lifts a user above themselves.
  POWER_LEVELS_NEW_USER,

  /// 11.3 of versions 1 and 2: a redaction needs the redact level or the same server.
  REDACTION_POWER
}
