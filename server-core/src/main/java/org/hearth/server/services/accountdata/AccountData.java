package org.hearth.server.services.accountdata;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLongArray;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/// The table `account_data`.
///
/// **thread**: any.
public final class AccountData implements AccountDataQueries, AccountCompanion {
  private static final System.Logger LOG = System.getLogger(AccountData.class.getName());

  static final Table TABLE =
      new Table(
          "account_data",
          "20,000 rows and 5 MiB a user",
          "a change beyond the bound is refused; deleted with the account");
  private static final String GLOBAL = "";
  private static final String SELECT_USERS = "SELECT user_id, content FROM account_data ";
  private static final String SELECT =
      "SELECT room_id, data_type, content, log_position FROM account_data ";

  private static final String GLOBAL_OF_MANY =
      SELECT_USERS
          + "WHERE room_id = '' AND data_type = ? AND user_id IN (?"
          + ", ?".repeat(MOST_USERS - 1)
          + ")";

  /// Users are told apart by stripes: who shares one is looked up once more than necessary.
  private static final int STRIPES = 1024;

  /// Whose damage was logged of late: it is met at each request.
  private static final int MOST_COMPLAINTS = 100;

  private final ReadPool reads;
  private final Cache<UserId, Boolean> complaints =
      Caffeine.newBuilder()
          .maximumSize(MOST_COMPLAINTS)
          .expireAfterWrite(Duration.ofMinutes(10))
          .build();
  private final AtomicLongArray ruleChanges = new AtomicLongArray(STRIPES);

  /// Reads from that database.
  public AccountData(ReadPool reads) {
    this.reads = reads;
  }

  private static AccountDataItem item(ResultSet row) throws SQLException {
    String room = row.getString(1);
    return new AccountDataItem(
        room.isEmpty() ? null : new RoomId(room),
        row.getString(2),
        MatrixJson.restoreObject(row.getBytes(3)),
        new LogPosition(row.getLong(4)));
  }

  @Override
  public List<AccountDataItem> all(UserId user, LogPosition upTo) {
    return changed(user, LogPosition.ORIGIN, upTo);
  }

  @Override
  public List<AccountDataItem> changed(UserId user, LogPosition after, LogPosition upTo) {
    return reads.select(
        SELECT
            + "WHERE user_id = ? AND log_position > ? AND log_position <= ? ORDER BY log_position",
        statement -> {
          statement.setString(1, user.value());
          statement.setLong(2, after.value());
          statement.setLong(3, upTo.value());
        },
        AccountData::item);
  }

  @Override
  public List<AccountDataItem> ofRoom(UserId user, RoomId room, LogPosition upTo) {
    return reads.select(
        SELECT + "WHERE user_id = ? AND room_id = ? AND log_position <= ? ORDER BY log_position",
        statement -> {
          statement.setString(1, user.value());
          statement.setString(2, room.value());
          statement.setLong(3, upTo.value());
        },
        AccountData::item);
  }

  @Override
  public Optional<ObjectNode> global(UserId user, String type) {
    return one(user, GLOBAL, type);
  }

  @Override
  public Optional<ObjectNode> ignoredUsers(UserId user) {
    try {
      return global(user, IGNORED_USERS);
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      reads.unreadable();
      if (complaints.asMap().putIfAbsent(user, true) == null) {
        LOG.log(Level.ERROR, "the ignored users of %s cannot be read".formatted(user), e);
      }
      return Optional.empty();
    }
  }

  @Override
  public Map<UserId, ObjectNode> global(List<UserId> users, String type) {
    if (users.size() > MOST_USERS) {
      throw new IllegalArgumentException(users.size() + " users at once");
    }
    Map<UserId, ObjectNode> found = new HashMap<>();
    if (!users.isEmpty()) {
      reads
          .select(
              GLOBAL_OF_MANY,
              statement -> {
                statement.setString(1, type);
                for (int i = 0; i < MOST_USERS; i++) {
                  statement.setString(2 + i, users.get(Math.min(i, users.size() - 1)).value());
                }
              },
              row ->
                  Map.entry(
                      UserId.parse(row.getString(1)), MatrixJson.restoreObject(row.getBytes(2))))
          .forEach(each -> found.put(each.getKey(), each.getValue()));
    }
    return found;
  }

  @Override
  public long ruleChanges(UserId user) {
    return ruleChanges.get(stripe(user));
  }

  /// Notes that what [#ruleChanges] is about may have changed: after the commit, before it is
  /// acknowledged.
  public void noteRuleChange(UserId user) {
    ruleChanges.incrementAndGet(stripe(user));
  }

  @Override
  public void changed(UserId user) {
    noteRuleChange(user);
  }

  private static int stripe(UserId user) {
    int hash = user.hashCode();
    return (hash ^ (hash >>> 16)) & (STRIPES - 1);
  }

  @Override
  public Optional<ObjectNode> ofRoom(UserId user, RoomId room, String type) {
    return one(user, room.value(), type);
  }

  private Optional<ObjectNode> one(UserId user, String room, String type) {
    return reads
        .first(
            SELECT + "WHERE user_id = ? AND room_id = ? AND data_type = ?",
            statement -> {
              statement.setString(1, user.value());
              statement.setString(2, room);
              statement.setString(3, type);
            },
            AccountData::item)
        .map(AccountDataItem::content);
  }

  /// What a user keeps.
  ///
  /// @param bytes of all contents together
  record Kept(long items, long bytes) {}

  /// What the user keeps, without one item that is about to be replaced. The index
  /// `account_data_by_user` answers it; no content is read.
  Kept keptWithout(UserId user, @Nullable RoomId room, String type) {
    return reads.read(connection -> {
      try (PreparedStatement statement =
          connection.prepareStatement(
              "SELECT COUNT(*), SUM(CAST(content_bytes AS BIGINT)) FROM account_data"
                  + " WHERE user_id = ?")) {
        statement.setString(1, user.value());
        try (ResultSet row = statement.executeQuery()) {
          row.next();
          OptionalInt replaced = bytes(connection, user, room, type);
          return new Kept(
              row.getLong(1) - (replaced.isPresent() ? 1 : 0), row.getLong(2) - replaced.orElse(0));
        }
      }
    });
  }

  private static OptionalInt bytes(
      Connection connection, UserId user, @Nullable RoomId room, String type) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT content_bytes FROM account_data"
                + " WHERE user_id = ? AND room_id = ? AND data_type = ?")) {
      statement.setString(1, user.value());
      statement.setString(2, key(room));
      statement.setString(3, type);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? OptionalInt.of(row.getInt(1)) : OptionalInt.empty();
      }
    }
  }

  /// The changes that set an item; its position is that of the unit's first announcement.
  public static List<RowChange> set(
      UserId user, @Nullable RoomId room, String type, byte[] content) {
    String roomKey = key(room);
    return List.of(
        RowChange.of(
            TABLE,
            "DELETE FROM account_data WHERE user_id = ? AND room_id = ? AND data_type = ?",
            (statement, _) -> {
              statement.setString(1, user.value());
              statement.setString(2, roomKey);
              statement.setString(3, type);
            }),
        RowChange.of(
            TABLE,
            "INSERT INTO account_data"
                + " (user_id, room_id, data_type, content, log_position, content_bytes)"
                + " VALUES (?, ?, ?, ?, ?, ?)",
            (statement, first) -> {
              statement.setString(1, user.value());
              statement.setString(2, roomKey);
              statement.setString(3, type);
              statement.setBytes(4, content);
              statement.setLong(5, first.value());
              statement.setInt(6, content.length);
            }));
  }

  private static String key(@Nullable RoomId room) {
    return room == null ? GLOBAL : room.value();
  }

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return List.of(
        RowChange.of(
            TABLE,
            "DELETE FROM account_data WHERE user_id = ?",
            (statement, _) -> statement.setString(1, user.value())));
  }
}
