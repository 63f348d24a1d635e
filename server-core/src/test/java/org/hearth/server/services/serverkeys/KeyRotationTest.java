package org.hearth.server.services.serverkeys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ServerKeys;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.StoreRefusedException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Rotations on a real file and a real database, and what is left of one by a process that ends in
/// the middle of it.
class KeyRotationTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.ofEpochMilli(1_700_000_000_000L));
  private final SecureRandom random = new SecureRandom();
  private DataFolder folder;
  private Path file;

  /// Where the process ends.
  enum Step {
    BEFORE_THE_NEXT_KEY_IS_KEPT,
    BEFORE_IT_SIGNS,
    BEFORE_THE_FILE_IS_COMPLETE,
    BEFORE_THE_DATABASE_IS_TOLD
  }

  /// The process ends here.
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  @BeforeEach
  void choose() throws IOException {
    folder = new DataFolder(stores.folder());
    file = stores.folder().resolve("keys/signing.key");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "ed25519 auto " + "A".repeat(42) + "E\n");
  }

  private KeyRotation start() throws IOException {
    return start(
        new KeyRotation.KeyFile() {
          @Override
          public SigningKey prepare() throws IOException {
            return ServerKeys.prepare(folder, random);
          }

          @Override
          public void complete(long expiredTs) throws IOException {
            ServerKeys.complete(folder, expiredTs);
          }
        });
  }

  private KeyRotation start(KeyRotation.KeyFile keyFile) throws IOException {
    OwnKeys opened = ServerKeys.open(folder, random, now::get);
    ServerKeys.keep(folder, opened);
    return KeyRotation.open(opened, keyFile, stores.store(), now::get);
  }

  private KeyRotation restart() throws IOException {
    stores.reopen();
    return start();
  }

  /// A file whose process ends at that step.
  private KeyRotation.KeyFile endingAt(Step step) {
    return new KeyRotation.KeyFile() {
      @Override
      public SigningKey prepare() throws IOException {
        endAt(Step.BEFORE_THE_NEXT_KEY_IS_KEPT);
        SigningKey next = ServerKeys.prepare(folder, random);
        endAt(Step.BEFORE_IT_SIGNS);
        return next;
      }

      @Override
      public void complete(long expiredTs) throws IOException {
        endAt(Step.BEFORE_THE_FILE_IS_COMPLETE);
        ServerKeys.complete(folder, expiredTs);
        endAt(Step.BEFORE_THE_DATABASE_IS_TOLD);
      }

      private void endAt(Step now) {
        if (now == step) {
          throw new Killed();
        }
      }
    };
  }

  private static Map<?, ?> old(SigningKey key, Instant expired) {
    return Map.of(key.id(), new PublishedKey.Old(key.verifyKey(), expired.toEpochMilli()));
  }

  @Test
  void theNewKeySignsAtOnceAndAfterARestart() throws IOException {
    KeyRotation keys = start();
    SigningKey first = keys.current();
    now.updateAndGet(each -> each.plusSeconds(60));
    Instant rotated = now.get();

    KeyRotation.Rotated done = keys.rotate();

    assertThat(done).isEqualTo(new KeyRotation.Rotated(keys.current().id(), true));
    assertThat(done.key()).isNotEqualTo(first.id());
    assertThat(keys.get().old()).isEqualTo(old(first, rotated));
    now.updateAndGet(each -> each.plusSeconds(60));
    KeyRotation later = restart();
    assertThat(later.current().publicKeyBase64()).isEqualTo(keys.current().publicKeyBase64());
    assertThat(later.get().old()).isEqualTo(old(first, rotated));
  }

  @ParameterizedTest
  @EnumSource(Step.class)
  void aRotationThatWasInterruptedIsDoneOrNotBegun(Step step) throws IOException {
    SigningKey first = start().current();
    KeyRotation interrupted = start(endingAt(step));
    now.updateAndGet(each -> each.plusSeconds(60));

    assertThatThrownBy(interrupted::rotate).isInstanceOf(Killed.class);
    SigningKey signedLast = interrupted.current();
    now.updateAndGet(each -> each.plusSeconds(60));
    KeyRotation after = restart();

    if (step == Step.BEFORE_THE_NEXT_KEY_IS_KEPT) {
      assertThat(after.current().publicKeyBase64()).isEqualTo(first.publicKeyBase64());
      assertThat(after.get().old()).isEmpty();
    } else {
      assertThat(after.current().id()).isNotEqualTo(first.id());
      assertThat(after.get().old()).containsOnlyKeys(first.id());
      // What was signed with either key is verifiable, whatever has signed last.
      assertThat(after.get().find(signedLast.id())).isPresent();
      assertThat(after.get().old().values().iterator().next().expiredTs())
          .isGreaterThanOrEqualTo(
              interrupted.get().old().values().stream()
                  .mapToLong(PublishedKey.Old::expiredTs)
                  .max()
                  .orElse(0));
    }
    KeyRotation again = restart();
    assertThat(again.current().publicKeyBase64()).isEqualTo(after.current().publicKeyBase64());
    assertThat(again.get().old()).isEqualTo(after.get().old());
    assertThat(again.rotate().settled()).isTrue();
  }

  /// What is signed while a rotation goes on has a time until which its key is good.
  @Test
  void theKeyOfBeforeIsGoodUntilTheNextOneSigns() throws IOException {
    KeyRotation.KeyFile slow =
        new KeyRotation.KeyFile() {
          @Override
          public SigningKey prepare() throws IOException {
            SigningKey next = ServerKeys.prepare(folder, random);
            now.updateAndGet(each -> each.plusSeconds(90));
            return next;
          }

          @Override
          public void complete(long expiredTs) throws IOException {
            ServerKeys.complete(folder, expiredTs);
          }
        };
    KeyRotation keys = start(slow);
    SigningKey first = keys.current();

    keys.rotate();

    assertThat(keys.get().old()).isEqualTo(old(first, now.get()));
  }

  @Test
  void whatCouldNotBeWrittenIsWrittenLater() throws IOException {
    SigningKey first = start().current();
    KeyRotation keys =
        start(
            new KeyRotation.KeyFile() {
              private boolean full = true;

              @Override
              public SigningKey prepare() throws IOException {
                return ServerKeys.prepare(folder, random);
              }

              @Override
              public void complete(long expiredTs) throws IOException {
                if (full) {
                  full = false;
                  throw new IOException("the disk is full");
                }
                ServerKeys.complete(folder, expiredTs);
              }
            });

    KeyRotation.Rotated second = keys.rotate();
    assertThat(second.settled()).isFalse();
    assertThat(keys.current().id()).isEqualTo(second.key());
    KeyRotation.Rotated third = keys.rotate();

    assertThat(third.settled()).isTrue();
    KeyRotation after = restart();
    assertThat(after.current().id()).isEqualTo(third.key());
    assertThat(after.get().old()).containsOnlyKeys(first.id(), second.key());
  }

  /// As a backup holds it that was made while the key was rotated: the database first.
  @Test
  void aFileThatIsAheadOfTheDatabaseIsFollowed() throws IOException {
    SigningKey first = start().current();
    ServerKeys.prepare(folder, random);
    ServerKeys.complete(folder, 5);
    SigningKey third = ServerKeys.prepare(folder, random);
    ServerKeys.complete(folder, 6);

    KeyRotation after = restart();

    assertThat(after.current().id()).isEqualTo(third.id());
    assertThat(after.get().old()).hasSize(2).containsKey(first.id());
  }

  @Test
  void theKeyOfBeforeIsRefusedWhenItIsPutBack() throws IOException {
    String before = Files.readString(file);
    start().rotate();
    String after = Files.readString(file);

    Files.writeString(file, before);
    assertThatThrownBy(this::restart)
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining("its file was damaged or replaced");

    Files.writeString(file, after);
    assertThat(restart().get().old()).hasSize(1);
  }

  @Test
  void anothersKeyIsRefusedAlsoIfItWasRotated() throws IOException {
    start();
    Files.writeString(file, "ed25519 auto " + "B".repeat(42) + "E\n");
    ServerKeys.prepare(folder, random);
    ServerKeys.complete(folder, 5);

    assertThatThrownBy(this::restart).isInstanceOf(StoreRefusedException.class);
  }

  /// A loss was accepted, or the file lost its lines: what either knows is published.
  @Test
  void oldKeysAreKnownFromFileAndDatabase() throws IOException {
    SigningKey first = start().current();
    restart().rotate();
    String[] lines = Files.readString(file).split("\n", -1);

    Files.writeString(file, lines[0] + "\n");

    assertThat(restart().get().old()).containsOnlyKeys(first.id());
  }
}
