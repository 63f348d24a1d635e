package org.hearth.server.servers.room.shard;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.state.EventRef;
import org.jspecify.annotations.Nullable;

/// The transactions under which devices have sent events to one room of late: those that are under
/// way, and the last of those that are committed. All older ones are found by [StoredTransactions].
///
/// **bound**: [#KEPT] committed ones, and what is under way.
///
/// **thread**: the room's shard.
final class RecentTransactions {
  private static final int KEPT = 128;

  /// Rough memory of one without its texts.
  private static final int BASE_BYTES = 400;

  /// Oldest first.
  private final Map<Key, SentEvent> sent = new LinkedHashMap<>();

  private long weightBytes;

  /// "The homeserver should identify a request as a retransmission if the transaction ID is the
  /// same as a previous request, and the path of the HTTP request is the same", within the device.
  private record Key(
      UserId sender, ClientTransaction transaction, String type, @Nullable EventId redacts) {
    /// A client chooses how long its transaction id is.
    long weightBytes() {
      return (long) BASE_BYTES
          + sender.value().length()
          + transaction.device().value().length()
          + transaction.transactionId().length()
          + type.length();
    }
  }

  /// The event that was sent in that transaction; empty when none is known here.
  Optional<SentEvent> find(
      UserId sender, ClientTransaction transaction, String type, @Nullable EventId redacts) {
    return Optional.ofNullable(sent.get(new Key(sender, transaction, type, redacts)));
  }

  /// A rough size in memory.
  long weightBytes() {
    return weightBytes;
  }

  void add(Pdu event, ClientTransaction transaction, EventRef ref) {
    Key key = new Key(event.sender(), transaction, event.type(), event.redacts().orElse(null));
    if (sent.put(key, new SentEvent(ref, event.eventId())) == null) {
      weightBytes += key.weightBytes();
    }
    Iterator<Map.Entry<Key, SentEvent>> oldestFirst = sent.entrySet().iterator();
    // They are committed in their order.
    while (sent.size() > KEPT) {
      Map.Entry<Key, SentEvent> oldest = oldestFirst.next();
      if (!oldest.getValue().ref().isSettled()) {
        return;
      }
      weightBytes -= oldest.getKey().weightBytes();
      oldestFirst.remove();
    }
  }
}
