package org.hearth.server.services.account;

import java.lang.ref.SoftReference;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator.BlockPool;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator.FixedBlockPool;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.hearth.server.matrix.error.MatrixException;
import org.jspecify.annotations.Nullable;

/// Hashes and verifies passwords with Argon2id; how much memory and processor all of it may take at
/// once is bounded.
///
/// **thread**: any; a call waits for its turn, and is refused with `M_LIMIT_EXCEEDED` when the turn
/// does not come.
///
/// **source**: [RFC 9106](https://www.rfc-editor.org/rfc/rfc9106).
final class Passwords {
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private final PasswordCost cost;
  private final SecureRandom random;
  private final Semaphore turns;
  private final PasswordHash nobodys;
  private final int mostBlocks;

  /// The memory that hashes fill, one after the other. Garbage of this size would be promoted at
  /// each collection; the heap takes the memory back when it is short of it, and [#rest] when no
  /// one signs in.
  private volatile SoftReference<BlockPool> blocks = new SoftReference<>(null);

  /// Whether a hash has begun since the last [#rest].
  private volatile boolean used;

  /// @param cost what a new hash costs
  /// @param atOnce how many are computed at the same time
  Passwords(PasswordCost cost, int atOnce, SecureRandom random) {
    this.cost = cost;
    this.random = random;
    this.turns = new Semaphore(atOnce, true);
    this.mostBlocks = atOnce * cost.memoryKib(); // A block has 1 KiB.
    this.nobodys = new PasswordHash(cost, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
  }

  /// The hash of a new password, as a text of the shape of [PasswordHash].
  String hash(String password) {
    byte[] salt = randomBytes(SALT_BYTES);
    return new PasswordHash(cost, salt, derive(password, salt, cost, HASH_BYTES)).text();
  }

  /// Whether the password is the one of the hash. Takes as long when there is no hash, so that the
  /// time does not tell whether an account exists.
  ///
  /// @param stored null for an account that is not there or has no password
  boolean verify(String password, @Nullable String stored) {
    PasswordHash known = stored == null ? nobodys : PasswordHash.parse(stored);
    byte[] expected = known.hash();
    byte[] derived = derive(password, known.salt(), known.cost(), expected.length);
    return MessageDigest.isEqual(derived, expected) && stored != null;
  }

  /// Whether a hash was made with another cost than new ones are, and should be made anew when the
  /// password is at hand.
  boolean isOutdated(String stored) {
    return !PasswordHash.parse(stored).cost().equals(cost);
  }

  private byte[] derive(String password, byte[] salt, PasswordCost with, int length) {
    byte[] secret = password.getBytes(StandardCharsets.UTF_8);
    awaitTurn();
    try {
      Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
      argon2.init(
          new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
              .withVersion(Argon2Parameters.ARGON2_VERSION_13)
              .withMemoryAsKB(with.memoryKib())
              .withIterations(with.passes())
              .withParallelism(with.lanes())
              .withSalt(salt)
              .withBlockPool(blocks())
              .build());
      byte[] hash = new byte[length];
      argon2.generateBytes(secret, hash);
      return hash;
    } finally {
      turns.release();
      Arrays.fill(secret, (byte) 0);
    }
  }

  /// Gives the memory back that hashes fill, unless there was a hash since the last call. Called
  /// now and then.
  void rest() {
    if (!used) {
      blocks.clear();
    }
    used = false;
  }

  /// Two hashes that begin at the same time may each make a pool; one of them is kept.
  private BlockPool blocks() {
    used = true;
    BlockPool kept = blocks.get();
    if (kept == null) {
      kept = new FixedBlockPool(mostBlocks);
      blocks = new SoftReference<>(kept);
    }
    return kept;
  }

  private void awaitTurn() {
    try {
      if (!turns.tryAcquire(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw MatrixException.limitExceeded(RETRY_AFTER);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw MatrixException.limitExceeded(RETRY_AFTER);
    }
  }

  private byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
