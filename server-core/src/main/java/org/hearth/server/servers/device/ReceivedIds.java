package org.hearth.server.servers.device;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The table `device_message_received`: which messages of other servers were given to devices.
///
/// **thread**: the shard's.
final class ReceivedIds {
  /// Messages of one server that are known.
  static final int MOST_OF_SERVER = 10_000;

  /// Messages of all servers that are known.
  static final int MOST = 200_000;

  private static final int SHARE_THAT_GOES = 10;
  private static final int COUNTED_SERVERS = 1_000;

  static final Table TABLE =
      new Table(
          "device_message_received",
          "200,000 rows, 10,000 of one server",
          "a message beyond the bound removes the oldest");

  private final ReadPool reads;
  private final int mostOfServer;
  private final int most;

  /// How many rows there are of a server, or of all. What is not committed is counted until the
  /// bound is come to.
  private final Cache<Optional<ServerName>, Integer> counts =
      Caffeine.newBuilder().maximumSize(COUNTED_SERVERS).build();

  /// A message, as its server calls it.
  record Id(ServerName server, String message) {}

  ReceivedIds(ReadPool reads) {
    this(reads, MOST_OF_SERVER, MOST);
  }

  ReceivedIds(ReadPool reads, int mostOfServer, int most) {
    this.reads = reads;
    this.mostOfServer = mostOfServer;
    this.most = most;
  }

  /// Whether the message was given to devices.
  boolean isKnown(Id id) {
    return reads
        .first(
            "SELECT 1 FROM device_message_received WHERE server_name = ? AND message_id = ?",
            statement -> {
              statement.setString(1, id.server().value());
              statement.setString(2, id.message());
            },
            row -> row.getInt(1))
        .isPresent();
  }

  /// Notes a message that is not known, and makes place for it.
  List<RowChange> add(Id id) {
    List<RowChange> rows = new ArrayList<>();
    if (count(Optional.of(id.server())) > mostOfServer) {
      rows.add(
          RowChange.of(
              TABLE,
              "DELETE FROM device_message_received WHERE server_name = ? AND position <="
                  + " (SELECT position FROM device_message_received WHERE server_name = ?"
                  + newest(mostOfServer),
              (statement, _) -> {
                statement.setString(1, id.server().value());
                statement.setString(2, id.server().value());
              }));
      counts.put(Optional.of(id.server()), kept(mostOfServer));
    }
    if (count(Optional.empty()) > most) {
      rows.add(
          RowChange.of(
              TABLE,
              "DELETE FROM device_message_received WHERE position <="
                  + " (SELECT position FROM device_message_received"
                  + newest(most),
              (_, _) -> {}));
      counts.put(Optional.empty(), kept(most));
    }
    rows.add(
        RowChange.of(
            TABLE,
            "INSERT INTO device_message_received (server_name, message_id, position)"
                + " VALUES (?, ?, ?)",
            (statement, first) -> {
              statement.setString(1, id.server().value());
              statement.setString(2, id.message());
              statement.setLong(3, first.value());
            }));
    return rows;
  }

  private static String newest(int bound) {
    return " ORDER BY position DESC OFFSET " + (kept(bound) - 1) + " ROWS FETCH NEXT ROW ONLY)";
  }

  private static int kept(int bound) {
    return bound - Math.max(1, bound / SHARE_THAT_GOES);
  }

  /// The ids there are, with one more.
  private int count(Optional<ServerName> server) {
    int count = Objects.requireNonNull(counts.get(server, this::stored)) + 1;
    counts.put(server, count);
    return count;
  }

  private int stored(Optional<ServerName> server) {
    String select = "SELECT COUNT(*) FROM device_message_received";
    return reads
        .first(
            server.isEmpty() ? select : select + " WHERE server_name = ?",
            statement -> {
              if (server.isPresent()) {
                statement.setString(1, server.get().value());
              }
            },
            row -> row.getInt(1))
        .orElseThrow();
  }
}
