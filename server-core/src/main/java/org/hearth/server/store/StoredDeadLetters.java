package org.hearth.server.store;

import java.lang.System.Logger.Level;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.NoSuchElementException;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.DeadLetter.Label;
import org.hearth.ringlogs.DeadLetter.Reason;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.EncodedEntry;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.LogPosition;

/// Parked entries in table `dead_letter`. **Thread**: any but the committer's.
final class StoredDeadLetters implements DeadLetters {
  static final Table DEAD_LETTER =
      new Table(
          "dead_letter",
          "of each consumer 1,000 held back, and two of each of its 1,000 parked keys at most",
          "deleted when the key is released or its entries are discarded");
  private static final System.Logger LOG = System.getLogger(StoredDeadLetters.class.getName());
  private static final String OWNER = "dead-letters";
  private static final int LONGEST_FAILURE = 32_000;
  private static final int LONGEST_NAME = 128;
  private static final int LONGEST_KEY = 1024;
  private static final int LARGEST_ENTRY_BYTES = 64 << 20;

  /// The position as a range: one that is damaged and cannot be told counts as the origin.
  private static final String IDENTITY =
      " WHERE log = ? AND consumer = ? AND position BETWEEN ? AND ? AND partition_key = ?";

  private static final String DELETE = "DELETE FROM dead_letter" + IDENTITY;
  private static final String INSERT =
      "INSERT INTO dead_letter (log, consumer, position, partition_key, reason, codec_version, entry,"
          + " failure, parked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
  private static final String SELECT =
      "SELECT log, consumer, position, partition_key, reason, codec_version, entry, failure, parked_at"
          + " FROM dead_letter";
  private static final String SELECT_LABELS =
      "SELECT log, consumer, position, partition_key, reason, failure, parked_at FROM dead_letter";
  private static final String SELECT_KEYS =
      "SELECT letter.log, letter.consumer, letter.partition_key, parked.letters, letter.failure,"
          + " letter.parked_at FROM dead_letter letter JOIN (SELECT log, consumer, partition_key,"
          + " MIN(position) AS first_position, COUNT(*) AS letters FROM dead_letter"
          + " GROUP BY log, consumer, partition_key) parked ON letter.log = parked.log"
          + " AND letter.consumer = parked.consumer"
          + " AND letter.partition_key = parked.partition_key"
          + " AND letter.position = parked.first_position"
          + " ORDER BY letter.log, letter.consumer, letter.position, letter.partition_key"
          + " FETCH FIRST ? ROWS ONLY";
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
    committer.commit(OWNER, List.of(deletion(letter.label()), insertion(letter)), List.of());
  }

  @Override
  public void remove(Label letter) {
    committer.commit(OWNER, List.of(deletion(letter)), List.of());
  }

  @Override
  public List<Label> of(String log, String consumer) {
    return labels(" WHERE log = ? AND consumer = ?", log, consumer);
  }

  @Override
  public List<Label> of(String log, String consumer, String partitionKey) {
    return labels(
        " WHERE log = ? AND consumer = ? AND partition_key = ?", log, consumer, partitionKey);
  }

  @Override
  public DeadLetter read(Label letter) {
    return reads
        .first(
            SELECT + IDENTITY,
            statement -> bindIdentity(statement, letter),
            StoredDeadLetters::letter)
        .orElseThrow(() -> new NoSuchElementException("there is no letter " + letter));
  }

  @Override
  public List<DeadLetter> all() {
    return reads.select(SELECT + ORDER, StoredDeadLetters::letter);
  }

  /// Refused here, a letter costs the other units of a commit nothing.
  private static void refuseOversized(DeadLetter letter) {
    int bytes = letter.entry().bytes().length;
    if (bytes > LARGEST_ENTRY_BYTES
        || letter.partitionKey().length() > LONGEST_KEY
        || letter.log().length() > LONGEST_NAME
        || letter.consumer().length() > LONGEST_NAME) {
      throw new StorageException(
          StorageException.Reason.BAD_UNIT,
          "a letter of %s is too large to be kept: an entry of %,d bytes, a key of %d characters"
              .formatted(letter.consumer(), bytes, letter.partitionKey().length()));
    }
  }

  /// What is parked, by log, consumer and first position.
  ///
  /// @param limit at most so many
  List<ParkedKey> parkedKeys(int limit) {
    return reads.select(
        SELECT_KEYS,
        statement -> statement.setInt(1, limit),
        row ->
            new ParkedKey(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getInt(4),
                row.getString(5),
                Instant.ofEpochMilli(row.getLong(6))));
  }

  private List<Label> labels(String where, String... parameters) {
    return reads.select(
        SELECT_LABELS + where + ORDER,
        statement -> {
          for (int i = 0; i < parameters.length; i++) {
            statement.setString(i + 1, parameters[i]);
          }
        },
        StoredDeadLetters::label);
  }

  private static Label label(ResultSet row) throws SQLException {
    String key = row.getString(4);
    long position = row.getLong(3);
    Reason reason = Reason.FAILED;
    String failure = row.getString(6);
    Instant parkedAt = Instant.ofEpochMilli(row.getLong(7));
    try {
      reason = Reason.valueOf(row.getString(5));
      return new Label(
          row.getString(1),
          row.getString(2),
          key,
          new LogPosition(position),
          reason,
          failure,
          parkedAt);
    } catch (IllegalArgumentException e) {
      LOG.log(
          Level.ERROR,
          () -> "the letter of %s at %d is damaged, and stays parked".formatted(key, position),
          e);
      LogPosition known = position < 0 ? LogPosition.ORIGIN : new LogPosition(position);
      return new Label(row.getString(1), row.getString(2), key, known, reason, failure, parkedAt);
    }
  }

  private static DeadLetter letter(ResultSet row) throws SQLException {
    return new DeadLetter(
        row.getString(1),
        row.getString(2),
        row.getString(4),
        new LogPosition(row.getLong(3)),
        new EncodedEntry(row.getInt(6), row.getBytes(7)),
        Reason.valueOf(row.getString(5)),
        row.getString(8),
        Instant.ofEpochMilli(row.getLong(9)));
  }

  private static RowChange deletion(Label letter) {
    return RowChange.of(DEAD_LETTER, DELETE, (statement, _) -> bindIdentity(statement, letter));
  }

  private static RowChange insertion(DeadLetter letter) {
    return RowChange.of(
        DEAD_LETTER,
        INSERT,
        (statement, _) -> {
          statement.setString(1, letter.log());
          statement.setString(2, letter.consumer());
          statement.setLong(3, letter.position().value());
          statement.setString(4, letter.partitionKey());
          statement.setString(5, letter.reason().name());
          statement.setInt(6, letter.entry().version());
          statement.setBytes(7, letter.entry().bytes());
          String failure = letter.failure();
          statement.setString(8, failure.substring(0, Math.min(LONGEST_FAILURE, failure.length())));
          statement.setLong(9, letter.parkedAt().toEpochMilli());
        });
  }

  private static void bindIdentity(PreparedStatement statement, Label letter) throws SQLException {
    long position = letter.position().value();
    statement.setString(1, letter.log());
    statement.setString(2, letter.consumer());
    statement.setLong(3, position == 0 ? Long.MIN_VALUE : position);
    statement.setLong(4, position);
    statement.setString(5, letter.partitionKey());
  }
}
