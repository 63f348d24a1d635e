package org.hearth.server.services.staging;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.Committer;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.jspecify.annotations.Nullable;

/// Keeps what other servers have handed over until it is judged, and remembers which of their
/// transactions were answered, and how.
///
/// What is staged is known in memory, but for the events themselves. A transaction and its events
/// are one commit, and so is what has to go for them.
///
/// **bound**: [StagingBounds]. **thread**: any; what is in memory is guarded by the lock, which
/// nobody holds while he waits for a commit.
public final class Staging implements Box {
  /// The name in the wiring.
  public static final String BOX = "Staging";

  private static final Duration RETRY_AFTER = Duration.ofSeconds(30);

  private final StagedRows rows;
  private final Committer committer;
  private final InstantSource clock;
  private final StagingBounds bounds;
  private final ReentrantLock lock = new ReentrantLock();

  /// By number.
  private final TreeMap<Long, StagedEvent> staged = new TreeMap<>();

  private final Map<RoomId, Deque<StagedEvent>> byRoom = new HashMap<>();
  private final Map<ServerName, Share> byOrigin = new HashMap<>();

  /// By [ServerName#site] of the server that has handed them over.
  private final Map<String, SiteShare> bySite = new HashMap<>();

  /// The numbers of the transactions that are remembered; the server that was heard of longest ago
  /// is the first.
  private final SequencedMap<ServerName, Deque<Long>> transactions = new LinkedHashMap<>();

  private final PeerRejections rejections;
  private final ArrivingRooms arriving = new ArrivingRooms();
  private long bytes;
  private long lastNumber;

  /// What one server has handed over.
  private static final class Share {
    private final SequencedMap<EventId, StagedEvent> events = new LinkedHashMap<>();
    private long bytes;
  }

  /// What all servers of one site have handed over.
  private static final class SiteShare {
    private final TreeMap<Long, StagedEvent> events = new TreeMap<>();
    private long bytes;
  }

  /// What became of a transaction that was to be staged.
  ///
  /// @param events those of it that are staged now; without what the same server has handed over
  ///   before and is staged still
  /// @param displaced what is not staged any more, because there was no room
  public record Taken(List<StagedEvent> events, List<StagedEvent> displaced) {
    /// Copies the lists.
    public Taken {
      events = List.copyOf(events);
      displaced = List.copyOf(displaced);
    }
  }

  public Staging(Store store, InstantSource clock) {
    this(store, clock, StagingBounds.standard());
  }

  Staging(Store store, InstantSource clock, StagingBounds bounds) {
    this.rows = new StagedRows(store.reads());
    this.committer = store.committer();
    this.clock = clock;
    this.bounds = bounds;
    this.rejections = new PeerRejections(clock);
    load();
  }

  private void load() {
    for (StagedEvent each : rows.all()) {
      enter(each);
      lastNumber = Math.max(lastNumber, each.number());
    }
    for (StagedRows.Remembered each : rows.transactions()) {
      transactions.computeIfAbsent(each.origin(), _ -> new ArrayDeque<>()).add(each.number());
      lastNumber = Math.max(lastNumber, each.number());
    }
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Events to judge";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVICE;
  }

  @Override
  public List<Table> tables() {
    return List.of(StagedRows.EVENTS, StagedRows.TRANSACTIONS);
  }

  /// What was handed over and does not count.
  public PeerRejections rejections() {
    return rejections;
  }

  /// Rooms that are on their way here, whose events are staged until then.
  public ArrivingRooms arriving() {
    return arriving;
  }

  /// All that is staged, in the order in which it came.
  public List<StagedEvent> all() {
    lock.lock();
    try {
      return List.copyOf(staged.values());
    } finally {
      lock.unlock();
    }
  }

  /// How much is staged of what a server has handed over.
  public int of(ServerName origin) {
    lock.lock();
    try {
      Share share = byOrigin.get(origin);
      return share == null ? 0 : share.events.size();
    } finally {
      lock.unlock();
    }
  }

  /// The canonical JSON of a staged event; empty if it is not staged any more.
  public Optional<byte[]> event(StagedEvent event) {
    return rows.event(event.number());
  }

  /// The answer that a transaction was given; empty if it is not known.
  public Optional<byte[]> answer(ServerName origin, String transaction) {
    return rows.answer(origin, transaction);
  }

  /// Stages a transaction, and returns when that is durable.
  ///
  /// @param transaction one that has no answer yet; nobody stages the same at the same time
  /// @param answer what the server is to be told
  /// @param events whose format was checked
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if so much of the server is staged that there is no
  ///   room for more
  /// @throws StorageException if it is not durable; then nothing is staged
  public Taken stage(ServerName origin, String transaction, byte[] answer, Collection<Pdu> events) {
    Reply<LogPosition> reply = Reply.pending();
    List<StagedEvent> added = new ArrayList<>();
    List<StagedEvent> displaced = new ArrayList<>();
    lock.lock();
    try {
      List<RowChange> changes = new ArrayList<>();
      checkShare(origin, events);
      for (Pdu event : events) {
        Share share = byOrigin.get(origin);
        if (share == null || !share.events.containsKey(event.eventId())) {
          byte[] json = event.canonicalBytes();
          StagedEvent one =
              new StagedEvent(
                  ++lastNumber,
                  origin,
                  event.roomId(),
                  event.eventId(),
                  clock.millis(),
                  json.length);
          enter(one);
          added.add(one);
          changes.add(StagedRows.insert(one, json));
        }
      }
      makeRoom(added, displaced);
      displaced.forEach(each -> changes.add(StagedRows.delete(each.number())));
      remember(origin, transaction, answer, changes);
      committer.submit(
          new UnitOfWork(
              new UnitOwner(BOX), changes, List.of(), Outcome.of(reply::complete, reply::fail)));
    } catch (StorageException e) {
      added.forEach(this::leave);
      throw e;
    } finally {
      lock.unlock();
    }
    try {
      var _ = reply.await(Committer.PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw forget(added, new StorageException(StorageException.Reason.BUSY, "interrupted", e));
    } catch (RuntimeException e) {
      throw forget(added, e);
    }
    added.removeAll(displaced);
    return new Taken(added, displaced);
  }

  /// What may not have been committed is not known: the server sends it again, and a row that is
  /// there nevertheless is found at the next start.
  private RuntimeException forget(List<StagedEvent> added, RuntimeException failure) {
    lock.lock();
    try {
      added.forEach(this::leave);
    } finally {
      lock.unlock();
    }
    return failure;
  }

  private void checkShare(ServerName origin, Collection<Pdu> events) {
    Share share = byOrigin.get(origin);
    if (share == null) {
      return;
    }
    long more = events.stream().mapToLong(each -> each.canonicalBytes().length).sum();
    if (share.events.size() + events.size() > bounds.ofOrigin()
        || share.bytes + more > bounds.bytesOfOrigin()) {
      throw MatrixException.limitExceeded(RETRY_AFTER);
    }
  }

  /// More than 100 staged in a room: the newest are kept, and those before them are fetched again
  /// when they are missed. What goes is of the site that has the most there, so that nobody can
  /// have the events of others go, which were answered and may be followed by none for long.
  private void makeRoom(List<StagedEvent> added, List<StagedEvent> displaced) {
    for (StagedEvent each : added) {
      Deque<StagedEvent> room = byRoom.get(each.room());
      while (room != null && room.size() > bounds.ofRoom()) {
        StagedEvent oldest = oldestOfMost(room);
        leave(oldest);
        displaced.add(oldest);
      }
    }
    while (staged.size() > bounds.all() || bytes > bounds.bytes()) {
      // Once for many: as much of the largest goes as is beyond.
      SiteShare largest = largest(staged.size() > bounds.all());
      while ((staged.size() > bounds.all() || bytes > bounds.bytes())
          && !largest.events.isEmpty()) {
        StagedEvent oldest = largest.events.firstEntry().getValue();
        leave(oldest);
        displaced.add(oldest);
      }
    }
  }

  /// The first event of the site of which there are the most.
  private static StagedEvent oldestOfMost(Deque<StagedEvent> events) {
    Map<String, Integer> counts = new HashMap<>();
    events.forEach(each -> counts.merge(each.origin().site(), 1, Integer::sum));
    int most = Collections.max(counts.values());
    return events.stream()
        .filter(each -> counts.getOrDefault(each.origin().site(), 0) == most)
        .findFirst()
        .orElseThrow();
  }

  /// @param byCount whether there are too many, rather than too many bytes
  private SiteShare largest(boolean byCount) {
    SiteShare largest = new SiteShare();
    for (SiteShare each : bySite.values()) {
      boolean larger =
          byCount ? each.events.size() > largest.events.size() : each.bytes > largest.bytes;
      largest = larger ? each : largest;
    }
    return largest;
  }

  private void remember(
      ServerName origin, String transaction, byte[] answer, List<RowChange> changes) {
    Deque<Long> known = transactions.remove(origin);
    Deque<Long> numbers = known == null ? new ArrayDeque<>() : known;
    transactions.put(origin, numbers); // So that it becomes the last.
    numbers.add(++lastNumber);
    changes.add(StagedRows.insert(origin, transaction, lastNumber, answer));
    if (numbers.size() > bounds.transactions()) {
      changes.add(StagedRows.forget(origin, numbers.removeFirst()));
    }
    if (transactions.size() > bounds.origins()) {
      changes.add(
          StagedRows.forget(
              transactions.firstEntry().getKey(),
              transactions.pollFirstEntry().getValue().getLast()));
    }
  }

  private void enter(StagedEvent event) {
    staged.put(event.number(), event);
    byRoom.computeIfAbsent(event.room(), _ -> new ArrayDeque<>()).add(event);
    Share share = byOrigin.computeIfAbsent(event.origin(), _ -> new Share());
    share.events.put(event.event(), event);
    share.bytes += event.bytes();
    SiteShare site = bySite.computeIfAbsent(event.origin().site(), _ -> new SiteShare());
    site.events.put(event.number(), event);
    site.bytes += event.bytes();
    bytes += event.bytes();
  }

  private void leave(StagedEvent event) {
    if (staged.remove(event.number()) == null) {
      return;
    }
    Deque<StagedEvent> room = byRoom.get(event.room());
    if (room != null && room.remove(event) && room.isEmpty()) {
      byRoom.remove(event.room());
    }
    @Nullable Share share = byOrigin.get(event.origin());
    if (share != null && share.events.remove(event.event(), event)) {
      share.bytes -= event.bytes();
      if (share.events.isEmpty()) {
        byOrigin.remove(event.origin());
      }
    }
    @Nullable SiteShare site = bySite.get(event.origin().site());
    if (site != null && site.events.remove(event.number()) != null) {
      site.bytes -= event.bytes();
      if (site.events.isEmpty()) {
        bySite.remove(event.origin().site());
      }
    }
    bytes -= event.bytes();
  }

  /// These are judged, or given up. Nobody waits for the commit: after a crash they are judged
  /// again, which changes nothing.
  ///
  /// @throws StorageException if the store takes nothing now; then their rows stay until the next
  ///   start, and they leave room for others all the same
  public void done(Collection<StagedEvent> events) {
    lock.lock();
    try {
      List<RowChange> changes = new ArrayList<>();
      for (StagedEvent each : events) {
        if (staged.containsKey(each.number())) {
          changes.add(StagedRows.delete(each.number()));
        }
      }
      events.forEach(this::leave);
      if (!changes.isEmpty()) {
        committer.submit(new UnitOfWork(new UnitOwner(BOX), changes, List.of(), Outcome.ignored()));
      }
    } finally {
      lock.unlock();
    }
  }
}
