package org.hearth.server.services.account;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.hearth.server.http.Fields;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.http.connection.Connections;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.store.JournalWriter;

/// Finds out whom a client means and whether the password is theirs.
///
/// **thread**: any.
final class PasswordLogin {

  private final Accounts accounts;
  private final Passwords passwords;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns;
  private final Happenings happenings;

  PasswordLogin(
      Accounts accounts,
      Passwords passwords,
      JournalWriter<AccountOutput> journal,
      TurnPerKey turns,
      Happenings happenings) {
    this.accounts = accounts;
    this.passwords = passwords;
    this.journal = journal;
    this.turns = turns;
    this.happenings = happenings;
  }

  /// Whom the identifier of a login or of a stage names; there need not be such an account.
  ///
  /// **source**: [identifier
  /// types](https://spec.matrix.org/v1.19/client-server-api/#identifier-types); the field `user` is
  /// the deprecated way to say the same.
  ///
  /// @throws MatrixException `M_FORBIDDEN` for a user of another server and for third-party
  ///   identifiers, of which this server knows none; `M_UNKNOWN`, 400, for an unknown identifier
  ///   type; `M_MISSING_PARAM` if nobody is named
  UserId identify(Fields request) {
    Optional<Fields> identifier = request.optionalObject("identifier");
    if (identifier.isEmpty()) {
      if (request.has("medium") || request.has("address")) {
        throw wrong();
      }
      Optional<String> old = request.optionalString("user");
      return user(old.orElseThrow(() -> MatrixException.missingParam("identifier")));
    }
    return switch (identifier.get().string("type")) {
      case "m.id.user" -> user(identifier.get().string("user"));
      case "m.id.thirdparty" -> {
        identifier.get().string("medium");
        identifier.get().string("address");
        // "In the case that the homeserver does not know about the supplied 3PID, the homeserver
        // must respond with 403 Forbidden."
        throw wrong();
      }
      case "m.id.phone" -> {
        identifier.get().string("country");
        if (!identifier.get().has("number")) {
          identifier.get().string("phone");
        }
        throw wrong();
      }
      default -> throw new MatrixException(400, Errcode.UNKNOWN, "Unknown identifier type");
    };
  }

  private UserId user(String name) {
    try {
      UserId exact =
          name.startsWith("@")
              ? UserId.parse(name)
              : UserId.parse("@" + name + ":" + accounts.server());
      if (!exact.isOn(accounts.server())) {
        throw wrong();
      }
      if (accounts.exists(exact)) {
        return exact;
      }
      // Names of accounts are lower case, whatever people type.
      return UserId.parse(
          "@" + exact.localpart().toLowerCase(Locale.ROOT) + ":" + accounts.server());
    } catch (InvalidIdentifierException _) {
      throw wrong();
    }
  }

  /// Whether that is the user's password. Takes as long for a user who is not there.
  ///
  /// Wrong ones are counted: for each account and address, and for each account beyond the
  /// addresses at which its owner was seen. So a flood from elsewhere does not lock the owner out.
  /// Each try pays first, so that those at the same time are counted, too; a right one is paid
  /// back.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many passwords were wrong, or are being
  ///   verified
  boolean isRight(Request request, UserId user, String password) {
    String from = user.value() + " " + Connections.key(request.remoteAddress());
    boolean elsewhere = !wasSeenAt(user, request.remoteAddress());
    request.charge(RateClass.LOGIN_FROM_ADDRESS, from);
    boolean counted = false;
    try {
      if (elsewhere) {
        request.charge(RateClass.LOGIN_ACCOUNT, user.value());
      }
      boolean right = isRight(user, password);
      counted = !right;
      if (!right) {
        happenings.note(Happening.from(request.remoteAddress(), Kind.SIGN_IN_FAILED, user));
      }
      if (right && elsewhere) {
        request.refund(RateClass.LOGIN_ACCOUNT, user.value());
      }
      return right;
    } finally {
      if (!counted) {
        request.refund(RateClass.LOGIN_FROM_ADDRESS, from);
      }
    }
  }

  private boolean wasSeenAt(UserId user, InetAddress address) {
    String key = Connections.key(address);
    return accounts.devices(user).stream()
        .flatMap(device -> device.lastSeenAddress().stream())
        .anyMatch(seen -> Connections.key(InetAddress.ofLiteral(seen)).equals(key));
  }

  private boolean isRight(UserId user, String password) {
    String stored = accounts.passwordHash(user);
    boolean right = passwords.verify(password, stored);
    if (right && stored != null && passwords.isOutdated(stored)) {
      renew(user, password, stored);
    }
    return right;
  }

  /// Hashes the password anew at today's cost, unless it has been changed meanwhile.
  private void renew(UserId user, String password, String before) {
    String hash = passwords.hash(password);
    turns.run(
        user,
        () -> {
          if (before.equals(accounts.passwordHash(user))) {
            journal.commit(List.of(Accounts.setPassword(user, hash)), List.of());
          }
        });
  }

  private static MatrixException wrong() {
    return MatrixException.forbidden("Invalid username or password");
  }
}
