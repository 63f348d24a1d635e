package org.hearth.server.servers.room;

import java.util.LinkedHashMap;
import java.util.Map;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// The transactions under which devices have sent events to one room: a repeated request finds the
/// event that it made.
///
/// **bound**: the last [#KEPT] events with a transaction while the room is in memory; when it is
/// read again, those among the last [#READ_BACK] events of the room. A client repeats a request
/// whose answer it did not get, so the request before its last is never asked for.
///
/// **thread**: the room's shard.
final class RecentTransactions {
  static final int KEPT = 2048;
  static final int READ_BACK = 1024;

  private final Map<Key, Sent> sent =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Sent> eldest) {
          return size() > KEPT;
        }
      };

  /// "The scope of a transaction ID is a device, and the path of the request".
  private record Key(
      UserId sender, ClientTransaction transaction, String type, @Nullable EventId redacts) {}

  /// What was sent.
  record Sent(EventRef ref, EventId id) {}

  /// The event that was sent in that transaction; null when none is known.
  @Nullable Sent find(
      UserId sender, ClientTransaction transaction, String type, @Nullable EventId redacts) {
    return sent.get(new Key(sender, transaction, type, redacts));
  }

  void add(Pdu event, ClientTransaction transaction, EventRef ref) {
    sent.put(
        new Key(event.sender(), transaction, event.type(), event.redacts().orElse(null)),
        new Sent(ref, event.eventId()));
  }
}
