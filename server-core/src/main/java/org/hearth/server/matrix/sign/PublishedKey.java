package org.hearth.server.matrix.sign;

import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// A key of a server as it was published, and for events of which time it counts.
///
/// **units**: times are milliseconds since 1970.
///
/// **source**: [Publishing Keys][keys], "Signing key validity period" of room versions [5][v5] and
/// later.
///
/// [keys]: https://spec.matrix.org/v1.19/server-server-api/#publishing-keys
/// [v5]: https://spec.matrix.org/v1.19/rooms/v5/#signing-key-validity-period
public sealed interface PublishedKey {
  /// "Servers MUST use the lesser of `valid_until_ts` and 7 days into the future when determining
  /// if a key is valid."
  long MOST_VALIDITY_MILLIS = 7L * 24 * 60 * 60 * 1000;

  /// The key itself.
  VerifyKey key();

  /// Whether a signature by it counts for an event of that time in a room of that version.
  boolean counts(long originServerTs, RoomVersion version);

  /// Whether a signature by it counts for a request that comes now. Keys of `old_verify_keys` "are
  /// only valid for signing events".
  boolean countsForRequest(long nowTs);

  /// A key of `verify_keys`.
  ///
  /// @param key the key
  /// @param validUntilTs until when it is valid, the limit of 7 days applied; see [#obtained]
  record Current(VerifyKey key, long validUntilTs) implements PublishedKey {
    /// A key as it came from its server.
    ///
    /// @param validUntilTs what the server says
    /// @param obtainedAtTs when the server said it
    public static Current obtained(VerifyKey key, long validUntilTs, long obtainedAtTs) {
      return new Current(key, Math.min(validUntilTs, obtainedAtTs + MOST_VALIDITY_MILLIS));
    }

    @Override
    public boolean counts(long originServerTs, RoomVersion version) {
      // v5-v12: "When validating event signatures, servers MUST enforce the valid_until_ts property
      // from a key request is at least as large as the origin_server_ts for the event being
      // validated."
      // v1-v4: valid_until_ts "MUST be ignored in room versions 1, 2, 3, and 4."
      return !version.has(RoomRule.KEY_VALIDITY_ENFORCED) || validUntilTs >= originServerTs;
    }

    @Override
    public boolean countsForRequest(long nowTs) {
      return validUntilTs >= nowTs;
    }
  }

  /// A key of `old_verify_keys`.
  ///
  /// @param key the key
  /// @param expiredTs when the server stopped using it
  record Old(VerifyKey key, long expiredTs) implements PublishedKey {
    @Override
    public boolean counts(long originServerTs, RoomVersion version) {
      // v1-v12: "any keys that are known to have expired prior to the event's origin_server_ts are
      // ignored."
      return expiredTs >= originServerTs;
    }

    @Override
    public boolean countsForRequest(long nowTs) {
      return false;
    }
  }
}
