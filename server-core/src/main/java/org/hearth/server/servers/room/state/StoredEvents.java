package org.hearth.server.servers.room.state;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/// Committed events by position and by id, read from the table `room_event` and kept in memory
/// within a budget of bytes.
///
/// **thread**: any; `added` and `redacted` the committer's only.
public final class StoredEvents {
  private static final System.Logger LOG = System.getLogger(StoredEvents.class.getName());

  /// An event with what the Room Server keeps beside it.
  ///
  /// @param number the event's number for ever, under which it is stored
  /// @param shown the event as readers may show it
  /// @param room the room's number
  /// @param stateBefore the snapshot before the event
  /// @param madeSnapshot the snapshot after it if it is a state event; 0 if not
  /// @param standing what it counts for
  /// @param rule that soft-failed or rejected it
  /// @param sentOn whether its server has given it to this one alone, which sends it on
  public record Stored(
      long number,
      RoomEvent shown,
      long room,
      long stateBefore,
      long madeSnapshot,
      Standing standing,
      @Nullable String rule,
      boolean sentOn) {
    public long stateAfter() {
      return madeSnapshot == 0 ? stateBefore : madeSnapshot;
    }

    /// A rough size in memory: what redacts an event is held beside it.
    int weightBytes() {
      Pdu redaction = shown.redactedBecause();
      ClientTransaction transaction = shown.transaction();
      return Math.toIntExact(
          BASE_BYTES
              + shown.pdu().memoryBytes()
              + (redaction == null ? 0 : redaction.memoryBytes())
              + (transaction == null ? 0 : transaction.transactionId().length()));
    }
  }

  /// What is kept beside an event.
  private static final int BASE_BYTES = 300;

  private static final String COLUMNS =
      "SELECT position, room_nid, state_before, made_snapshot, replaces, redacted_by, device,"
          + " transaction_id, json, json_large, event_id, place, standing, failed_rule, sent_on"
          + " FROM room_event ";
  private static final String AT = COLUMNS + "WHERE position = ?";

  /// So many events are read by one statement, which costs half of what so many statements do.
  private static final int AT_ONCE = 16;

  /// Fewer are read by a statement each.
  private static final int LEAST_AT_ONCE = 3;

  private static final String AT_MANY =
      COLUMNS
          + "--DERBY-PROPERTIES constraint=room_event_pk\n WHERE position IN (?"
          + ", ?".repeat(AT_ONCE - 1)
          + ")";
  private static final String BY_ID =
      "SELECT position FROM room_event WHERE event_hash = ? AND event_id = ?";
  private static final int IDS_AT_ONCE = 100;
  private static final String BY_IDS =
      "SELECT event_id, position FROM room_event --DERBY-PROPERTIES index=room_event_by_id\n"
          + " WHERE event_hash IN (?"
          + ", ?".repeat(IDS_AT_ONCE - 1)
          + ")";
  private static final String PLACED = "SELECT event FROM room_placed WHERE position = ?";
  private static final String VERSION = "SELECT version FROM room WHERE room_nid = ?";

  /// Versions of rooms, which take about a megabyte.
  private static final int VERSIONS_KEPT = 10_000;

  private final ReadPool reads;
  private final GuardedCache<Long, Stored> events;
  private final Cache<Long, RoomVersion> versions =
      Caffeine.newBuilder().maximumSize(VERSIONS_KEPT).executor(Runnable::run).build();

  public StoredEvents(ReadPool reads, long maximumBytes) {
    this.reads = reads;
    this.events = new GuardedCache<>(maximumBytes, (_, event) -> event.weightBytes());
  }

  /// The first eight bytes of the SHA-256 of an event id, by which it is found in the table.
  public static long hash(EventId id) {
    return hash(id.value());
  }

  static long hash(String id) {
    byte[] digest = StateHash.sha256().digest(id.getBytes(StandardCharsets.UTF_8));
    long hash = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      hash = (hash << 8) | (digest[i] & 0xFF);
    }
    return hash;
  }

  /// The event of that number, or the live one at that position; empty when there is none.
  public Optional<Stored> find(long position) {
    Stored kept = events.get(position);
    if (kept != null) {
      return Optional.of(kept);
    }
    Stored read = events.getAll(List.of(position), this::read).get(position);
    return read == null ? placed(position) : Optional.of(read);
  }

  /// The live event at a position that is not its number: it was known before it got there.
  private Optional<Stored> placed(long position) {
    long number =
        reads
            .first(PLACED, statement -> statement.setLong(1, position), row -> row.getLong(1))
            .orElse(0L);
    return number == 0
        ? Optional.empty()
        : find(number).filter(each -> each.shown().place() == position);
  }

  /// The event at a position that is known to be one.
  ///
  /// @throws StorageException when it is not there
  public Stored get(long position) {
    return find(position).orElseThrow(() -> missing(position));
  }

  /// The events at positions that are known to be some, in that order.
  public List<Stored> get(List<Long> positions) {
    Map<Long, Stored> found = events.getAll(positions, this::read);
    List<Stored> all = new ArrayList<>(positions.size());
    for (long position : positions) {
      Stored event = found.get(position);
      all.add(event != null ? event : placed(position).orElseThrow(() -> missing(position)));
    }
    return all;
  }

  /// The events at positions that are known to be some, in that order, without those that cannot be
  /// read: one damaged row costs its event only.
  public List<Stored> readable(List<Long> positions) {
    try {
      return get(positions);
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
    }
    List<Stored> all = new ArrayList<>(positions.size());
    for (long position : positions) {
      try {
        all.add(get(position));
      } catch (RuntimeException e) {
        if (Unavailable.is(e)) {
          throw e;
        }
        reads.unreadable();
        LOG.log(Level.ERROR, "the event at {0} cannot be read and is left out: {1}", position, e);
      }
    }
    return all;
  }

  /// The position of the event of that id.
  public Optional<Long> position(EventId id) {
    return reads.first(
        BY_ID,
        statement -> {
          statement.setLong(1, hash(id));
          statement.setString(2, id.value());
        },
        row -> row.getLong(1));
  }

  /// The events of those ids that are here.
  ///
  /// @param ids many: they are asked for in few statements
  public Map<EventId, Stored> find(Collection<EventId> ids) {
    Map<EventId, Long> positions = positions(ids);
    Map<EventId, Stored> events = new HashMap<>();
    List<EventId> found = List.copyOf(positions.keySet());
    List<Stored> stored = get(found.stream().map(positions::get).toList());
    for (int i = 0; i < found.size(); i++) {
      events.put(found.get(i), stored.get(i));
    }
    return events;
  }

  /// The positions of those of the events that are here.
  ///
  /// @param ids many: they are asked for in few statements
  public Map<EventId, Long> positions(Collection<EventId> ids) {
    return reads.read(connection -> {
      Map<EventId, Long> found = new HashMap<>();
      try (PreparedStatement statement = connection.prepareStatement(BY_IDS)) {
        Iterator<EventId> all = ids.iterator();
        while (all.hasNext()) {
          readPositions(statement, all, found);
        }
      }
      return found;
    });
  }

  /// Reads the positions of the next [#IDS_AT_ONCE] ids; what is over of the places in the
  /// statement takes the last one again.
  private static void readPositions(
      PreparedStatement statement, Iterator<EventId> ids, Map<EventId, Long> found)
      throws SQLException {
    Map<String, EventId> asked = new HashMap<>();
    long hash = 0;
    for (int i = 1; i <= IDS_AT_ONCE; i++) {
      if (ids.hasNext()) {
        EventId id = ids.next();
        hash = hash(id);
        asked.put(id.value(), id);
      }
      statement.setLong(i, hash);
    }
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        EventId id = asked.get(rows.getString(1));
        if (id != null) {
          found.put(id, rows.getLong(2));
        }
      }
    }
  }

  /// An event was committed.
  public void added(Stored event) {
    events.put(event.number(), event);
  }

  /// An event was redacted by a commit: it is read again in its redacted form.
  void redacted(long position) {
    events.invalidate(position);
  }

  private Map<Long, Stored> read(List<Long> positions) {
    return reads.read(connection -> {
      Map<Long, Stored> all = new HashMap<>();
      int next = 0;
      if (positions.size() >= LEAST_AT_ONCE) {
        try (PreparedStatement statement = connection.prepareStatement(AT_MANY)) {
          while (positions.size() - next >= LEAST_AT_ONCE) {
            int end = Math.min(next + AT_ONCE, positions.size());
            read(connection, statement, positions.subList(next, end), all);
            next = end;
          }
        }
      }
      try (PreparedStatement statement = connection.prepareStatement(AT)) {
        for (; next < positions.size(); next++) {
          read(connection, statement, positions.subList(next, next + 1), all);
        }
      }
      return all;
    });
  }

  /// @param statement that asks for one position, or for [#AT_ONCE]: what is over of the places in
  ///   it takes the last one again
  private void read(
      Connection connection,
      PreparedStatement statement,
      List<Long> positions,
      Map<Long, Stored> into)
      throws SQLException {
    int places = positions.size() == 1 ? 1 : AT_ONCE;
    for (int i = 0; i < places; i++) {
      statement.setLong(i + 1, positions.get(Math.min(i, positions.size() - 1)));
    }
    Map<Long, Long> redactions = new HashMap<>();
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        Stored event = row(rows, version(connection, rows.getLong(2)));
        into.put(event.number(), event);
        long redactedBy = rows.getLong(6);
        if (redactedBy != 0) {
          redactions.put(event.number(), redactedBy);
        }
      }
    }
    for (Map.Entry<Long, Long> each : redactions.entrySet()) {
      Stored event = Objects.requireNonNull(into.get(each.getKey()));
      into.put(each.getKey(), redacted(event, redaction(connection, event, each.getValue())));
    }
  }

  private static Pdu redaction(Connection connection, Stored event, long position)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(AT)) {
      statement.setLong(1, position);
      try (ResultSet rows = statement.executeQuery()) {
        if (!rows.next()) {
          throw missing(position);
        }
        return row(rows, event.shown().pdu().version()).shown().pdu();
      }
    }
  }

  private static Stored redacted(Stored event, Pdu redaction) {
    return new Stored(
        event.number(),
        redacted(event.shown(), redaction),
        event.room(),
        event.stateBefore(),
        event.madeSnapshot(),
        event.standing(),
        event.rule(),
        event.sentOn());
  }

  private static RoomEvent redacted(RoomEvent event, Pdu redaction) {
    return new RoomEvent(
        event.position(),
        event.pdu().redacted(),
        redaction,
        event.transaction(),
        event.replaces(),
        event.place());
  }

  /// An event of its row.
  ///
  /// @throws StorageException when the row is damaged
  public static Pdu restore(EventId id, byte[] json, RoomVersion version) {
    try {
      return Pdu.restore(id, json, version);
    } catch (MatrixException e) {
      throw new StorageException(
          StorageException.Reason.BAD_QUERY, "the row of the event %s is damaged".formatted(id), e);
    }
  }

  private static Stored row(ResultSet rows, RoomVersion version) throws SQLException {
    long replaces = rows.getLong(5);
    String device = rows.getString(7);
    String transaction = rows.getString(8);
    byte[] small = rows.getBytes(9);
    Pdu pdu =
        restore(
            EventId.parse(rows.getString(11)), small != null ? small : rows.getBytes(10), version);
    long number = rows.getLong(1);
    long place = rows.getLong(12);
    return new Stored(
        number,
        new RoomEvent(
            new LogPosition(Places.isLive(place) ? place : number),
            pdu,
            null,
            device == null || transaction == null
                ? null
                : new ClientTransaction(DeviceId.parse(device), transaction),
            replaces == 0 ? null : new LogPosition(replaces),
            place),
        rows.getLong(2),
        rows.getLong(3),
        rows.getLong(4),
        Standing.of(rows.getInt(13)),
        rows.getString(14),
        rows.getInt(15) != 0);
  }

  private RoomVersion version(Connection connection, long room) throws SQLException {
    RoomVersion known = versions.getIfPresent(room);
    if (known != null) {
      return known;
    }
    try (PreparedStatement statement = connection.prepareStatement(VERSION)) {
      statement.setLong(1, room);
      try (ResultSet rows = statement.executeQuery()) {
        if (!rows.next()) {
          throw new StorageException(
              StorageException.Reason.BAD_QUERY, "there is no room of number " + room);
        }
        RoomVersion version = RoomLoader.version(rows.getString(1));
        versions.put(room, version);
        return version;
      }
    }
  }

  private static StorageException missing(long position) {
    return new StorageException(
        StorageException.Reason.BAD_QUERY, "there is no event at position " + position);
  }
}
