package org.hearth.server.services.previews;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// The table `url_preview`.
///
/// **thread**: any; one at a time changes it.
final class PreviewRows {
  /// How many previews are kept.
  static final int MOST = 20_000;

  static final int MOST_BYTES = 32_000;

  static final Table TABLE =
      new Table(
          "url_preview",
          "the newest 20,000, and none older than a day",
          "the unit of an insert deletes the oldest ones beyond; what is too old goes hourly");

  private static final int PAGE = 500;

  private final Store store;
  private final int most;

  /// Held from the look at what there is to the commit.
  private final ReentrantLock changing = new ReentrantLock();

  PreviewRows(Store store, int most) {
    this.store = store;
    this.most = most;
  }

  /// What stands for an address: addresses are long, and some are secrets.
  static String key(String url) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(url.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  Optional<Preview> preview(String key) {
    return store
        .reads()
        .select(
            "SELECT preview, fetched_millis FROM url_preview WHERE url_sha256 = ?",
            statement -> statement.setString(1, key),
            row ->
                new Preview(
                    MatrixJson.restoreObject(row.getBytes(1)),
                    Instant.ofEpochMilli(row.getLong(2))))
        .stream()
        .findFirst();
  }

  /// Keeps a preview, in the place of one that was there.
  void keep(String key, Preview preview) {
    byte[] json = MatrixJson.write(preview.properties());
    if (json.length > MOST_BYTES) {
      throw new IllegalArgumentException("a preview has %d bytes".formatted(json.length));
    }
    changing.lock();
    try {
      List<RowChange> changes = new ArrayList<>();
      oldest().forEach(each -> changes.add(deletion(each)));
      changes.add(deletion(key));
      changes.add(
          RowChange.of(
              TABLE,
              "INSERT INTO url_preview (url_sha256, preview, fetched_millis) VALUES (?, ?, ?)",
              (statement, _) -> {
                statement.setString(1, key);
                statement.setBytes(2, json);
                statement.setLong(3, preview.fetched().toEpochMilli());
              }));
      store.committer().commit(Previews.BOX, changes, List.of());
    } finally {
      changing.unlock();
    }
  }

  /// Those that are too many when one comes.
  private List<String> oldest() {
    long count =
        store.reads().select("SELECT COUNT(*) FROM url_preview", row -> row.getLong(1)).getFirst();
    long over = Math.min(PAGE, count + 1 - most);
    return over <= 0
        ? List.of()
        : store
            .reads()
            .select(
                "SELECT url_sha256 FROM url_preview ORDER BY fetched_millis"
                    + " FETCH FIRST ? ROWS ONLY",
                statement -> statement.setLong(1, over),
                row -> row.getString(1));
  }

  void removeBefore(Instant time) {
    changing.lock();
    try {
      store
          .committer()
          .commit(
              Previews.BOX,
              List.of(
                  RowChange.of(
                      TABLE,
                      "DELETE FROM url_preview WHERE fetched_millis < ?",
                      (statement, _) -> statement.setLong(1, time.toEpochMilli()))),
              List.of());
    } finally {
      changing.unlock();
    }
  }

  private static RowChange deletion(String key) {
    return RowChange.of(
        TABLE,
        "DELETE FROM url_preview WHERE url_sha256 = ?",
        (statement, _) -> statement.setString(1, key));
  }
}
