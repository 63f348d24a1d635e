package org.hearth.server.services.account;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The table `login_token`: tokens by which a user lets another device log in.
///
/// **Bound:** a user has [#MOST_OF_A_USER] at a time.
///
/// **Thread:** any; what is of one user is done in turn.
final class LoginTokens {
  /// How long a token is good: "`120000` (2 minutes) is recommended as a default".
  static final Duration LIFETIME = Duration.ofMinutes(2);

  private static final int MOST_OF_A_USER = 5;
  private static final int LONGEST_TOKEN = 512;

  static final Table TABLE =
      new Table(
          "login_token",
          "%d a user".formatted(MOST_OF_A_USER),
          "deleted when it is used, with the account, the password and a device that is logged out, and by the next one after %d minutes"
              .formatted(LIFETIME.toMinutes()));

  private final ReadPool reads;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns;
  private final Secrets secrets;
  private final InstantSource clock;

  /// A token as it is stored.
  private record Stored(TokenHash hash, UserId user, Instant expires) {}

  LoginTokens(
      ReadPool reads,
      JournalWriter<AccountOutput> journal,
      TurnPerKey turns,
      Secrets secrets,
      InstantSource clock) {
    this.reads = reads;
    this.journal = journal;
    this.turns = turns;
    this.secrets = secrets;
    this.clock = clock;
  }

  /// Makes a token. Whoever has too many loses the oldest.
  ///
  /// @param isLoggedIn fails if the device that asks was logged out meanwhile
  String make(UserId user, Runnable isLoggedIn) {
    String token = secrets.token(Secrets.LOGIN_PREFIX);
    turns.run(
        user,
        () -> {
          isLoggedIn.run();
          Instant now = clock.instant();
          List<RowChange> changes = new ArrayList<>();
          List<Stored> youngestFirst = ofUser(user);
          for (int i = 0; i < youngestFirst.size(); i++) {
            Stored each = youngestFirst.get(i);
            if (i >= MOST_OF_A_USER - 1 || !each.expires().isAfter(now)) {
              changes.add(deletion(each.hash()));
            }
          }
          changes.add(insert(new Stored(TokenHash.of(token), user, now.plus(LIFETIME))));
          journal.commit(changes, List.of());
        });
    return token;
  }

  /// Takes a token: "the generated token MUST only be valid for a single login".
  ///
  /// @return whose it is; empty if there is none, or no more
  Optional<UserId> take(String token) {
    if (token.length() > LONGEST_TOKEN) {
      return Optional.empty();
    }
    TokenHash hash = TokenHash.of(token);
    return find(hash)
        .flatMap(known ->
            turns.take(
                known.user(),
                () -> {
                  // Another one may have taken it meanwhile.
                  Optional<Stored> still = find(hash);
                  if (still.isPresent()) {
                    journal.commit(List.of(deletion(hash)), List.of());
                  }
                  return still
                      .filter(each -> each.expires().isAfter(clock.instant()))
                      .map(Stored::user);
                }));
  }

  /// What takes away all tokens of a user.
  static RowChange clearing(UserId user) {
    return RowChange.of(
        TABLE,
        "DELETE FROM login_token WHERE user_id = ?",
        (statement, _) -> statement.setString(1, user.value()));
  }

  private Optional<Stored> find(TokenHash hash) {
    return reads.first(
        "SELECT user_id, expires_millis FROM login_token WHERE token_hash = ?",
        statement -> statement.setBytes(1, hash.bytes()),
        row ->
            new Stored(hash, new UserId(row.getString(1)), Instant.ofEpochMilli(row.getLong(2))));
  }

  private List<Stored> ofUser(UserId user) {
    return reads.select(
        "SELECT token_hash, expires_millis FROM login_token WHERE user_id = ?"
            + " ORDER BY expires_millis DESC",
        statement -> statement.setString(1, user.value()),
        row ->
            new Stored(
                TokenHash.fromBytes(row.getBytes(1)), user, Instant.ofEpochMilli(row.getLong(2))));
  }

  private static RowChange insert(Stored token) {
    return RowChange.of(
        TABLE,
        "INSERT INTO login_token (token_hash, user_id, expires_millis) VALUES (?, ?, ?)",
        (statement, _) -> {
          statement.setBytes(1, token.hash().bytes());
          statement.setString(2, token.user().value());
          statement.setLong(3, token.expires().toEpochMilli());
        });
  }

  private static RowChange deletion(TokenHash hash) {
    return RowChange.of(
        TABLE,
        "DELETE FROM login_token WHERE token_hash = ?",
        (statement, _) -> statement.setBytes(1, hash.bytes()));
  }
}
