package org.hearth.server.matrix.sign;

import java.util.Set;
import org.hearth.server.matrix.id.KeyId;

/// Whether an entity has signed something.
public sealed interface SignatureVerdict {
  /// Every signature of the entity whose key is known is right, and there is at least one.
  ///
  /// @param keys that signed
  record Valid(Set<KeyId> keys) implements SignatureVerdict {
    public Valid {
      keys = Set.copyOf(keys);
    }
  }

  /// "Checks if the `signatures` member of the object contains an entry with the name of the
  /// entity. If the entry is missing then the check fails." Or no entry is of an algorithm that we
  /// understand.
  record Unsigned() implements SignatureVerdict {}

  /// "If it cannot find a *verification key* then the check fails."
  ///
  /// @param keys that signed, none of which is known; to be asked for
  record KeysUnknown(Set<KeyId> keys) implements SignatureVerdict {
    public KeysUnknown {
      keys = Set.copyOf(keys);
    }
  }

  /// A signature is not base64, is of the wrong length, or is wrong.
  ///
  /// @param key whose signature it should have been
  record Invalid(KeyId key) implements SignatureVerdict {}

  /// True if the entity has signed.
  default boolean isValid() {
    return this instanceof Valid;
  }
}
