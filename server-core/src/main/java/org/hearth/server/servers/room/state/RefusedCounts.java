package org.hearth.server.servers.room.state;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;

/// How many events one room keeps that it has soft-failed or rejected, by the site of their
/// senders' servers, as `ServerName.site` has it.
///
/// Who is banned, or was never there, may sign as many events as they like; each would be kept for
/// ever. What is kept for the recognition of duplicates and for a second judgement has its share.
///
/// **bound**: [#MOST] events and [#MOST_BYTES] of a room, [#MOST_OF_SITE] and [#MOST_BYTES_OF_SITE]
/// of them of one site; more are kept only as far as accepted events refer to them.
///
/// **thread**: the room's shard.
public final class RefusedCounts {
  public static final int MOST = 5_000;
  public static final long MOST_BYTES = 32L << 20;
  public static final int MOST_OF_SITE = 1_000;
  public static final long MOST_BYTES_OF_SITE = 4L << 20;

  private static final String OF_ROOM =
      "SELECT site, events, bytes FROM room_refused WHERE room_nid = ?";
  private static final String DELETE = "DELETE FROM room_refused WHERE room_nid = ? AND site = ?";
  private static final String INSERT =
      "INSERT INTO room_refused (room_nid, site, events, bytes) VALUES (?, ?, ?, ?)";

  private final Map<String, Amount> bySite = new HashMap<>();
  private final Set<String> changed = new LinkedHashSet<>();
  private Amount all = Amount.NONE;

  /// How much there is of something.
  ///
  /// @param bytes of the events as they are stored
  public record Amount(int events, long bytes) {
    static final Amount NONE = new Amount(0, 0);

    public Amount plus(Amount other) {
      return new Amount(events + other.events, bytes + other.bytes);
    }

    private Amount minus(Amount other) {
      return new Amount(Math.max(0, events - other.events), Math.max(0, bytes - other.bytes));
    }

    /// One event.
    public static Amount of(Pdu event) {
      return new Amount(1, event.canonicalBytes().length);
    }
  }

  /// Those of a room whose decisions are all committed.
  public static RefusedCounts load(ReadPool reads, long room) {
    return reads.read(connection -> {
      RefusedCounts counts = new RefusedCounts();
      try (PreparedStatement statement = connection.prepareStatement(OF_ROOM)) {
        statement.setLong(1, room);
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            counts.put(rows.getString(1), new Amount(rows.getInt(2), rows.getLong(3)));
          }
        }
      }
      return counts;
    });
  }

  /// The same counts, which change by themselves.
  public RefusedCounts copy() {
    RefusedCounts copy = new RefusedCounts();
    bySite.forEach(copy::put);
    return copy;
  }

  private void put(String site, Amount amount) {
    all = all.minus(of(site)).plus(amount);
    bySite.put(site, amount);
  }

  private Amount of(String site) {
    return bySite.getOrDefault(site, Amount.NONE);
  }

  /// Whose count an event is.
  public static String site(Pdu event) {
    return event.sender().server().site();
  }

  /// How many sites there are.
  public int size() {
    return bySite.size();
  }

  /// Whether more of a site may be kept.
  public boolean hasRoomFor(String site, Amount more) {
    Amount then = of(site).plus(more);
    return then.events() <= MOST_OF_SITE && then.bytes() <= MOST_BYTES_OF_SITE && hasRoomFor(more);
  }

  /// Whether more of all sites may be kept.
  public boolean hasRoomFor(Amount more) {
    Amount then = all.plus(more);
    return then.events() <= MOST && then.bytes() <= MOST_BYTES;
  }

  /// One more is kept.
  public void add(Pdu event) {
    change(event, of(site(event)).plus(Amount.of(event)));
  }

  /// One counts now after all.
  public void take(Pdu event) {
    change(event, of(site(event)).minus(Amount.of(event)));
  }

  private void change(Pdu event, Amount now) {
    put(site(event), now);
    changed.add(site(event));
  }

  /// The rows of what has changed since they were asked for last.
  public List<RowChange> changes(long room) {
    List<RowChange> rows = new ArrayList<>();
    for (String site : changed) {
      Amount now = of(site);
      rows.add(
          RowChange.of(
              RoomTables.REFUSED,
              DELETE,
              (statement, _) -> {
                statement.setLong(1, room);
                statement.setString(2, site);
              }));
      rows.add(
          RowChange.of(
              RoomTables.REFUSED,
              INSERT,
              (statement, _) -> {
                statement.setLong(1, room);
                statement.setString(2, site);
                statement.setInt(3, now.events());
                statement.setLong(4, now.bytes());
              }));
    }
    changed.clear();
    return rows;
  }
}
