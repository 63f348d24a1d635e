package org.hearth.server.readers.federationdelivery;

import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.matrix.id.ServerName;

/// Follows presence-output: tells other servers of the presence of this server's users. It keeps
/// nothing: a server that misses a change is told with the next one.
///
/// **thread**: the log's for this reader.
final class PresenceReader implements MemoryReader.View<PresenceOutput> {
  private final Queues queues;
  private final Listeners listeners;

  PresenceReader(Queues queues, Listeners listeners) {
    this.queues = queues;
    this.listeners = listeners;
  }

  @Override
  public void take(LogPosition at, PresenceOutput entry) {
    if (entry.why() == PresenceOutput.Why.ACTIVITY || !listeners.isHere(entry.user())) {
      return;
    }
    Set<ServerName> servers = listeners.inRoomsOf(entry.user());
    if (!servers.isEmpty()) {
      queues.addPresence(entry, servers);
    }
  }

  @Override
  public void renew(LogPosition upTo) {}
}
