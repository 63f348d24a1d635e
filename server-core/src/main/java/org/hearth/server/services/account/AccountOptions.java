package org.hearth.server.services.account;

import java.time.Duration;
import java.util.Optional;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;

/// How accounts are given and kept.
///
/// @param registration who may make one
/// @param guests whether guest accounts are given
/// @param sharedSecret what registration at `/_synapse/admin/v1/register` is keyed with; without it
///   there is no such endpoint
/// @param passwordCost what hashing a password costs
/// @param shortestPassword how many characters a new password must have
/// @param accessTokenLifetime how long an access token of a client that can refresh it lives;
///   others live until logout
/// @param defaultRoomVersion the version of new rooms, that capabilities tell
public record AccountOptions(
    RegistrationMode registration,
    boolean guests,
    Optional<String> sharedSecret,
    PasswordCost passwordCost,
    int shortestPassword,
    Duration accessTokenLifetime,
    RoomVersion defaultRoomVersion) {
  private static final int SHORTEST_PASSWORD = 8;
  private static final Duration ACCESS_TOKEN_LIFETIME = Duration.ofHours(1);

  /// Who may make an account.
  public enum RegistrationMode {
    /// Only the owner makes accounts.
    CLOSED,
    /// Whoever has a registration token.
    TOKEN,
    /// Anybody.
    OPEN
  }

  /// The options of a server that is not configured otherwise.
  public static AccountOptions defaults() {
    return new AccountOptions(
        RegistrationMode.CLOSED,
        false,
        Optional.empty(),
        PasswordCost.DEFAULT,
        SHORTEST_PASSWORD,
        ACCESS_TOKEN_LIFETIME,
        RoomVersions.DEFAULT);
  }

  /// The same with another way to register.
  public AccountOptions withRegistration(
      RegistrationMode mode, boolean withGuests, Optional<String> secret) {
    return new AccountOptions(
        mode,
        withGuests,
        secret,
        passwordCost,
        shortestPassword,
        accessTokenLifetime,
        defaultRoomVersion);
  }

  /// The same with another version of new rooms.
  public AccountOptions withDefaultRoomVersion(RoomVersion version) {
    return new AccountOptions(
        registration,
        guests,
        sharedSecret,
        passwordCost,
        shortestPassword,
        accessTokenLifetime,
        version);
  }

  /// The same with passwords that cost next to nothing to hash, for tests.
  public AccountOptions withCheapPasswords() {
    return new AccountOptions(
        registration,
        guests,
        sharedSecret,
        PasswordCost.LOWEST,
        shortestPassword,
        accessTokenLifetime,
        defaultRoomVersion);
  }
}
