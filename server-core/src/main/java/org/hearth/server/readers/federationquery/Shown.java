package org.hearth.server.readers.federationquery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.services.account.AccountQueries;

/// Events as another server may have them: whole, or redacted. Without a redacted copy of what it
/// may not see, it could not go on to what is before that.
///
/// **thread**: any.
final class Shown {
  private final ServerName here;
  private final PeerQueries peers;
  private final AccountQueries accounts;

  Shown(ServerName here, PeerQueries peers, AccountQueries accounts) {
    this.here = here;
    this.peers = peers;
    this.accounts = accounts;
  }

  /// The events in their order, each as the server may have it that is in their room.
  List<ObjectNode> to(ServerName server, List<RoomEvent> events) {
    Set<EventId> visible = new HashSet<>();
    peers.visible(server, events).forEach(each -> visible.add(each.id()));
    List<ObjectNode> all = new ArrayList<>();
    for (RoomEvent each : events) {
      boolean whole = visible.contains(each.id()) && !isErased(server, each);
      all.add((whole ? each.pdu() : each.pdu().redacted()).exchanged());
    }
    return all;
  }

  /// Whether the server may see the event.
  boolean isVisible(ServerName server, RoomEvent event) {
    return !peers.visible(server, List.of(event)).isEmpty();
  }

  /// "Any users (or servers) which join the room after the erasure request are served redacted
  /// copies of the events sent by this account." Of state, what the sender says of others is the
  /// room's.
  private boolean isErased(ServerName server, RoomEvent event) {
    boolean ownContent =
        !event.pdu().isState()
            || (event.pdu().isMember()
                && event.pdu().stateKey().equals(Optional.of(event.sender().value())));
    return ownContent
        && event.sender().isOn(here)
        && accounts.isErased(event.sender())
        && !peers.wasJoined(server, event);
  }
}
