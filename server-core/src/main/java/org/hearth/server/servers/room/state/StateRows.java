package org.hearth.server.servers.room.state;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.hearth.server.store.StorageException;

/// A state as it is stored: its rows put on each other.
public final class StateRows {
  private static final String ROW =
      "SELECT parent, room_nid, content_hash, entries, entries_large FROM room_state WHERE snapshot = ?";
  private static final long NOT_SET = 0;

  private final long number;
  private final long room;
  private final StateHash hash;
  private final List<StateLayer> layers;
  private final long[] positions;

  private StateRows(
      long number, long room, StateHash hash, List<StateLayer> layers, long[] positions) {
    this.number = number;
    this.room = room;
    this.hash = hash;
    this.layers = layers;
    this.positions = positions;
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Row(long snapshot, byte[] packed) {}

  /// Reads a state with its rows, which are at most [StateSnapshot#MAX_LAYERS].
  public static StateRows read(Connection connection, long snapshot) throws SQLException {
    Deque<Row> rows = new ArrayDeque<>();
    long room = 0;
    StateHash hash = StateHash.EMPTY;
    long next = snapshot;
    try (PreparedStatement statement = connection.prepareStatement(ROW)) {
      while (next != 0) {
        if (rows.size() == StateSnapshot.MAX_LAYERS) {
          throw damaged(snapshot, "has more than " + StateSnapshot.MAX_LAYERS + " layers");
        }
        statement.setLong(1, next);
        try (ResultSet result = statement.executeQuery()) {
          if (!result.next()) {
            throw damaged(snapshot, "lacks its row " + next);
          }
          byte[] small = result.getBytes(4);
          rows.push(new Row(next, small != null ? small : result.getBytes(5)));
          if (next == snapshot) {
            room = result.getLong(2);
            hash = StateHash.of(result.getBytes(3));
          }
          next = result.getLong(1);
        }
      }
    }
    return stack(snapshot, room, hash, rows);
  }

  private static StateRows stack(long snapshot, long room, StateHash hash, Deque<Row> rows) {
    Positions positions = new Positions();
    List<StateLayer> layers = new ArrayList<>();
    for (Row row : rows) {
      layers.add(new StateLayer(row.snapshot(), StatePacking.unpack(row.packed(), positions::set)));
    }
    return new StateRows(snapshot, room, hash, List.copyOf(layers), positions.values());
  }

  private static StorageException damaged(long snapshot, String what) {
    return new StorageException(
        StorageException.Reason.BAD_QUERY, "state %d %s".formatted(snapshot, what));
  }

  public long number() {
    return number;
  }

  /// The number of the room whose state it is.
  public long room() {
    return room;
  }

  public StateHash hash() {
    return hash;
  }

  public List<StateLayer> layers() {
    return layers;
  }

  /// One more than the greatest key number.
  public int keyLimit() {
    return positions.length;
  }

  /// The position of the key's event; 0 when the key is not set.
  public long position(int key) {
    return key < 0 || key >= positions.length ? NOT_SET : positions[key];
  }

  public void forEach(StatePacking.Sink sink) {
    for (int key = 0; key < positions.length; key++) {
      if (positions[key] != NOT_SET) {
        sink.entry(key, positions[key]);
      }
    }
  }

  /// A rough size in memory: each layer has its keys once more.
  int weightBytes() {
    return 100
        + Long.BYTES * positions.length
        + layers.stream().mapToInt(each -> 60 + Integer.BYTES * each.size()).sum();
  }

  /// An array that grows.
  private static final class Positions {
    private long[] values = new long[64];
    private int limit;

    void set(int key, long position) {
      if (key >= values.length) {
        values = Arrays.copyOf(values, Math.max(key + 1, values.length * 2));
      }
      values[key] = position;
      limit = Math.max(limit, key + 1);
    }

    long[] values() {
      return Arrays.copyOf(values, limit);
    }
  }
}
