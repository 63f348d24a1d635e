package org.hearth.server.logs;

import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// Where a user has read up to: the entries of the log receipt-output. Each replaces the one before
/// it of the same room, user, type and thread.
///
/// Downstream: an entry of type [ReceiptType#READ_PRIVATE] is for that user only.
///
/// **shape**: the partition key is the room id.
///
/// @param thread [#MAIN], or the id of a thread's root; null for an unthreaded receipt
/// @param place where the event is in the room's order
/// @param ts when the user read it, in milliseconds since 1970
public record ReceiptOutput(
    RoomId room,
    UserId user,
    ReceiptType type,
    @Nullable String thread,
    EventId event,
    long place,
    long ts) {
  /// "When referring to the main timeline as a thread […] a special thread ID of `main` is used."
  public static final String MAIN = "main";
}
