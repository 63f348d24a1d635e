package org.hearth.server.servers.room.read;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;
import org.jspecify.annotations.Nullable;

/// The users of another server, who look at a room's history together: what one may see, all may
/// read on that server's disk.
///
/// **bound**: of a state that is not the current one [#MOST_READ] member events are read. Who has
/// been in the room ever since is known without that; a server with more users who have come and
/// gone is taken for one that was not there.
///
/// **thread**: one.
final class OtherServer implements Onlooker {
  static final int MOST_READ = 1_000;

  private static final int AT_ONCE = 64;

  /// Of so many of its users the changes are looked at where the nearest event is sought.
  private static final int MOST_KEYS = 10;

  private final ServerName server;
  private final RoomView room;
  private final RoomMemory memory;
  private final Departures departures;

  /// By the number of a state, whether one of them is joined there: messages do not change it.
  private final Map<Long, Boolean> joinedIn = new HashMap<>();

  private @Nullable List<StateKey> keys;
  private Departures.@Nullable Departure departure;

  OtherServer(ServerName server, RoomView room, RoomMemory memory, Departures departures) {
    this.server = server;
    this.room = room;
    this.memory = memory;
    this.departures = departures;
  }

  /// Also what was soft-failed: it is part of the graph, and every server judges for itself.
  @Override
  public boolean isShown(StoredEvents.Stored event) {
    return event.standing().isPlaced() && !event.standing().isRejected();
  }

  @Override
  public boolean isOwnMembership(Pdu event) {
    return event.isMember()
        && event
            .stateKey()
            .flatMap(key -> Identifiers.read(UserId::parse, key))
            .filter(user -> user.isOn(server))
            .isPresent();
  }

  @Override
  public Membership membership(RoomState state) {
    Membership most = Membership.LEAVE;
    List<Long> others = new ArrayList<>();
    for (StateKey key : keys()) {
      Optional<LogPosition> then = state.position(key);
      EventRef now = room.current(key);
      if (then.isPresent() && now != null && now.position() == then.get().value()) {
        most = greater(most, now.membership());
        if (most == Membership.JOIN) {
          return most;
        }
      } else {
        then.ifPresent(position -> others.add(position.value()));
      }
    }
    int read = Math.min(others.size(), MOST_READ);
    for (int begin = 0; begin < read && most != Membership.JOIN; begin += AT_ONCE) {
      for (StoredEvents.Stored each :
          memory.events().get(others.subList(begin, Math.min(begin + AT_ONCE, read)))) {
        most = greater(most, Membership.of(each.shown().pdu()).orElse(null));
      }
    }
    return most;
  }

  private static Membership greater(Membership most, @Nullable Membership other) {
    return other == Membership.JOIN || (other == Membership.INVITE && most == Membership.LEAVE)
        ? other
        : most;
  }

  /// A server that is in the room has joined it after all that came before; one that is in it no
  /// more, after what came while it was.
  @Override
  public LogPosition lastJoin() {
    return lastIn();
  }

  /// Whether they are in the room.
  boolean isIn() {
    return room.members().servers().contains(server);
  }

  /// Up to where they were in the room, as this server has it; the position before all if they
  /// never were.
  LogPosition lastIn() {
    return isIn() ? new LogPosition(Long.MAX_VALUE) : departure().at();
  }

  /// Whether they are out of the room because branches of its history came together.
  boolean isTakenOut() {
    return !isIn() && departure().aside();
  }

  private Departures.Departure departure() {
    Departures.Departure known = departure;
    if (known == null) {
      known = keys().isEmpty() ? Departures.Departure.NONE : departures.last(room, server, keys());
      departure = known;
    }
    return known;
  }

  /// Whether one of them was joined before or after an event.
  boolean wasJoined(StoredEvents.Stored event) {
    return wasJoined(event.stateBefore())
        || (event.madeSnapshot() != 0 && wasJoined(event.madeSnapshot()));
  }

  private boolean wasJoined(long snapshot) {
    return joinedIn.computeIfAbsent(
        snapshot, each -> membership(StoredState.at(room, each, memory)) == Membership.JOIN);
  }

  @Override
  public List<StateKey> memberKeys() {
    return keys().stream().limit(MOST_KEYS).toList();
  }

  private List<StateKey> keys() {
    List<StateKey> known = keys;
    if (known == null) {
      known = new ArrayList<>();
      // Strangers ask, too: what is not theirs must cost little.
      String ending = ":" + server;
      for (int number = 0; number < room.info().keys().size(); number++) {
        StateKey key = room.info().keys().key(number);
        if (key.stateKey().endsWith(ending)
            && Members.userOf(key).filter(user -> user.isOn(server)).isPresent()) {
          known.add(key);
        }
      }
      keys = known;
    }
    return known;
  }
}
