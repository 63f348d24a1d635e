package org.hearth.server.readers.sync.sliding;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.SentMembers;
import org.jspecify.annotations.Nullable;

/// The connections of all devices, in memory only: `/sync` never writes. After a restart, or when
/// one had to go, its client is told `M_UNKNOWN_POS` and begins anew, as the proposal has it.
///
/// **Bound:** [#MOST_OF_A_DEVICE], [#LONGEST_UNUSED], a budget of bytes of which one user has a
/// quarter; the longest unused go first, those on which somebody waits last. **Thread:** any.
final class Connections {
  /// Element X has four: of rooms, of encryption, and both again where it shows notifications.
  static final int MOST_OF_A_DEVICE = 10;

  /// A telephone that was off for a night goes on.
  static final Duration LONGEST_UNUSED = Duration.ofHours(24);

  private static final int USER_SHARE = 4;

  private final SentMembers members;
  private final long budgetBytes;
  private final LongSupplier nanos;

  /// Numbers connections and answers.
  private final AtomicLong numbers = new AtomicLong();

  /// Longest unused first, both the users and what each has.
  private final Map<UserId, OfUser> users = new LinkedHashMap<>(16, 0.75f, true);

  private long bytes;

  private record Key(@Nullable DeviceId device, String name) {}

  private static final class Kept {
    private final Connection connection;
    private long bytes;
    private long used;

    Kept(Connection connection) {
      this.connection = connection;
    }
  }

  private static final class OfUser {
    private final Map<Key, Kept> connections = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
  }

  /// @param nanos as [System#nanoTime] counts
  Connections(SentMembers members, long budgetBytes, LongSupplier nanos) {
    this.members = members;
    this.budgetBytes = budgetBytes;
    this.nanos = nanos;
  }

  /// The number of the next answer.
  long nextNumber() {
    return numbers.incrementAndGet();
  }

  /// Begins a connection in the place of one of the same name.
  synchronized Connection begin(Viewer viewer, String name) {
    Key key = new Key(viewer.device(), name);
    OfUser own = users.computeIfAbsent(viewer.user(), _ -> new OfUser());
    drop(viewer.user(), own, key);
    List<Key> ofDevice = new ArrayList<>();
    own.connections
        .keySet()
        .forEach(each -> {
          if (Objects.equals(each.device(), viewer.device())) {
            ofDevice.add(each);
          }
        });
    for (Key each : ofDevice.subList(0, Math.max(0, ofDevice.size() - (MOST_OF_A_DEVICE - 1)))) {
      drop(viewer.user(), own, each);
    }
    users.put(viewer.user(), own);
    String id = "sliding " + numbers.incrementAndGet();
    Connection connection =
        new Connection(members, new SentMembers.Client(viewer.user(), viewer.device(), id));
    own.connections.put(key, new Kept(connection));
    used(viewer, name, connection);
    return connection;
  }

  /// The connection of that name; empty if there is none any more.
  synchronized Optional<Connection> find(Viewer viewer, String name) {
    @Nullable OfUser own = users.get(viewer.user());
    Key key = new Key(viewer.device(), name);
    @Nullable Kept kept = own == null ? null : own.connections.get(key);
    if (own == null || kept == null) {
      return Optional.empty();
    }
    if (nanos.getAsLong() - kept.used > LONGEST_UNUSED.toNanos()) {
      drop(viewer.user(), own, key);
      return Optional.empty();
    }
    kept.used = nanos.getAsLong();
    return Optional.of(kept.connection);
  }

  /// Counts what a connection has grown to, and lets go of what is too much: in the end also of
  /// connections on which somebody waits, who is answered then.
  synchronized void used(Viewer viewer, String name, Connection connection) {
    @Nullable OfUser own = users.get(viewer.user());
    @Nullable Kept kept = own == null ? null : own.connections.get(new Key(viewer.device(), name));
    if (own == null || kept == null || !kept.connection.equals(connection)) {
      return;
    }
    long now = connection.bytes();
    bytes += now - kept.bytes;
    own.bytes += now - kept.bytes;
    kept.bytes = now;
    kept.used = nanos.getAsLong();
    if (own.bytes > budgetBytes / USER_SHARE) {
      drop(
          List.of(Map.entry(viewer.user(), own)), kept, () -> own.bytes - budgetBytes / USER_SHARE);
    }
    if (bytes > budgetBytes) {
      drop(List.copyOf(users.entrySet()), kept, () -> bytes - budgetBytes);
    }
  }

  /// Lets go of connections until nothing is too much, but for one: at first of those on which
  /// nobody waits, since a client that is told to begin anew does it at once.
  private void drop(List<Map.Entry<UserId, OfUser>> from, Kept butFor, LongSupplier tooMuch) {
    for (boolean waitedOn : new boolean[] {false, true}) {
      for (Map.Entry<UserId, OfUser> each : from) {
        for (Map.Entry<Key, Kept> next : List.copyOf(each.getValue().connections.entrySet())) {
          if (tooMuch.getAsLong() <= 0) {
            return;
          }
          if (!next.getValue().equals(butFor)
              && next.getValue().connection.isWaitedOn() == waitedOn) {
            drop(each.getKey(), each.getValue(), next.getKey());
          }
        }
      }
    }
  }

  private void drop(UserId user, OfUser own, Key key) {
    @Nullable Kept kept = own.connections.remove(key);
    if (kept != null) {
      kept.connection.close();
      own.bytes -= kept.bytes;
      bytes -= kept.bytes;
    }
    if (own.connections.isEmpty()) {
      users.remove(user);
    }
  }

  synchronized long bytes() {
    return bytes;
  }
}
