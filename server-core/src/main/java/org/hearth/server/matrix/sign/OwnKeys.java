package org.hearth.server.matrix.sign;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.hearth.server.matrix.id.KeyId;

/// The keys of this server: the one that it signs with, and those that it has signed with before,
/// of which only the public halves are left.
///
/// @param current signs
/// @param old name → key and when it was signed with last; in the order of the names
public record OwnKeys(SigningKey current, Map<KeyId, PublishedKey.Old> old) {
  public OwnKeys {
    old = Collections.unmodifiableMap(new TreeMap<>(old));
    if (old.containsKey(current.id())) {
      throw new IllegalArgumentException(current.id() + " was used up before");
    }
  }

  /// A server that has had one key only.
  public static OwnKeys of(SigningKey key) {
    return new OwnKeys(key, Map.of());
  }

  /// The keys after a rotation.
  ///
  /// @param next signs from now on
  /// @param expiredTs of the key that signed until now
  /// @throws IllegalArgumentException if there is or was a key of that name
  public OwnKeys rotatedTo(SigningKey next, long expiredTs) {
    if (next.id().equals(current.id())) {
      throw new IllegalArgumentException(next.id() + " signs already");
    }
    Map<KeyId, PublishedKey.Old> all = new TreeMap<>(old);
    all.put(current.id(), new PublishedKey.Old(current.verifyKey(), expiredTs));
    return new OwnKeys(next, all);
  }

  /// The key of that name, as others know it.
  public Optional<PublishedKey> find(KeyId key) {
    return key.equals(current.id())
        ? Optional.of(new PublishedKey.Current(current.verifyKey(), Long.MAX_VALUE))
        : Optional.ofNullable(old.get(key));
  }
}
