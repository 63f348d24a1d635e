package org.hearth.server.readers.federationdelivery;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.server.box.Alarms;
import org.hearth.server.logs.TypingOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.typing.TypingQueries;

/// Follows typing-output: tells who of this server's users begins to type, and who stops. Who goes
/// on is told of anew, since other servers do not believe it for long.
///
/// **bound**: as many as the Typing Server knows. **thread**: the log's for this reader; the alarm
/// has its turn between entries.
final class TypingReader implements MemoryReader.View<TypingOutput> {
  /// Other servers take one for no longer typing after a minute.
  static final Duration AGAIN = Duration.ofSeconds(40);

  private final Queues queues;
  private final Listeners listeners;
  private final TypingQueries typing;
  private final Alarms alarms;
  private final Map<RoomId, Set<UserId>> known = new HashMap<>();
  private boolean alarmIsSet;

  TypingReader(Queues queues, Listeners listeners, TypingQueries typing, Alarms alarms) {
    this.queues = queues;
    this.listeners = listeners;
    this.typing = typing;
    this.alarms = alarms;
  }

  @Override
  public synchronized void take(LogPosition at, TypingOutput entry) {
    take(entry.room(), entry.users());
  }

  @Override
  public synchronized void renew(LogPosition upTo) {
    Set<RoomId> all = new HashSet<>(known.keySet());
    all.addAll(typing.rooms());
    all.forEach(each -> take(each, typing.typing(each)));
  }

  private void take(RoomId room, List<UserId> users) {
    Set<UserId> now = new HashSet<>(users);
    now.removeIf(each -> !listeners.isHere(each));
    Set<UserId> before = known.getOrDefault(room, Set.of());
    if (now.equals(before)) {
      return;
    }
    if (now.isEmpty()) {
      known.remove(room);
    } else {
      known.put(room, now);
      setAlarm();
    }
    Set<UserId> stopped = new HashSet<>(before);
    stopped.removeAll(now);
    stopped.forEach(each -> tell(room, each, false));
    Set<UserId> begun = new HashSet<>(now);
    begun.removeAll(before);
    begun.forEach(each -> tell(room, each, true));
  }

  private void tell(RoomId room, UserId user, boolean types) {
    queues.addTyping(new Queue.Typist(room, user), types, listeners.inRoom(room));
  }

  private void setAlarm() {
    if (!alarmIsSet) {
      alarmIsSet = true;
      var _ = alarms.set(AGAIN, this::again);
    }
  }

  private synchronized void again() {
    alarmIsSet = false;
    known.forEach((room, users) -> users.forEach(each -> tell(room, each, true)));
    if (!known.isEmpty()) {
      setAlarm();
    }
  }
}
