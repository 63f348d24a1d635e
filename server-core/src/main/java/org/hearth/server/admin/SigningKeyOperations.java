package org.hearth.server.admin;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.services.serverkeys.KeyRotation;
import org.hearth.server.services.serverkeys.KeyRotation.Rotated;
import org.hearth.server.store.StorageException;

/// The operations on the keys that this server signs with.
///
/// **thread**: any. **errors**: [AdminException] with a sentence for what was refused.
public final class SigningKeyOperations {
  private final KeyRotation keys;
  private final Happenings happenings;

  /// @param happenings where a rotation is told
  public SigningKeyOperations(KeyRotation keys, Happenings happenings) {
    this.keys = keys;
    this.happenings = happenings;
  }

  /// The key that signs, and then those that have signed before, the last one first.
  public List<SigningKeySummary> list() {
    OwnKeys now = keys.get();
    List<SigningKeySummary> all = new ArrayList<>();
    now.old()
        .forEach((id, key) ->
            all.add(
                new SigningKeySummary(
                    id.value(),
                    key.key().base64(),
                    Optional.of(Instant.ofEpochMilli(key.expiredTs())))));
    all.sort(Comparator.comparing(each -> each.expired().orElseThrow(), Comparator.reverseOrder()));
    all.addFirst(
        new SigningKeySummary(
            now.current().id().value(), now.current().publicKeyBase64(), Optional.empty()));
    return List.copyOf(all);
  }

  /// Makes a new key, which signs from now on. What was signed before stays valid.
  ///
  /// @return the new key
  public SigningKeySummary rotate() {
    Rotated rotated;
    try {
      rotated = keys.rotate();
    } catch (IOException | StorageException e) {
      throw new AdminException(
          "The key was not rotated: a new one cannot be kept (%s).".formatted(e.getMessage()), e);
    } catch (IllegalStateException e) {
      throw new AdminException("The key was not rotated: " + e.getMessage(), e);
    }
    happenings.note(new Happening(Kind.KEY_ROTATED, rotated.key().value(), Happening.OWNER));
    if (!rotated.settled()) {
      throw new AdminException(
          "The key is rotated: %s signs now. But not all of it could be written to the disk; the next start does the rest. See that the disk has room and may be written."
              .formatted(rotated.key()));
    }
    return list().getFirst();
  }
}
