/// Push rules: which events are worth a notification for a user, and how it should look.
///
/// ```
///   PushRuleset (defaults + the user's own) ─┐
///   PushEvent (the event and its room) ───────┴─ evaluate ──▶ PushOutcome
///                                             ┌─ evaluate ──▶ PushOutcome
///   RoomPushRules (of many users alike) ──────┘
/// ```
///
/// RoomPushRules are what of a ruleset matters in one room, without the user: whoever has the same
/// there is asked together, but for those whom the event names.
///
/// Globs and paths are compiled when a rule is made, so that a ruleset may be kept and asked for
/// every event. No pattern, however made, costs more than its length times that of the text, and no
/// user's rules together more than PushEvent says. What default rules say for all users alike is
/// found out once an event, and so are the words of its body. But for PushEvent all is pure,
/// immutable and safe on any thread. Uses `id`, `json`, `event`, `error`.
///
/// Source: [Push Rules](https://spec.matrix.org/v1.19/client-server-api/#push-rules).
@NullMarked
package org.hearth.server.matrix.push;

import org.jspecify.annotations.NullMarked;
