package org.hearth.server.servers.room.state;

import java.util.Collections;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.MemberCounts;
import org.jspecify.annotations.Nullable;

/// Who is in a room, by one state. The set of users is made when it is first asked for.
///
/// **thread**: any.
public final class Members {
  private final StateKeys keys;
  private final StateSnapshot state;
  private final MemberCounts counts;
  private volatile @Nullable Set<UserId> joined;
  private volatile @Nullable Set<ServerName> servers;
  private volatile @Nullable Present asked;

  /// Whether a server has a joined user.
  private record Present(ServerName server, boolean joined) {}

  private Members(StateKeys keys, StateSnapshot state, MemberCounts counts) {
    this.keys = keys;
    this.state = state;
    this.counts = counts;
  }

  /// The members of a state, counted one by one.
  public static Members of(StateKeys keys, StateSnapshot state) {
    int joined = 0;
    int invited = 0;
    for (int number = 0; number < state.keyLimit(); number++) {
      EventRef event = state.get(number);
      if (event != null && event.membership() == Membership.JOIN) {
        joined++;
      } else if (event != null && event.membership() == Membership.INVITE) {
        invited++;
      }
    }
    return new Members(keys, state, new MemberCounts(joined, invited));
  }

  /// The members after one membership changed.
  public Members changed(StateSnapshot next, @Nullable Membership from, @Nullable Membership to) {
    return new Members(
        keys,
        next,
        new MemberCounts(
            counts.joined() + difference(Membership.JOIN, from, to),
            counts.invited() + difference(Membership.INVITE, from, to)));
  }

  public MemberCounts counts() {
    return counts;
  }

  /// The joined users, unmodifiable.
  public Set<UserId> joined() {
    Set<UserId> known = joined;
    if (known == null) {
      known = Collections.unmodifiableSet(collect());
      joined = known;
    }
    return known;
  }

  /// The servers of the joined users, unmodifiable.
  public Set<ServerName> servers() {
    Set<ServerName> known = servers;
    if (known == null) {
      Set<ServerName> found = new HashSet<>();
      joined().forEach(user -> found.add(user.server()));
      known = Collections.unmodifiableSet(found);
      servers = known;
    }
    return known;
  }

  /// Whether a user of that server is joined. It costs less than [#servers] where that was not
  /// asked for, and is kept for the server that was asked for last.
  public boolean hasJoined(ServerName server) {
    Set<ServerName> all = servers;
    if (all != null) {
      return all.contains(server);
    }
    Present known = asked;
    if (known == null || !known.server().equals(server)) {
      known = new Present(server, isAnyJoined(server.value()));
      asked = known;
    }
    return known.joined();
  }

  private boolean isAnyJoined(String server) {
    for (int number = 0; number < Math.min(state.keyLimit(), keys.size()); number++) {
      EventRef event = state.get(number);
      if (event != null && event.membership() == Membership.JOIN) {
        String user = keys.key(number).stateKey();
        int start = user.indexOf(':') + 1;
        if (user.length() - start == server.length()
            && user.endsWith(server)
            && userOf(keys.key(number)).isPresent()) {
          return true;
        }
      }
    }
    return false;
  }

  private Set<UserId> collect() {
    Set<UserId> users = HashSet.newHashSet(counts.joined());
    for (int number = 0; number < Math.min(state.keyLimit(), keys.size()); number++) {
      EventRef event = state.get(number);
      if (event != null && event.membership() == Membership.JOIN) {
        userOf(keys.key(number)).ifPresent(users::add);
      }
    }
    return users;
  }

  /// The user whose membership a key holds; empty for other keys, and for a member event about what
  /// is no user id, which peers may send.
  public static Optional<UserId> userOf(StateKey key) {
    return key.type().equals(EventTypes.MEMBER)
        ? Identifiers.read(UserId::parse, key.stateKey())
        : Optional.empty();
  }

  private static int difference(
      Membership counted, @Nullable Membership from, @Nullable Membership to) {
    return (to == counted ? 1 : 0) - (from == counted ? 1 : 0);
  }
}
