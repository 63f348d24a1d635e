package org.hearth.server.servers.room.read;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.state.Places;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;

/// A user who looks at a room's history.
///
/// **bound**: their last join is sought among their last [#MOST_READ] memberships. Who has since
/// been invited and left more often than that is taken for one who never joined.
///
/// **thread**: one.
final class OneUser implements Onlooker {
  static final int MOST_READ = 1_000;

  private final UserId user;
  private final RoomView room;
  private final RoomMemory memory;

  OneUser(UserId user, RoomView room, RoomMemory memory) {
    this.user = user;
    this.room = room;
    this.memory = memory;
  }

  /// Not what was rejected or soft-failed, or is known only because others cite it.
  @Override
  public boolean isShown(StoredEvents.Stored event) {
    return event.shown().place() != Places.NONE;
  }

  @Override
  public boolean isOwnMembership(Pdu event) {
    return event.isState(EventTypes.MEMBER, user.value());
  }

  @Override
  public Membership membership(RoomState state) {
    if (state.snapshot() == room.state().number()) {
      return Objects.requireNonNullElse(room.membership(user), Membership.LEAVE);
    }
    return state
        .event(StateKey.member(user.value()))
        .flatMap(event -> Membership.of(event.pdu()))
        .orElse(Membership.LEAVE);
  }

  @Override
  public LogPosition lastJoin() {
    Optional<RoomEvent> member =
        StoredState.current(room, memory.events()).event(StateKey.member(user.value()));
    for (int read = 0; member.isPresent() && read < MOST_READ; read++) {
      RoomEvent event = member.get();
      if (Membership.isJoin(event.pdu())) {
        return event.position();
      }
      LogPosition replaced = event.replaces();
      member =
          replaced == null
              ? Optional.empty()
              : memory.events().find(replaced.value()).map(StoredEvents.Stored::shown);
    }
    return LogPosition.ORIGIN;
  }

  @Override
  public List<StateKey> memberKeys() {
    return List.of(StateKey.member(user.value()));
  }
}
