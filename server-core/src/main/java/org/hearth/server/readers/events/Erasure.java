package org.hearth.server.readers.events;

import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.EncodedEvent;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.jspecify.annotations.Nullable;

/// Shows the events of those who had their content erased when they closed their accounts.
///
/// **Thread:** any. **Source:** `erase` of [deactivating an account][deactivate].
///
/// [deactivate]: https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate
public final class Erasure {
  private final RoomQueries rooms;
  private final AccountQueries accounts;

  public Erasure(RoomQueries rooms, AccountQueries accounts) {
    this.rooms = rooms;
    this.accounts = accounts;
  }

  /// The event as one may see it.
  ///
  /// "Any users (or servers) which join the room after the erasure request are served redacted
  /// copies of the events sent by this account. Users which had visibility on those events prior to
  /// the erasure are still able to see unredacted copies."
  ///
  /// @param own what the room is to the one who looks
  RoomEvent shown(RoomEvent event, OwnMembership own) {
    return hides(event, own)
        ? new RoomEvent(
            event.position(), event.pdu().redacted(), null, event.transaction(), event.replaces())
        : event;
  }

  /// Whether the event is shown as if it had been redacted.
  boolean hides(RoomEvent event, OwnMembership own) {
    return event.redactedBecause() == null
        && isContentOfSender(event)
        && isErasedFor(event.sender(), event.position(), own)
        && !sawTheEnd(event, own);
  }

  /// Messages, and what the sender says of oneself. Other state, such as the room's name or its
  /// encryption, is the room's: without it those who join would be in another room than the rest.
  private static boolean isContentOfSender(RoomEvent event) {
    return !event.pdu().isState()
        || (event.pdu().isMember()
            && event.pdu().stateKey().equals(Optional.of(event.sender().value())));
  }

  /// Whether the event has to be looked at as a whole before it is shown.
  boolean mayHide(EncodedEvent event, OwnMembership own) {
    @Nullable UserId sender = event.bytes().saysOfItself();
    return sender != null && isErasedFor(sender, event.position(), own);
  }

  /// Whether the sender had the content erased, and the one who looks was not in the room at the
  /// event.
  private boolean isErasedFor(UserId sender, LogPosition position, OwnMembership own) {
    return own.at(position) != Membership.JOIN && accounts.isErased(sender);
  }

  /// Whether the one who looks was in the room at the end of the sender's time there, which came
  /// with the closing of the account at the latest.
  private boolean sawTheEnd(RoomEvent event, OwnMembership own) {
    UserId sender = event.sender();
    Optional<RoomMembership> membership = rooms.membership(event.room(), sender);
    if (membership.isPresent() && membership.get().membership() == Membership.JOIN) {
      // The account is closed; the server has yet to make it leave.
      return own.newest() == Membership.JOIN;
    }
    return OwnMembership.upTo(rooms, membership)
        .leftAt()
        .filter(left -> own.at(left) == Membership.JOIN)
        .isPresent();
  }
}
