package org.hearth.server.servers.room.sweep;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.hearth.server.store.ReadPool;

/// Finds the states of a room that nothing committed refers to: no event, no current state that is
/// or was, and no state that is referred to.
///
/// **thread**: one.
final class UnusedStates {
  private static final String STATES = "SELECT snapshot, parent FROM room_state WHERE room_nid = ?";

  private static final List<String> REFERENCES =
      List.of(
          "SELECT snapshot FROM room WHERE room_nid = ?",
          "SELECT snapshot FROM room_current WHERE room_nid = ?",
          "SELECT state_before FROM room_event WHERE room_nid = ?",
          "SELECT made_snapshot FROM room_event WHERE room_nid = ?");

  private final Connection connection;
  private final long room;
  private final BooleanSupplier goOn;

  /// Numbers of states, ascending.
  private long[] states = new long[0];

  /// What each of them stands on; 0 for nothing.
  private long[] parents = new long[0];

  private UnusedStates(Connection connection, long room, BooleanSupplier goOn) {
    this.connection = connection;
    this.room = room;
    this.goOn = goOn;
  }

  /// The numbers, greatest first: what stands on another comes before it.
  ///
  /// @param goOn asked for every row; when it says no, the answer is that there are none
  static List<Long> find(ReadPool reads, long room, BooleanSupplier goOn) {
    return reads.read(connection -> new UnusedStates(connection, room, goOn).find());
  }

  private List<Long> find() throws SQLException {
    readStates();
    BitSet used = new BitSet(states.length);
    for (String sql : REFERENCES) {
      if (!readReferences(sql, used)) {
        return List.of();
      }
    }
    List<Long> unused = new ArrayList<>();
    for (int i = used.nextClearBit(0); i < states.length; i = used.nextClearBit(i + 1)) {
      unused.add(states[i]);
    }
    Collections.reverse(unused);
    return unused;
  }

  private void readStates() throws SQLException {
    List<long[]> rows = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(STATES)) {
      statement.setLong(1, room);
      try (ResultSet found = statement.executeQuery()) {
        while (found.next() && goOn.getAsBoolean()) {
          rows.add(new long[] {found.getLong(1), found.getLong(2)});
        }
      }
    }
    rows.sort((one, other) -> Long.compare(one[0], other[0]));
    states = rows.stream().mapToLong(each -> each[0]).toArray();
    parents = rows.stream().mapToLong(each -> each[1]).toArray();
  }

  /// Marks what is referred to, and what that stands on.
  ///
  /// @return false when it was told to stop
  private boolean readReferences(String sql, BitSet used) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, room);
      try (ResultSet found = statement.executeQuery()) {
        while (found.next()) {
          if (!goOn.getAsBoolean()) {
            return false;
          }
          mark(found.getLong(1), used);
        }
      }
    }
    return goOn.getAsBoolean();
  }

  private void mark(long referred, BitSet used) {
    for (long state = referred; state != 0; ) {
      int index = Arrays.binarySearch(states, state);
      if (index < 0 || used.get(index)) {
        return;
      }
      used.set(index);
      state = parents[index];
    }
  }
}
