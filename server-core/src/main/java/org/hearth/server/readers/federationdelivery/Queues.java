package org.hearth.server.readers.federationdelivery;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.box.Alarms;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.Committer;
import org.jspecify.annotations.Nullable;

/// The queues of all servers that have something to be told, or had lately.
///
/// **bound**: [#MOST] servers; one beyond takes the place of one that has nothing to be told, or
/// has taken nothing yet. **thread**: any; the lock is held for short times, and never while the
/// database is asked.
final class Queues {
  static final int MOST = 10_000;

  /// Servers that have nothing to be told, and of which it is remembered whether they answered.
  static final int MOST_IDLE = 2_000;

  /// What does not have to be told at once is told with what comes in this time.
  static final Duration COLLECTING = Duration.ofMillis(500);

  /// A server whose requests come while nothing reaches it is not tried at each of them.
  static final Duration LIFE_PAUSE = Duration.ofSeconds(10);

  /// Bytes of transactions that are sent again as they were, and of one of them.
  static final long MOST_RETAINED = 8 << 20;

  private static final long MOST_RETAINED_EACH = 16 << 10;

  /// How many are looked at to find one that is not being sent to.
  private static final int LOOKED_AT = 200;

  private static final System.Logger LOG = System.getLogger(Queues.class.getName());

  private final InstantSource clock;
  private final Alarms alarms;
  private final Consumer<Queue> wake;
  private final int most;
  private final ReentrantLock lock = new ReentrantLock();
  private final Checkpoints checkpoints;

  /// The one that was known first is the first.
  private final SequencedMap<ServerName, Queue> queues = new LinkedHashMap<>();

  private long retainedBytes;

  /// @param wake has a queue have a turn; quick
  Queues(Committer committer, InstantSource clock, Alarms alarms, Consumer<Queue> wake, int most) {
    this.clock = clock;
    this.alarms = alarms;
    this.wake = wake;
    this.most = most;
    checkpoints = new Checkpoints(committer, clock, alarms, lock);
  }

  /// What is written down of these.
  Checkpoints checkpoints() {
    return checkpoints;
  }

  /// What is done with a queue while nobody else does anything.
  interface Work<T extends @Nullable Object> {
    T with(Queue queue);
  }

  <T extends @Nullable Object> T locked(Queue queue, Work<T> work) {
    lock.lock();
    try {
      return work.with(queue);
    } finally {
      lock.unlock();
    }
  }

  void change(Queue queue, Consumer<Queue> change) {
    lock.lock();
    try {
      change.accept(queue);
    } finally {
      lock.unlock();
    }
  }

  /// Takes in what the last run left.
  void load(DeliveryRows rows) {
    List<DeliveryRows.Owed> owed = rows.owed();
    List<DeliveryRows.Waiting> waiting = rows.waiting();
    checkpoints.load(rows);
    LogPosition receiptsUpTo = checkpoints.noted(Logs.RECEIPT_OUTPUT.name());
    lock.lock();
    try {
      Instant now = clock.instant();
      Map<RoomId, RoomId> rooms = new HashMap<>();
      for (DeliveryRows.Owed each : owed) {
        Queue queue = queue(each.server());
        RoomId room = rooms.computeIfAbsent(each.debt().room(), same -> same);
        switch (each.debt().kind()) {
          case RECEIPTS -> {
            // Those that were set after it are owed as well, up to where the reader goes on.
            long since = each.debt().position();
            var _ = queue.addReceipt(room, since, now);
            var _ = queue.addReceipt(room, Math.max(since, receiptsUpTo.value()), now);
          }
          case DEVICES -> {
            var _ = queue.addDevices(each.debt().position(), now);
          }
          case ROOM, EVENT ->
              queue.rooms().computeIfAbsent(room, RoomDebt::stored).restore(each.debt());
        }
        queue.stored().add(each.debt());
      }
      waiting.forEach(each -> queue(each.server()).edusAdded(each.count(), now));
      queues.values().forEach(each -> each.settle(now));
    } finally {
      lock.unlock();
    }
  }

  /// Has all that have something to be told have a turn.
  void wakeAll() {
    all().forEach(wake);
  }

  List<Queue> all() {
    lock.lock();
    try {
      return List.copyOf(queues.values());
    } finally {
      lock.unlock();
    }
  }

  private Queue queue(ServerName server) {
    Queue known = queues.get(server);
    if (known != null) {
      return known;
    }
    if (queues.size() >= most) {
      evict();
    }
    Queue queue = new Queue(server);
    queues.put(server, queue);
    return queue;
  }

  /// Whether no other has taken its place. **thread**: holds the lock.
  private boolean isKnown(Queue queue) {
    return queues.get(queue.name()) == queue;
  }

  /// A queue's turn begins; from now on no other takes its place.
  ///
  /// @return false if one has: the server would be told by both at once
  boolean begin(Queue queue) {
    lock.lock();
    try {
      boolean known = isKnown(queue);
      queue.sending(known);
      return known;
    } finally {
      lock.unlock();
    }
  }

  /// Makes room: one that has nothing to be told; or else, of those that have taken nothing yet,
  /// the one that was known last. Names of servers cost nothing: a room full of made-up ones must
  /// not have others forgotten that are only away.
  private void evict() {
    Optional<Queue> idle =
        queues.values().stream().limit(LOOKED_AT).filter(Queues::isIdle).findFirst();
    Optional<Queue> stranger =
        queues.sequencedValues().reversed().stream()
            .limit(LOOKED_AT)
            .filter(each -> !each.isSending() && each.accepted() == 0)
            .findFirst();
    Optional<Queue> found =
        idle.or(() -> stranger)
            .or(() -> queues.values().stream().filter(each -> !each.isSending()).findFirst());
    if (found.isEmpty()) {
      return;
    }
    Queue gone = found.get();
    if (!gone.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "{0} is not told what it missed: more than {1} servers have something to be told",
          gone.name(),
          most);
    }
    remove(gone);
  }

  private static boolean isIdle(Queue queue) {
    return queue.isEmpty() && !queue.isSending();
  }

  private void remove(Queue queue) {
    checkpoints.gone(queue);
    queue.noAlarm();
    drop(queue);
    queues.remove(queue.name());
  }

  /// Has a transaction sent again as it is, if that costs little and would not be old by then.
  ///
  /// **thread**: holds the lock.
  void retain(Queue queue, Transaction sent) {
    if (sent.equals(queue.retained())) {
      return;
    }
    drop(queue);
    if (!sent.fleeting()
        && sent.bytes() <= MOST_RETAINED_EACH
        && retainedBytes + sent.bytes() <= MOST_RETAINED) {
      retainedBytes += sent.bytes();
      queue.retained(sent);
    }
  }

  /// Forgets what would be sent again as it was.
  ///
  /// **thread**: holds the lock.
  void drop(Queue queue) {
    Transaction before = queue.retained();
    if (before != null) {
      retainedBytes -= before.bytes();
      queue.retained(null);
    }
  }

  /// A server that this one does not talk to any more has nothing to be told.
  void forget(Queue queue) {
    lock.lock();
    try {
      if (isKnown(queue)) {
        remove(queue);
      }
    } finally {
      lock.unlock();
    }
  }

  // --- what comes

  /// Changes the queues of these servers, for which that is the cause.
  private List<Queue> changed(
      Set<ServerName> servers, Cause cause, BiConsumer<Queue, Instant> change) {
    List<Queue> changed = new ArrayList<>();
    lock.lock();
    try {
      Instant now = clock.instant();
      for (ServerName each : servers) {
        Queue queue = queue(each);
        queue.cause(cause);
        change.accept(queue, now);
        changed.add(queue);
      }
    } finally {
      lock.unlock();
    }
    return changed;
  }

  /// **thread**: holds the lock.
  ///
  /// @param another whether there is a row of debts now that there was not
  private void owes(Queue queue, boolean another) {
    if (another) {
      checkpoints.unsaved(queue);
    }
  }

  /// An event for some servers.
  ///
  /// @param keep of whom it must not be left out
  /// @param cause who has sent it
  void add(
      RoomId room, Item item, Set<ServerName> servers, Optional<ServerName> keep, Cause cause) {
    changed(
            servers,
            cause,
            (queue, now) ->
                owes(
                    queue,
                    queue.add(room, item, keep.filter(queue.name()::equals).isPresent(), now)))
        .forEach(this::wakeUnlessLeftAlone);
  }

  /// A server that is left alone until its alarm needs no turn: that would only find so.
  private void wakeUnlessLeftAlone(Queue queue) {
    lock.lock();
    try {
      if (queue.isFailing() && !queue.wantsAlarm(Instant.MAX)) {
        return;
      }
    } finally {
      lock.unlock();
    }
    wake.accept(queue);
  }

  void addReceipt(RoomId room, long position, Set<ServerName> servers) {
    var _ =
        changed(
            servers,
            Cause.in(room),
            (queue, now) -> {
              owes(queue, queue.addReceipt(room, position, now));
              alarmUnlessFailing(queue, now);
            });
  }

  /// What comes until then is told with it.
  private void alarmUnlessFailing(Queue queue, Instant now) {
    if (!queue.isFailing()) {
      alarm(queue, now.plus(COLLECTING));
    }
  }

  /// Who does not answer is not told who types: it would be old.
  void addTyping(Queue.Typist typist, boolean typing, Set<ServerName> servers) {
    changed(
            servers,
            Cause.of(typist.user(), true, typist.room()),
            (queue, now) -> {
              if (!queue.isFailing()) {
                Queue.put(queue.typing(), typist, new Queue.Typing(typing, now));
              }
            })
        .stream()
        .filter(each -> !each.isFailing())
        .forEach(wake);
  }

  void addPresence(PresenceOutput news, Set<ServerName> servers) {
    var _ =
        changed(
            servers,
            Cause.of(news.user()),
            (queue, now) -> {
              if (!queue.isFailing()) {
                Queue.put(queue.presence(), news.user(), new Queue.Presence(news, now));
              }
              alarmUnlessFailing(queue, now);
            });
  }

  /// A device has changed, which is committed, of which these may have to be told.
  void devicesChanged(long position, Set<ServerName> servers, Cause cause) {
    changed(servers, cause, (queue, now) -> owes(queue, queue.addDevices(position, now)))
        .forEach(this::wakeUnlessLeftAlone);
  }

  /// So many EDUs for a server have been committed.
  record Added(int count, Cause cause) {
    Added and(Added other) {
      return new Added(count + other.count, cause);
    }
  }

  /// EDUs for servers have been committed.
  ///
  /// @return the servers that may have more than so many to be told
  Set<ServerName> edusAdded(Map<ServerName, Added> added, long bound) {
    Set<ServerName> over = new HashSet<>();
    added.forEach((server, more) ->
        changed(
                Set.of(server),
                more.cause(),
                (queue, now) -> {
                  queue.edusAdded(more.count(), now);
                  if (queue.edus() > bound) {
                    var _ = over.add(server);
                  }
                })
            .forEach(this::wakeUnlessLeftAlone));
    return over;
  }

  /// A sign of life: a server that did not answer, or whose last turn was slow, is tried at once;
  /// or soon, if an earlier sign of life has just done so. One that comes during an attempt counts
  /// after it.
  void alive(ServerName server) {
    Queue woken;
    lock.lock();
    try {
      Queue queue = queues.get(server);
      if (queue == null) {
        return;
      }
      queue.urgent(true);
      if (queue.isEmpty() || !(queue.isFailing() || queue.isSlow())) {
        return;
      }
      Instant now = clock.instant();
      Instant next = queue.lastLife().plus(LIFE_PAUSE);
      Instant from = next.isAfter(now) ? next : now;
      // A pause after a refusal goes on: that the server is there is known.
      if (queue.isFailing() && queue.pausedUntil().isAfter(from)) {
        queue.pauseUntil(from);
      }
      if (from.isAfter(now)) {
        alarm(queue, from);
        return;
      }
      queue.noAlarm();
      queue.lastLife(now);
      woken = queue;
    } finally {
      lock.unlock();
    }
    wake.accept(woken);
  }

  /// The owner wants the server to be tried at once.
  void retry(ServerName server) {
    Queue woken;
    lock.lock();
    try {
      Queue queue = queues.get(server);
      if (queue == null) {
        return;
      }
      queue.noAlarm();
      queue.pauseUntil(Instant.EPOCH);
      queue.urgent(true);
      woken = queue;
    } finally {
      lock.unlock();
    }
    wake.accept(woken);
  }

  /// Wakes the queue then, if nothing does before.
  void wakeAt(Queue queue, Instant moment) {
    lock.lock();
    try {
      if (isKnown(queue)) {
        alarm(queue, moment);
      }
    } finally {
      lock.unlock();
    }
  }

  private void alarm(Queue queue, Instant moment) {
    if (queue.wantsAlarm(moment)) {
      queue.alarm(
          moment, alarms.set(Duration.between(clock.instant(), moment), () -> ring(queue, moment)));
    }
  }

  private void ring(Queue queue, Instant moment) {
    lock.lock();
    try {
      if (!queue.isAlarm(moment)) {
        return;
      }
      queue.noAlarm();
    } finally {
      lock.unlock();
    }
    wake.accept(queue);
  }

  // --- what has been told

  /// Notes that something was paid, or that nothing is owed any more.
  void settle(Queue queue) {
    lock.lock();
    try {
      queue.settle(clock.instant());
      if (!queue.stored().isEmpty()) {
        checkpoints.unsaved(queue);
        checkpoints.set();
      } else if (queue.isEmpty() && queues.size() > MOST_IDLE && isKnown(queue)) {
        queue.noAlarm();
        queues.remove(queue.name());
      }
    } finally {
      lock.unlock();
    }
  }

  /// What is owed has to survive a restart.
  void failed(Queue queue) {
    lock.lock();
    try {
      checkpoints.unsaved(queue);
      checkpoints.set();
    } finally {
      lock.unlock();
    }
  }
}
