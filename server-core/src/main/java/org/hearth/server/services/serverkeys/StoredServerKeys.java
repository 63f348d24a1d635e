package org.hearth.server.services.serverkeys;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// The table `server_key`.
///
/// **thread**: any; one at a time changes it.
final class StoredServerKeys {
  /// Servers whose keys are kept.
  static final int MOST_SERVERS = 20_000;

  /// Bytes of all answers that are kept.
  static final long MOST_BYTES = 64L << 20;

  static final Table TABLE =
      new Table(
          "server_key",
          "20,000 servers and 64 MiB; of a server 8 answers and 128 KiB",
          "what is beyond goes when a row is added: the servers whose keys were not needed for longest, and first those that were never needed here");

  private static final System.Logger LOG = System.getLogger(StoredServerKeys.class.getName());

  /// Rows that are deleted in one unit.
  private static final int MOST_AT_ONCE = 500;

  private final Store store;
  private final int mostServers;
  private final long mostBytes;

  /// Held from the look at what there is to the commit.
  private final ReentrantLock changing = new ReentrantLock();

  /// Only with the lock: how many rows there are; negative when that is not known.
  private int rows = -1;

  private long bytes;

  StoredServerKeys(Store store) {
    this(store, MOST_SERVERS, MOST_BYTES);
  }

  StoredServerKeys(Store store, int mostServers, long mostBytes) {
    this.store = store;
    this.mostServers = mostServers;
    this.mostBytes = mostBytes;
  }

  /// What is stored of a server.
  ///
  /// @param usedMillis when this server last needed it itself; 0 for never
  record Row(KnownKeys known, long usedMillis) {}

  /// What is stored of a server. A row that is damaged is as good as none: the server can be asked.
  Optional<Row> find(ServerName server) {
    return store
        .reads()
        .first(
            "SELECT answers, used_millis FROM server_key WHERE server_name = ?",
            statement -> statement.setString(1, server.value()),
            row -> new Stored(row.getBytes(1), row.getLong(2)))
        .flatMap(stored -> restored(server, stored));
  }

  private static Optional<Row> restored(ServerName server, Stored stored) {
    try {
      return Optional.of(new Row(KnownKeys.restore(server, stored.answers), stored.usedMillis));
    } catch (IllegalStateException e) {
      LOG.log(Level.WARNING, "What was stored of the keys of " + server + " is damaged", e);
      return Optional.empty();
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Stored(byte[] answers, long usedMillis) {}

  /// Stores what is known of a server.
  ///
  /// @throws org.hearth.server.store.StorageException if it is not committed
  void put(ServerName server, KnownKeys known, long usedMillis) {
    byte[] answers = known.bytes();
    changing.lock();
    try {
      learn();
      int rowsBefore = rows;
      rows = -1; // Until it is committed.
      Optional<Integer> before = answerBytes(server);
      store
          .committer()
          .commit(
              ServerKeyQueries.BOX,
              List.of(
                  before.isPresent()
                      ? update(server, answers, usedMillis)
                      : insert(server, answers, usedMillis)),
              List.of());
      rows = rowsBefore + (before.isPresent() ? 0 : 1);
      bytes += answers.length - before.orElse(0);
      if (rows > mostServers || bytes > mostBytes) {
        sweep();
      }
    } finally {
      changing.unlock();
    }
  }

  /// Notes that this server needed the keys of a server.
  void use(ServerName server, long usedMillis) {
    changing.lock();
    try {
      store.committer().commit(ServerKeyQueries.BOX, List.of(used(server, usedMillis)), List.of());
    } finally {
      changing.unlock();
    }
  }

  private void learn() {
    if (rows >= 0) {
      return;
    }
    // The answers are large, and not looked at for this.
    List<Integer> all =
        store.reads().select("SELECT answer_bytes FROM server_key", row -> row.getInt(1));
    rows = all.size();
    bytes = all.stream().mapToLong(Integer::longValue).sum();
  }

  private Optional<Integer> answerBytes(ServerName server) {
    return store
        .reads()
        .first(
            "SELECT answer_bytes FROM server_key WHERE server_name = ?",
            statement -> statement.setString(1, server.value()),
            row -> row.getInt(1));
  }

  /// A row without its answers.
  private record Size(String server, int bytes) {}

  /// Deletes what was not needed for longest, until an eighth of both bounds is free.
  private void sweep() {
    List<Size> all =
        store
            .reads()
            .select(
                "SELECT server_name, answer_bytes FROM server_key ORDER BY used_millis, server_name",
                row -> new Size(row.getString(1), row.getInt(2)));
    int keptRows = all.size();
    long keptBytes = all.stream().mapToLong(Size::bytes).sum();
    List<RowChange> deletions = new ArrayList<>();
    rows = -1; // Until all of it is committed.
    for (Size each : all) {
      if (keptRows <= mostServers - mostServers / 8 && keptBytes <= mostBytes - mostBytes / 8) {
        break;
      }
      keptRows--;
      keptBytes -= each.bytes;
      deletions.add(deletion(each.server));
      if (deletions.size() == MOST_AT_ONCE) {
        store.committer().commit(ServerKeyQueries.BOX, deletions, List.of());
        deletions = new ArrayList<>();
      }
    }
    if (!deletions.isEmpty()) {
      store.committer().commit(ServerKeyQueries.BOX, deletions, List.of());
    }
    rows = keptRows;
    bytes = keptBytes;
  }

  private static RowChange insert(ServerName server, byte[] answers, long usedMillis) {
    return RowChange.of(
        TABLE,
        "INSERT INTO server_key (answers, answer_bytes, used_millis, server_name)"
            + " VALUES (?, ?, ?, ?)",
        (statement, _) -> {
          statement.setBytes(1, answers);
          statement.setInt(2, answers.length);
          statement.setLong(3, usedMillis);
          statement.setString(4, server.value());
        });
  }

  private static RowChange update(ServerName server, byte[] answers, long usedMillis) {
    return RowChange.of(
        TABLE,
        "UPDATE server_key SET answers = ?, answer_bytes = ?, used_millis = ? WHERE server_name = ?",
        (statement, _) -> {
          statement.setBytes(1, answers);
          statement.setInt(2, answers.length);
          statement.setLong(3, usedMillis);
          statement.setString(4, server.value());
        });
  }

  private static RowChange used(ServerName server, long usedMillis) {
    return RowChange.of(
        TABLE,
        "UPDATE server_key SET used_millis = ? WHERE server_name = ?",
        (statement, _) -> {
          statement.setLong(1, usedMillis);
          statement.setString(2, server.value());
        });
  }

  private static RowChange deletion(String server) {
    return RowChange.of(
        TABLE,
        "DELETE FROM server_key WHERE server_name = ?",
        (statement, _) -> statement.setString(1, server));
  }
}
