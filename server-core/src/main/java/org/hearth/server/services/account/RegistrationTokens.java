package org.hearth.server.services.account;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The table `registration_token`, and which tokens are shown by registrations under way.
///
/// **thread**: any; its own lock is held while something is read, never during a commit of a
/// registration.
final class RegistrationTokens {
  static final Table TABLE =
      new Table(
          "registration_token", "one row a token that the owner has made", "deleted by the owner");
  private static final int GENERATED_LENGTH = 16;
  private static final String SELECT =
      "SELECT token, uses_allowed, uses_completed, expires_millis FROM registration_token";

  private final ReadPool reads;
  private final JournalWriter<AccountOutput> journal;
  private final Secrets secrets;
  private final InstantSource clock;

  /// How many registrations under way hold a use of the token.
  private final Map<String, Integer> pending = new HashMap<>();

  RegistrationTokens(
      ReadPool reads, JournalWriter<AccountOutput> journal, Secrets secrets, InstantSource clock) {
    this.reads = reads;
    this.journal = journal;
    this.secrets = secrets;
    this.clock = clock;
  }

  /// Makes a token.
  ///
  /// @param wanted its text; else one is made
  /// @throws IllegalArgumentException if there is one of that text, or it is not a valid text
  synchronized RegistrationToken create(
      Optional<String> wanted, OptionalInt usesAllowed, Optional<Instant> expires) {
    String text = wanted.orElseGet(() -> secrets.readable(GENERATED_LENGTH));
    RegistrationToken token = new RegistrationToken(text, usesAllowed, 0, expires);
    if (find(text).isPresent()) {
      throw new IllegalArgumentException("there is a registration token " + text + " already");
    }
    journal.commit(List.of(insert(token)), List.of());
    return token;
  }

  /// Makes a token invalid for ever.
  ///
  /// @return whether there was one
  synchronized boolean delete(String token) {
    boolean found = find(token).isPresent();
    if (found) {
      journal.commit(List.of(deletion(token)), List.of());
    }
    return found;
  }

  /// All tokens, by text.
  List<RegistrationToken> all() {
    return reads.select(SELECT + " ORDER BY token", RegistrationTokens::token);
  }

  /// Whether another account could be made with it now.
  synchronized boolean isValid(String token) {
    return find(token).filter(this::isUsable).isPresent();
  }

  /// Takes one use of the token for a registration under way, to be given back by [#giveBack] when
  /// that ends, either way.
  ///
  /// @return whether there was one
  synchronized boolean take(String token) {
    boolean usable = isValid(token);
    if (usable) {
      pending.merge(token, 1, Integer::sum);
    }
    return usable;
  }

  /// The registration is over: its use is counted by [#completed] in its own commit, or was not
  /// needed.
  synchronized void giveBack(String token) {
    pending.computeIfPresent(token, (_, count) -> count == 1 ? null : count - 1);
  }

  /// Whether there is such a token, used up or not.
  boolean exists(String token) {
    return find(token).isPresent();
  }

  /// The change that counts a use. Its unit fails if there is none left.
  static RowChange completed(String token) {
    return RowChange.of(
        TABLE,
        "UPDATE registration_token SET uses_completed = uses_completed + 1 WHERE token = ?",
        (statement, _) -> statement.setString(1, token));
  }

  private boolean isUsable(RegistrationToken token) {
    return token.isUsable(clock.instant(), pending.getOrDefault(token.token(), 0));
  }

  private Optional<RegistrationToken> find(String token) {
    return reads.first(
        SELECT + " WHERE token = ?",
        statement -> statement.setString(1, token),
        RegistrationTokens::token);
  }

  private static RegistrationToken token(ResultSet row) throws SQLException {
    int allowed = row.getInt(2);
    OptionalInt usesAllowed = row.wasNull() ? OptionalInt.empty() : OptionalInt.of(allowed);
    long millis = row.getLong(4);
    Optional<Instant> expires =
        row.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    return new RegistrationToken(row.getString(1), usesAllowed, row.getInt(3), expires);
  }

  private static RowChange insert(RegistrationToken token) {
    return RowChange.of(
        TABLE,
        "INSERT INTO registration_token (token, uses_allowed, uses_completed, expires_millis)"
            + " VALUES (?, ?, 0, ?)",
        (statement, _) -> {
          statement.setString(1, token.token());
          if (token.usesAllowed().isPresent()) {
            statement.setInt(2, token.usesAllowed().getAsInt());
          } else {
            statement.setNull(2, Types.INTEGER);
          }
          if (token.expires().isPresent()) {
            statement.setLong(3, token.expires().get().toEpochMilli());
          } else {
            statement.setNull(3, Types.BIGINT);
          }
        });
  }

  private static RowChange deletion(String token) {
    return RowChange.of(
        TABLE,
        "DELETE FROM registration_token WHERE token = ?",
        (statement, _) -> statement.setString(1, token));
  }
}
