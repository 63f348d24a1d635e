package org.hearth.server.services.account;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// The tables `access_token` and `refresh_token`.
///
/// A **generation** is a refresh token with the access token that came with it. The next generation
/// names the one it was given for as its previous one, until it is used; then the previous one
/// goes.
///
/// **thread**: any.
final class TokenTables {
  static final Table ACCESS =
      new Table(
          "access_token",
          "one row a device, two while a refresh is under way",
          "deleted at the refresh and with the device");
  static final Table REFRESH =
      new Table(
          "refresh_token",
          "one row a device, two while a refresh is under way",
          "deleted when its successor is used and with the device");

  private final ReadPool reads;

  TokenTables(ReadPool reads) {
    this.reads = reads;
  }

  /// One generation, by its refresh token.
  record Generation(
      long id, UserId user, DeviceId device, @Nullable Long previousId, List<Long> nextIds) {}

  Optional<Session> session(TokenHash hash) {
    return reads.first(
        "SELECT t.token_id, t.user_id, t.device_id, t.expires_millis, t.refresh_id, r.previous_id"
            + " FROM access_token t LEFT JOIN refresh_token r ON r.refresh_id = t.refresh_id"
            + " WHERE t.token_hash = ?",
        statement -> statement.setBytes(1, hash.bytes()),
        row -> {
          Long expires = optionalLong(row, 4);
          return new Session(
              row.getLong(1),
              new UserId(row.getString(2)),
              new DeviceId(row.getString(3)),
              expires == null ? null : Instant.ofEpochMilli(expires),
              optionalLong(row, 5),
              optionalLong(row, 6));
        });
  }

  Optional<Generation> generation(TokenHash refreshHash) {
    return reads.read(connection -> {
      try (PreparedStatement statement =
          connection.prepareStatement(
              "SELECT refresh_id, user_id, device_id, previous_id FROM refresh_token"
                  + " WHERE token_hash = ?")) {
        statement.setBytes(1, refreshHash.bytes());
        try (ResultSet rows = statement.executeQuery()) {
          if (!rows.next()) {
            return Optional.empty();
          }
          long id = rows.getLong(1);
          UserId user = new UserId(rows.getString(2));
          DeviceId device = new DeviceId(rows.getString(3));
          Long previous = optionalLong(rows, 4);
          List<Long> next = new ArrayList<>();
          try (PreparedStatement later =
              connection.prepareStatement(
                  "SELECT refresh_id FROM refresh_token WHERE user_id = ? AND device_id = ?"
                      + " AND previous_id = ?")) {
            later.setString(1, user.value());
            later.setString(2, device.value());
            later.setLong(3, id);
            try (ResultSet ids = later.executeQuery()) {
              while (ids.next()) {
                next.add(ids.getLong(1));
              }
            }
          }
          return Optional.of(new Generation(id, user, device, previous, List.copyOf(next)));
        }
      }
    });
  }

  /// The hashes of access tokens, whosever they are.
  ///
  /// @param limit at most so many
  List<TokenHash> accessTokens(int limit) {
    return reads.select(
        "SELECT token_hash FROM access_token FETCH FIRST ? ROWS ONLY",
        statement -> statement.setInt(1, limit),
        TokenTables::hash);
  }

  /// The hashes of the device's access tokens; of all the user's devices when there is no device.
  List<TokenHash> accessTokens(UserId user, @Nullable DeviceId device) {
    return reads.select(
        "SELECT token_hash FROM access_token WHERE user_id = ?"
            + (device == null ? "" : " AND device_id = ?"),
        statement -> {
          statement.setString(1, user.value());
          if (device != null) {
            statement.setString(2, device.value());
          }
        },
        TokenTables::hash);
  }

  /// The devices that have access tokens.
  List<DeviceId> devices(UserId user) {
    return reads.selectReadable(
        "SELECT DISTINCT device_id FROM access_token WHERE user_id = ?",
        statement -> statement.setString(1, user.value()),
        row -> new DeviceId(row.getString(1)));
  }

  private static TokenHash hash(ResultSet row) throws SQLException {
    return TokenHash.fromBytes(row.getBytes(1));
  }

  private static @Nullable Long optionalLong(ResultSet rows, int column) throws SQLException {
    long value = rows.getLong(column);
    return rows.wasNull() ? null : Long.valueOf(value);
  }

  // --- changes

  static RowChange insertAccess(Session session, TokenHash hash) {
    return RowChange.of(
        ACCESS,
        "INSERT INTO access_token (token_id, token_hash, user_id, device_id, expires_millis, refresh_id)"
            + " VALUES (?, ?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setLong(1, session.id());
          statement.setBytes(2, hash.bytes());
          statement.setString(3, session.user().value());
          statement.setString(4, session.device().value());
          Instant expires = session.expires();
          setLong(statement, 5, expires == null ? null : Long.valueOf(expires.toEpochMilli()));
          setLong(statement, 6, session.refreshId());
        });
  }

  static RowChange insertRefresh(
      long id, TokenHash hash, UserId user, DeviceId device, @Nullable Long previous) {
    return RowChange.of(
        REFRESH,
        "INSERT INTO refresh_token (refresh_id, token_hash, user_id, device_id, previous_id)"
            + " VALUES (?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setLong(1, id);
          statement.setBytes(2, hash.bytes());
          statement.setString(3, user.value());
          statement.setString(4, device.value());
          setLong(statement, 5, previous);
        });
  }

  /// Lets a generation go: both its tokens.
  static List<RowChange> retire(long generation) {
    return List.of(
        byId(ACCESS, "DELETE FROM access_token WHERE refresh_id = ?", generation),
        byId(REFRESH, "DELETE FROM refresh_token WHERE refresh_id = ?", generation));
  }

  /// The generation has been used: it has no previous one any more.
  static RowChange used(long generation) {
    return byId(
        REFRESH, "UPDATE refresh_token SET previous_id = NULL WHERE refresh_id = ?", generation);
  }

  static List<RowChange> deleteAll(UserId user, DeviceId device) {
    return List.of(
        ofDevice(
            ACCESS, "DELETE FROM access_token WHERE user_id = ? AND device_id = ?", user, device),
        ofDevice(
            REFRESH,
            "DELETE FROM refresh_token WHERE user_id = ? AND device_id = ?",
            user,
            device));
  }

  /// Also devices and tokens whose rows cannot be read.
  ///
  /// @param kept the device that stays; null for none
  static List<RowChange> deleteAllBut(UserId user, @Nullable DeviceId kept) {
    return Stream.of(ACCESS, REFRESH, Accounts.DEVICE)
        .map(table -> {
          String all = "DELETE FROM " + table.name() + " WHERE user_id = ?";
          return kept == null
              ? RowChange.of(table, all, (statement, _) -> statement.setString(1, user.value()))
              : ofDevice(table, all + " AND device_id <> ?", user, kept);
        })
        .toList();
  }

  private static RowChange byId(Table table, String sql, long id) {
    return RowChange.of(table, sql, (statement, _) -> statement.setLong(1, id));
  }

  private static RowChange ofDevice(Table table, String sql, UserId user, DeviceId device) {
    return RowChange.of(
        table,
        sql,
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, device.value());
        });
  }

  private static void setLong(PreparedStatement statement, int index, @Nullable Long value)
      throws SQLException {
    if (value == null) {
      statement.setNull(index, Types.BIGINT);
    } else {
      statement.setLong(index, value);
    }
  }
}
