package org.hearth.server.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.EncodedEntry;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.StorageException.Reason;

/// Parked entries in table `dead_letter`. **Thread**: any but the committer's.
final class StoredDeadLetters implements DeadLetters {
  private static final Table DEAD_LETTER = new Table("dead_letter");
  private static final String OWNER = "dead-letters";
  private static final int LONGEST_FAILURE = 32_000;
  private static final int LONGEST_NAME = 128;
  private static final int LONGEST_KEY = 1024;
  private static final int LARGEST_ENTRY_BYTES = 64 << 20;
  private static final String DELETE =
      "DELETE FROM dead_letter WHERE log = ? AND consumer = ? AND position = ? AND partition_key = ?";
  private static final String INSERT =
      "INSERT INTO dead_letter (log, consumer, position, partition_key, reason, codec_version, entry,"
          + " failure, parked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
  private static final String SELECT =
      "SELECT log, consumer, position, partition_key, reason, codec_version, entry, failure, parked_at"
          + " FROM dead_letter";
  private static final String ORDER = " ORDER BY log, consumer, position, partition_key";

  private final Committer committer;
  private final ReadPool reads;

  StoredDeadLetters(Committer committer, ReadPool reads) {
    this.committer = committer;
    this.reads = reads;
  }

  /// @throws StorageException [StorageException.Reason#BAD_UNIT] if the letter is larger than its
  ///   columns: a shorter one can be kept
  @Override
  public void park(DeadLetter letter) {
    refuseOversized(letter);
    committer.commit(OWNER, List.of(deletion(letter), insertion(letter)), List.of());
  }

  @Override
  public void remove(DeadLetter letter) {
    committer.commit(OWNER, List.of(deletion(letter)), List.of());
  }

  @Override
  public List<DeadLetter> of(String log, String consumer) {
    return select(" WHERE log = ? AND consumer = ?", log, consumer);
  }

  @Override
  public List<DeadLetter> of(String log, String consumer, String partitionKey) {
    return select(
        " WHERE log = ? AND consumer = ? AND partition_key = ?", log, consumer, partitionKey);
  }

  @Override
  public List<DeadLetter> all() {
    return select("");
  }

  /// Refused here, a letter costs the other units of a commit nothing.
  private static void refuseOversized(DeadLetter letter) {
    int bytes = letter.entry().bytes().length;
    if (bytes > LARGEST_ENTRY_BYTES
        || letter.partitionKey().length() > LONGEST_KEY
        || letter.log().length() > LONGEST_NAME
        || letter.consumer().length() > LONGEST_NAME) {
      throw new StorageException(
          Reason.BAD_UNIT,
          "a letter of %s is too large to be kept: an entry of %,d bytes, a key of %d characters"
              .formatted(letter.consumer(), bytes, letter.partitionKey().length()));
    }
  }

  private List<DeadLetter> select(String where, String... parameters) {
    return reads.read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(SELECT + where + ORDER)) {
        for (int i = 0; i < parameters.length; i++) {
          statement.setString(i + 1, parameters[i]);
        }
        List<DeadLetter> letters = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            letters.add(letter(rows));
          }
        }
        return List.copyOf(letters);
      }
    });
  }

  private static DeadLetter letter(ResultSet row) throws SQLException {
    return new DeadLetter(
        row.getString(1),
        row.getString(2),
        row.getString(4),
        new LogPosition(row.getLong(3)),
        new EncodedEntry(row.getInt(6), row.getBytes(7)),
        DeadLetter.Reason.valueOf(row.getString(5)),
        row.getString(8),
        Instant.ofEpochMilli(row.getLong(9)));
  }

  private static RowChange deletion(DeadLetter letter) {
    return RowChange.of(DEAD_LETTER, DELETE, (statement, _) -> bindIdentity(statement, letter));
  }

  private static RowChange insertion(DeadLetter letter) {
    return RowChange.of(
        DEAD_LETTER,
        INSERT,
        (statement, _) -> {
          bindIdentity(statement, letter);
          statement.setString(5, letter.reason().name());
          statement.setInt(6, letter.entry().version());
          statement.setBytes(7, letter.entry().bytes());
          String failure = letter.failure();
          statement.setString(8, failure.substring(0, Math.min(LONGEST_FAILURE, failure.length())));
          statement.setLong(9, letter.parkedAt().toEpochMilli());
        });
  }

  private static void bindIdentity(PreparedStatement statement, DeadLetter letter)
      throws SQLException {
    statement.setString(1, letter.log());
    statement.setString(2, letter.consumer());
    statement.setLong(3, letter.position().value());
    statement.setString(4, letter.partitionKey());
  }
}
