package org.hearth.server.servers.room.state;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Arrays;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// The auth graph of one room, committed events only: position → positions of its auth events, in
/// an open-addressed table without boxing.
///
/// It is read from the table `room_auth` in one go when it is first needed; what is committed later
/// is added when it is first asked for.
///
/// **thread**: the room's shard.
public final class AuthEdges {
  private static final String OF_ROOM =
      "SELECT position, auth_events FROM room_auth WHERE room_nid = ?";
  private static final int FREE = 0;
  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

  private long[] positions = new long[128];
  private long[][] edges = new long[128][];
  private int size;
  private long edgeCount;

  public static AuthEdges load(ReadPool reads, long room) {
    return reads.read(connection -> {
      AuthEdges all = new AuthEdges();
      try (PreparedStatement statement = connection.prepareStatement(OF_ROOM)) {
        statement.setLong(1, room);
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            all.put(rows.getLong(1), EdgePacking.unpack(rows.getBytes(2)));
          }
        }
      }
      return all;
    });
  }

  /// The auth events of a committed event; null when they are not here.
  public long @Nullable [] of(long position) {
    int slot = slotOf(position);
    return positions[slot] == FREE ? null : edges[slot];
  }

  public int size() {
    return size;
  }

  public int weightBytes() {
    return (int) Math.min(Integer.MAX_VALUE, 16L * positions.length + 24L * size + 8 * edgeCount);
  }

  public void put(long position, long[] authEvents) {
    if (2 * (size + 1) > positions.length) {
      grow();
    }
    int slot = slotOf(position);
    if (positions[slot] == FREE) {
      size++;
      edgeCount += authEvents.length;
    }
    positions[slot] = position;
    edges[slot] = authEvents;
  }

  private int slotOf(long position) {
    int mask = positions.length - 1;
    int slot = (int) ((position * GOLDEN_RATIO) >>> 32) & mask;
    while (positions[slot] != FREE && positions[slot] != position) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldPositions = positions;
    long[][] oldEdges = edges;
    positions = new long[oldPositions.length * 2];
    edges = Arrays.copyOf(new long[0][], positions.length);
    for (int i = 0; i < oldPositions.length; i++) {
      if (oldPositions[i] != FREE) {
        int slot = slotOf(oldPositions[i]);
        positions[slot] = oldPositions[i];
        edges[slot] = oldEdges[i];
      }
    }
  }
}
