package org.hearth.server.services.account;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// The tables `account` and `device`: reads them, remembers accounts, and makes the changes that
/// [AccountService] commits.
///
/// **thread**: any.
public final class Accounts implements AccountQueries {
  static final Table ACCOUNT =
      new Table(
          "account",
          "one row an account that was ever made",
          "nothing: the id of a closed account is never given again");
  static final Table DEVICE =
      new Table("device", "200 rows a user", "a login beyond the bound logs the oldest out");

  private static final int CACHE_BYTES = 2 << 20;
  private static final int ENTRY_BYTES = 400;
  private static final String ACCOUNT_COLUMNS =
      "a.user_id, a.is_admin, a.is_guest, a.is_locked, a.is_deactivated, a.is_erased, a.created_millis";
  private static final String DEVICES =
      "SELECT device_id, display_name, last_seen_millis, last_seen_address, last_seen_user_agent"
          + " FROM device WHERE user_id = ?";

  private final ReadPool reads;
  private final ServerName server;
  private final LastSeen lastSeen = new LastSeen();
  private final Cache<UserId, Optional<Account>> cache =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((UserId user, Optional<Account> _) -> ENTRY_BYTES + 2 * user.value().length())
          .build();

  /// The accounts of that server.
  public Accounts(ReadPool reads, ServerName server) {
    this.reads = reads;
    this.server = server;
  }

  ServerName server() {
    return server;
  }

  LastSeen lastSeen() {
    return lastSeen;
  }

  @Override
  public Optional<Account> account(UserId user) {
    if (!user.isOn(server)) {
      return Optional.empty();
    }
    return Objects.requireNonNull(cache.get(user, this::read));
  }

  /// The server that the stored accounts belong to; empty if there is no account. Under another
  /// name the server would not find them.
  public Optional<ServerName> serverOfAccounts() {
    return users("SELECT user_id FROM account FETCH FIRST ROW ONLY").stream()
        .findFirst()
        .map(UserId::server);
  }

  private Optional<Account> read(UserId user) {
    return reads.first(
        "SELECT " + ACCOUNT_COLUMNS + " FROM account a WHERE a.user_id = ?",
        statement -> statement.setString(1, user.value()),
        Accounts::account);
  }

  /// Drops what is remembered of the user; to be called after each commit that changes the account.
  void forget(UserId user) {
    cache.invalidate(user);
  }

  @Override
  public List<Device> devices(UserId user) {
    return reads.selectReadable(
        DEVICES + " ORDER BY device_id",
        statement -> statement.setString(1, user.value()),
        row -> device(user, row));
  }

  @Override
  public Optional<Device> device(UserId user, DeviceId device) {
    return reads.first(
        DEVICES + " AND device_id = ?",
        statement -> {
          statement.setString(1, user.value());
          statement.setString(2, device.value());
        },
        row -> device(user, row));
  }

  private Device device(UserId user, ResultSet row) throws SQLException {
    return lastSeen.overlay(
        new Device(
            user,
            new DeviceId(row.getString(1)),
            Optional.ofNullable(row.getString(2)),
            optionalInstant(row, 3),
            Optional.ofNullable(row.getString(4)),
            Optional.ofNullable(row.getString(5))));
  }

  @Override
  public long activeCount() {
    return reads
        .select(
            "SELECT COUNT(*) FROM account WHERE NOT is_deactivated AND NOT is_guest",
            row -> row.getLong(1))
        .getFirst();
  }

  /// The only owner, see [Account#owner]; empty when there are more, or none.
  Optional<Account> onlyOwner() {
    List<UserId> first =
        users(
            "SELECT user_id FROM account WHERE is_admin AND NOT is_deactivated AND NOT is_locked"
                + " FETCH FIRST 2 ROWS ONLY");
    return first.size() == 1 ? account(first.getFirst()) : Optional.empty();
  }

  /// Accounts by id whose id contains the text, in any case.
  List<UserSummary> search(String text, @Nullable UserId after, int limit) {
    return reads.select(
        "SELECT "
            + ACCOUNT_COLUMNS
            + ", (SELECT COUNT(*) FROM device d WHERE d.user_id = a.user_id)"
            + ", (SELECT MAX(d.last_seen_millis) FROM device d WHERE d.user_id = a.user_id)"
            + " FROM account a WHERE a.user_id > ? AND a.user_id LIKE ? ESCAPE '!'"
            + " ORDER BY a.user_id FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, after == null ? "" : after.value());
          statement.setString(2, "%" + escaped(text.toLowerCase(Locale.ROOT)) + "%");
          statement.setInt(3, limit);
        },
        row -> {
          Account account = account(row);
          return new UserSummary(
              account, row.getInt(8), lastSeen.later(account.user(), optionalInstant(row, 9)));
        });
  }

  /// The stored hash of the password; null for an account without one, and for none.
  @Nullable String passwordHash(UserId user) {
    return reads
        .first(
            "SELECT password_hash FROM account WHERE user_id = ?",
            statement -> statement.setString(1, user.value()),
            row -> Optional.ofNullable(row.getString(1)))
        .flatMap(hash -> hash)
        .orElse(null);
  }

  /// Closed accounts whose users have yet to leave their rooms.
  List<UserId> leaving() {
    return users("SELECT user_id FROM account WHERE is_leaving");
  }

  @Override
  public List<UserId> seenLast(int limit) {
    return reads.select(
        "SELECT user_id, MAX(last_seen_millis) AS seen FROM device"
            + " WHERE last_seen_millis IS NOT NULL GROUP BY user_id ORDER BY seen DESC"
            + " FETCH FIRST ? ROWS ONLY",
        statement -> statement.setInt(1, limit),
        row -> new UserId(row.getString(1)));
  }

  @Override
  public List<UserId> guests() {
    return users("SELECT user_id FROM account WHERE is_guest AND NOT is_deactivated");
  }

  private List<UserId> users(String sql) {
    return reads.select(sql, row -> new UserId(row.getString(1)));
  }

  private static Account account(ResultSet rows) throws SQLException {
    return new Account(
        new UserId(rows.getString(1)),
        rows.getBoolean(2),
        rows.getBoolean(3),
        rows.getBoolean(4),
        rows.getBoolean(5),
        rows.getBoolean(6),
        Instant.ofEpochMilli(rows.getLong(7)));
  }

  private static Optional<Instant> optionalInstant(ResultSet rows, int column) throws SQLException {
    long millis = rows.getLong(column);
    return rows.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }

  private static String escaped(String text) {
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_");
  }

  // --- changes

  static RowChange insert(Account account, @Nullable String passwordHash) {
    return RowChange.of(
        ACCOUNT,
        "INSERT INTO account (user_id, password_hash, is_admin, is_guest, is_locked, is_deactivated,"
            + " is_erased, is_leaving, created_millis)"
            + " VALUES (?, ?, ?, ?, FALSE, FALSE, FALSE, FALSE, ?)",
        (statement, _) -> {
          statement.setString(1, account.user().value());
          statement.setString(2, passwordHash);
          statement.setBoolean(3, account.admin());
          statement.setBoolean(4, account.guest());
          statement.setLong(5, account.created().toEpochMilli());
        });
  }

  static RowChange setPassword(UserId user, String passwordHash) {
    return RowChange.of(
        ACCOUNT,
        "UPDATE account SET password_hash = ? WHERE user_id = ?",
        (statement, _) -> {
          statement.setString(1, passwordHash);
          statement.setString(2, user.value());
        });
  }

  static RowChange upgrade(UserId guest, String passwordHash) {
    return RowChange.of(
        ACCOUNT,
        "UPDATE account SET password_hash = ?, is_guest = FALSE WHERE user_id = ?",
        (statement, _) -> {
          statement.setString(1, passwordHash);
          statement.setString(2, guest.value());
        });
  }

  static RowChange setAdmin(UserId user, boolean admin) {
    return flag("UPDATE account SET is_admin = ? WHERE user_id = ?", user, admin);
  }

  static RowChange setLocked(UserId user, boolean locked) {
    return flag("UPDATE account SET is_locked = ? WHERE user_id = ?", user, locked);
  }

  static RowChange setLeaving(UserId user, boolean leaving) {
    return flag("UPDATE account SET is_leaving = ? WHERE user_id = ?", user, leaving);
  }

  static RowChange close(UserId user, boolean erase) {
    return flag(
        "UPDATE account SET password_hash = NULL, is_deactivated = TRUE, is_leaving = TRUE,"
            + " is_admin = FALSE, is_erased = ? WHERE user_id = ?",
        user,
        erase);
  }

  private static RowChange flag(String sql, UserId user, boolean value) {
    return RowChange.of(
        ACCOUNT,
        sql,
        (statement, _) -> {
          statement.setBoolean(1, value);
          statement.setString(2, user.value());
        });
  }

  /// @param created when it was logged in, and so was seen
  static RowChange insert(
      UserId user, DeviceId device, Optional<String> displayName, Instant created) {
    return RowChange.of(
        DEVICE,
        "INSERT INTO device (user_id, device_id, display_name, created_millis, last_seen_millis)"
            + " VALUES (?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, device.value());
          statement.setString(3, displayName.orElse(null));
          statement.setLong(4, created.toEpochMilli());
          statement.setLong(5, created.toEpochMilli());
        });
  }

  static RowChange rename(UserId user, DeviceId device, String displayName) {
    return RowChange.of(
        DEVICE,
        "UPDATE device SET display_name = ? WHERE user_id = ? AND device_id = ?",
        (statement, _) -> {
          statement.setString(1, displayName);
          statement.setString(2, user.value());
          statement.setString(3, device.value());
        });
  }

  /// @param userAgent empty if the program does not say what it is
  static RowChange seen(
      UserId user, DeviceId device, Instant when, String address, String userAgent) {
    return RowChange.coalescing(
        DEVICE,
        "UPDATE device SET last_seen_millis = ?, last_seen_address = ?, last_seen_user_agent = ?"
            + " WHERE user_id = ? AND device_id = ?",
        List.of(user, device),
        (statement, _) -> {
          statement.setLong(1, when.toEpochMilli());
          statement.setString(2, address);
          statement.setString(3, userAgent.isEmpty() ? null : userAgent);
          statement.setString(4, user.value());
          statement.setString(5, device.value());
        });
  }

  static RowChange delete(UserId user, DeviceId device) {
    return RowChange.of(
        DEVICE,
        "DELETE FROM device WHERE user_id = ? AND device_id = ?",
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, device.value());
        });
  }
}
