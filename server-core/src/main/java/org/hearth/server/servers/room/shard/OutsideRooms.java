package org.hearth.server.servers.room.shard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.state.OutsideRows;
import org.hearth.server.servers.room.state.UserRooms;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// What users of this server are to rooms in which this server is not, as the shard's last command
/// left it: what is committed, and what is about to be.
///
/// **bound**: what is under way, and of those that are committed already at most [#MOST_SETTLED],
/// without their events.
///
/// **thread**: the shard's; what hears of the commit the committer's.
public final class OutsideRooms {
  private static final int MOST_SETTLED = 256;

  private final ReadPool reads;
  private final UserRooms userRooms;
  private final Map<Key, UnderWay> underWay = new HashMap<>();

  private record Key(RoomId room, UserId user) {}

  /// What a user is to a room.
  ///
  /// @param via as in [OutsideRows.Row]
  public record Held(Membership membership, Pdu event, ServerName via) {}

  public OutsideRooms(ReadPool reads, UserRooms userRooms) {
    this.reads = reads;
    this.userRooms = userRooms;
  }

  /// A row on its way to the disk.
  public final class UnderWay {
    private final Key key;

    /// Null once it is committed: an event may be large.
    private volatile @Nullable Held held;

    private UnderWay(Key key, Held held) {
      this.key = key;
      this.held = held;
    }

    /// The unit of work was handed over: the next command finds this.
    public void submitted() {
      if (underWay.size() >= MOST_SETTLED) {
        underWay.values().removeIf(each -> each.held == null);
      }
      underWay.put(key, this);
    }

    /// The unit is durable.
    public void durable() {
      userRooms.changed(key.user());
      held = null;
    }

    /// What is not committed yet; null when it is.
    @Nullable Held held() {
      return held;
    }
  }

  /// A row that is about to be handed over.
  public UnderWay begin(OutsideRows.Row row) {
    return new UnderWay(
        new Key(row.event().roomId(), row.user()),
        new Held(row.membership(), row.event(), row.via()));
  }

  /// What the user is to the room; empty when there is nothing.
  public Optional<Held> find(RoomId room, UserId user) {
    Key key = new Key(room, user);
    @Nullable UnderWay pending = underWay.get(key);
    if (pending != null) {
      Held held = pending.held();
      if (held != null) {
        return Optional.of(held);
      }
      underWay.remove(key);
    }
    return OutsideRows.find(reads, room, user)
        .map(each -> new Held(each.membership().membership(), each.event(), each.via()));
  }

  /// The room comes here with this decision: its own tables say from now on who is what to it.
  public void arrive(Decision decision) {
    RoomId room = decision.view().info().id();
    // What is under way first: what is committed meanwhile is then found in the database.
    Set<UserId> users = new LinkedHashSet<>();
    for (UnderWay each : new ArrayList<>(underWay.values())) {
      if (each.key.room().equals(room)) {
        users.add(each.key.user());
        underWay.remove(each.key);
      }
    }
    users.addAll(OutsideRows.users(reads, room));
    List.copyOf(users).forEach(user -> decision.changeMember(user, OutsideRows.gone(room, user)));
  }

  /// Forgets what was under way and failed.
  public void clear() {
    underWay.clear();
  }
}
