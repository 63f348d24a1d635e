package org.hearth.server.servers.room.read;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Objects;
import org.hearth.server.matrix.checks.ServerAcl;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;

/// Which servers may take part in rooms, by their current state. What an event says is read once
/// and kept by the event, so that a room that has another is asked anew.
///
/// **thread**: any.
final class RoomAcls {
  private static final StateKey KEY = StateKey.of(EventTypes.SERVER_ACL);
  private static final long MOST_BYTES = 4L << 20;

  private final StoredEvents events;

  /// An event's redacted form is another.
  private record Source(long event, boolean redacted) {}

  private final Cache<Source, ServerAcl> known =
      Caffeine.newBuilder()
          .maximumWeight(MOST_BYTES)
          .weigher((Source _, ServerAcl acl) -> acl.bytes())
          .executor(Runnable::run)
          .build();

  RoomAcls(StoredEvents events) {
    this.events = events;
  }

  boolean isAllowed(RoomView room, ServerName server) {
    EventRef event = room.current(KEY);
    if (event == null) {
      return true;
    }
    StoredEvents.Stored stored = events.get(event.position());
    return Objects.requireNonNull(
            known.get(
                new Source(event.position(), stored.shown().redactedBecause() != null),
                _ -> ServerAcl.of(stored.shown().pdu().content())))
        .allows(server);
  }
}
