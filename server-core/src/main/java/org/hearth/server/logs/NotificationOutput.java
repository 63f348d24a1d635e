package org.hearth.server.logs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;

/// Whom which events notify, and who has read them: the entries of the log notification-output.
///
/// The log itself is volatile, and its entries follow from durable ones. Each bears the position of
/// its cause in the server's one order. After a crash entries come again, whole and with the same
/// position, so that none is missing: a reader that must not do a thing twice keeps the position of
/// the last [Notified] that it has dealt with, and passes over those up to it. Those come in the
/// order of their positions.
///
/// **shape**: the partition key is the room id.
public sealed interface NotificationOutput {
  /// Of an entry without what differs in length.
  int SMALL_BYTES = 300;

  /// Of a place in a list.
  int REFERENCE_BYTES = 8;

  /// The room.
  RoomId room();

  /// The position of what caused it: of the event, or of the receipt.
  long position();

  /// About what it takes in memory; the users' ids are shared with whoever counts.
  default long memoryBytes() {
    long bytes = SMALL_BYTES;
    if (this instanceof Notified notified) {
      for (Audience each : notified.audiences()) {
        bytes += SMALL_BYTES + (long) REFERENCE_BYTES * each.users().size();
        for (JsonNode action : each.actions()) {
          bytes += MatrixJson.treeBytes(action);
        }
      }
    }
    return bytes;
  }

  /// An event notifies users of this server: those whose push rules say so.
  ///
  /// @param event whose id it is; its sender is never among those who are notified
  /// @param thread the id of the thread's root, or [ReceiptOutput#MAIN]
  /// @param ts when the event was evaluated, in milliseconds since 1970
  /// @param audiences at least one; of one event each user is in at most one
  record Notified(
      long position, RoomId room, EventId event, String thread, long ts, List<Audience> audiences)
      implements NotificationOutput {
    /// Copies the list.
    public Notified {
      audiences = List.copyOf(audiences);
    }
  }

  /// Users who are notified of an event in the same way.
  ///
  /// @param actions of the rule that matched, as clients write them; `notify` is among them
  /// @param highlight whether the event counts as a highlight
  /// @param users at least one; most have no pusher
  record Audience(List<JsonNode> actions, boolean highlight, List<UserId> users) {
    /// Copies the lists.
    public Audience {
      actions = List.copyOf(actions);
      users = List.copyOf(users);
    }
  }

  /// A user's counts in a room are others otherwise than by an event that notifies: the user has
  /// read, or is no longer there. How many are left tells who asks for the counts.
  record CountsChanged(long position, RoomId room, UserId user) implements NotificationOutput {}
}
