package org.hearth.server.services.serverkeys;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.sign.VerifyKey;
import org.hearth.server.store.SigningKeys;
import org.hearth.server.store.SigningKeys.Used;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;

/* The steps of a rotation, and what a crash between them leaves
 *
 * | step | on the disk | at the next start |
 * |---|---|---|
 * | 1: the next key is added to the file | file: A, next B; database: A | B signs; A has signed until that start |
 * | 2: B signs, here; then the clock is asked until when A has | the same | the same |
 * | 3: B is the file's key, A an old one | file: B, old A; database: A | the file says that B came after A, and the database follows |
 * | 4: the database has B, and A as an old one | file: B, old A; database: B, old A | nothing is left to do |
 *
 * What is signed with B is signed after step 1, so B is never lost. What is signed with A got its time before step 2 ended, so A's
 * expiry is never before it. A backup copies the database first and the file then, so it holds one of these states, too.
 */

/// The keys that this server signs with, as of now, and their rotation.
///
/// **thread**: any.
public final class KeyRotation implements Supplier<OwnKeys> {
  private static final System.Logger LOG = System.getLogger(KeyRotation.class.getName());

  /// The file of the keys.
  public interface KeyFile {
    /// Makes the next key and keeps it beside the present one.
    ///
    /// @throws IOException if it cannot be kept
    SigningKey prepare() throws IOException;

    /// Makes the next key the key, and the present one an old one.
    ///
    /// @param expiredTs until when that has signed
    /// @throws IOException if it cannot be written
    void complete(long expiredTs) throws IOException;
  }

  /// What became of a rotation.
  ///
  /// @param key signs from now on
  /// @param settled whether all of it is on the disk; if not, the next start does the rest
  public record Rotated(KeyId key, boolean settled) {}

  private final KeyFile file;
  private final Store store;
  private final InstantSource clock;
  private final ReentrantLock rotating = new ReentrantLock();
  private volatile OwnKeys keys;

  /// Whether file or database are behind, and until when the last key has signed; only with the
  /// lock.
  private boolean behind;

  private long lastExpiredTs;

  private KeyRotation(OwnKeys keys, KeyFile file, Store store, InstantSource clock) {
    this.keys = keys;
    this.file = file;
    this.store = store;
    this.clock = clock;
  }

  /// Compares the keys of the file with those that the database knows.
  ///
  /// @param opened the file's
  /// @throws org.hearth.server.store.StoreRefusedException if the server has signed with another
  ///   key
  public static KeyRotation open(OwnKeys opened, KeyFile file, Store store, InstantSource clock) {
    return new KeyRotation(agreed(opened, store, clock), file, store, clock);
  }

  /// The keys as of now.
  @Override
  public OwnKeys get() {
    return keys;
  }

  /// The key that signs now.
  public SigningKey current() {
    return keys.current();
  }

  /// Makes a new key and signs with it from now on. What was signed before stays verifiable: the
  /// key of before is published as an old one.
  ///
  /// @throws IOException if the new key cannot be kept; nothing has changed
  /// @throws IllegalStateException if the server has had too many keys
  public Rotated rotate() throws IOException {
    rotating.lock();
    try {
      if (behind) {
        settle();
      }
      OwnKeys before = keys;
      if (before.old().size() + 2 > SigningKeys.MOST) {
        throw new IllegalStateException("This server has had %d keys.".formatted(SigningKeys.MOST));
      }
      SigningKey next = file.prepare();
      keys = before.rotatedTo(next, clock.millis());
      behind = true;
      // Who still got the key of before has chosen the time of an event before it asked for the
      // key: this moment is after all such times.
      lastExpiredTs = clock.millis();
      keys = before.rotatedTo(next, lastExpiredTs);
      boolean settled = true;
      try {
        settle();
      } catch (IOException | StorageException e) {
        LOG.log(
            Level.WARNING, "The rotation to " + next.id() + " is finished at the next start", e);
        settled = false;
      }
      return new Rotated(next.id(), settled);
    } finally {
      rotating.unlock();
    }
  }

  /// Brings file and database up to date.
  private void settle() throws IOException {
    file.complete(lastExpiredTs);
    keys = agreed(keys, store, clock);
    behind = false;
  }

  private static OwnKeys agreed(OwnKeys keys, Store store, InstantSource clock) {
    SigningKey current = keys.current();
    Used inUse = new Used(current.id().value(), current.publicKeyBase64(), OptionalLong.empty());
    List<Used> old =
        keys.old().entrySet().stream()
            .map(each ->
                new Used(
                    each.getKey().value(),
                    each.getValue().key().base64(),
                    OptionalLong.of(each.getValue().expiredTs())))
            .toList();
    Map<KeyId, PublishedKey.Old> all = new TreeMap<>(keys.old());
    for (Used each : SigningKeys.use(store, inUse, old, clock.instant())) {
      VerifyKey key =
          VerifyKey.parse(each.publicKey())
              .orElseThrow(
                  () -> new IllegalStateException("the old " + each.keyId() + " is damaged"));
      all.putIfAbsent(
          KeyId.parse(each.keyId()), new PublishedKey.Old(key, each.expiredMillis().orElseThrow()));
    }
    return new OwnKeys(current, all);
  }
}
