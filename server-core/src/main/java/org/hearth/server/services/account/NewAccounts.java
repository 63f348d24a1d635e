package org.hearth.server.services.account;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.RowChange;

/// Makes accounts, whoever asks: a client that registers, the shared-secret endpoint, the panel,
/// the command line.
///
/// **thread**: any.
final class NewAccounts {
  private static final int LONGEST_PASSWORD_BYTES = 512;
  private static final int GENERATED_LENGTH = 10;

  private final Accounts accounts;
  private final Passwords passwords;
  private final int shortestPassword;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns;
  private final List<AccountCompanion> companions;
  private final Surroundings surroundings;

  /// What comes from outside of the program.
  record Surroundings(InstantSource clock, Secrets secrets) {}

  /// @param turns by user
  NewAccounts(
      Accounts accounts,
      Passwords passwords,
      int shortestPassword,
      JournalWriter<AccountOutput> journal,
      TurnPerKey turns,
      List<AccountCompanion> companions,
      Surroundings surroundings) {
    this.accounts = accounts;
    this.passwords = passwords;
    this.shortestPassword = shortestPassword;
    this.journal = journal;
    this.turns = turns;
    this.companions = companions;
    this.surroundings = surroundings;
  }

  /// The id that an account of that name would have: "requiring homeservers to downcase usernames
  /// when creating user IDs for new users".
  ///
  /// @throws MatrixException `M_INVALID_USERNAME` if there can be no such id, `M_USER_IN_USE` if it
  ///   is taken
  UserId available(String username) {
    UserId user;
    try {
      user = UserId.create(username.toLowerCase(Locale.ROOT), accounts.server());
    } catch (InvalidIdentifierException _) {
      throw new MatrixException(
          Errcode.INVALID_USERNAME,
          "A user name consists of a-z, 0-9 and . _ = - / + and is not too long");
    }
    if (isTaken(user)) {
      throw inUse();
    }
    return user;
  }

  private boolean isTaken(UserId user) {
    return NoticesUser.is(user) || accounts.exists(user);
  }

  /// An id that nobody has.
  UserId generated() {
    UserId user =
        UserId.create(surroundings.secrets().readable(GENERATED_LENGTH), accounts.server());
    return accounts.exists(user) ? generated() : user;
  }

  /// Checks a password that is to be set.
  ///
  /// @throws MatrixException `M_WEAK_PASSWORD` if it is too short, or the user's own name;
  ///   `M_INVALID_PARAM` if it is too long
  void checkPassword(UserId user, String password) {
    if (password.getBytes(StandardCharsets.UTF_8).length > LONGEST_PASSWORD_BYTES) {
      throw MatrixException.invalidParam(
          "A password has at most " + LONGEST_PASSWORD_BYTES + " bytes");
    }
    if (password.codePointCount(0, password.length()) < shortestPassword) {
      throw new MatrixException(
          Errcode.WEAK_PASSWORD, "A password has at least " + shortestPassword + " characters");
    }
    if (password.equalsIgnoreCase(user.localpart()) || password.equalsIgnoreCase(user.value())) {
      throw new MatrixException(
          Errcode.WEAK_PASSWORD, "A password must not be the name of its user");
    }
  }

  /// An account with a password.
  ///
  /// @param displayName how the user is to be called; without one by the name in the id, which
  ///   reads better in every client than the whole id
  /// @param more changes that belong to the same commit
  /// @throws MatrixException as of [#available] and [#checkPassword]
  UserId create(
      UserId user,
      String password,
      boolean admin,
      Optional<String> displayName,
      List<RowChange> more) {
    checkPassword(user, password);
    if (isTaken(user)) {
      throw inUse();
    }
    String hash = passwords.hash(password);
    Account account =
        new Account(user, admin, false, false, false, false, surroundings.clock().instant());
    List<RowChange> changes = new ArrayList<>(more);
    changes.add(Accounts.insert(account, hash));
    return open(account, displayName.or(() -> Optional.of(user.localpart())), changes);
  }

  /// A guest's account.
  UserId createGuest() {
    Account account =
        new Account(generated(), false, true, false, false, false, surroundings.clock().instant());
    return open(
        account, Optional.empty(), new ArrayList<>(List.of(Accounts.insert(account, null))));
  }

  /// Makes a guest's account one like any other.
  ///
  /// @param more changes that belong to the same commit
  UserId upgrade(UserId guest, String password, List<RowChange> more) {
    checkPassword(guest, password);
    String hash = passwords.hash(password);
    return turns.take(
        guest,
        () -> {
          if (accounts.account(guest).filter(Account::guest).isEmpty()) {
            throw MatrixException.forbidden("Only a guest's account can be upgraded");
          }
          List<RowChange> changes = new ArrayList<>(more);
          changes.add(Accounts.upgrade(guest, hash));
          journal.commit(changes, List.of(), () -> accounts.forget(guest));
          return guest;
        });
  }

  private UserId open(Account account, Optional<String> displayName, List<RowChange> changes) {
    UserId user = account.user();
    companions.forEach(each -> changes.addAll(each.opening(user, displayName)));
    return turns.take(
        user,
        () -> {
          // Looked at again: two may have asked for the same name, and the first has it now.
          if (accounts.exists(user)) {
            throw inUse();
          }
          journal.commit(
              changes,
              List.of(new AccountOutput.AccountCreated(user, account.guest())),
              () -> {
                accounts.forget(user);
                companions.forEach(each -> each.changed(user));
              });
          return user;
        });
  }

  private static MatrixException inUse() {
    return new MatrixException(Errcode.USER_IN_USE, "There is, or was, an account of this name.");
  }
}
