package org.hearth.server.matrix.push;

import java.util.function.Predicate;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What has to be known of the user and the room to decide on an event, beyond the event.
///
/// @param user whose rules are asked
/// @param displayName of that user in the room, if there is one
/// @param memberCount the current number of members of the room
/// @param senderMayNotify whether the event's sender has the power level that a key of
///   `notifications` in `m.room.power_levels` demands, such as `room`
public record PushContext(
    UserId user,
    @Nullable String displayName,
    long memberCount,
    Predicate<String> senderMayNotify) {}
