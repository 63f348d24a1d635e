package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerKeysTest {
  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_000_000L);
  private final SecureRandom random = new SecureRandom();
  @TempDir private Path root;
  private DataFolder folder;
  private Path file;

  @BeforeEach
  void choose() {
    folder = new DataFolder(root);
    file = root.resolve("keys/signing.key");
  }

  private SigningKey keyOfAServer() throws IOException {
    OwnKeys keys = open();
    makeDatabase();
    ServerKeys.keep(folder, keys);
    return keys.current();
  }

  private void makeDatabase() throws IOException {
    Files.createDirectories(root.resolve("database/derby"));
    Files.createFile(root.resolve("database/derby/service.properties"));
  }

  private OwnKeys open() throws IOException {
    return ServerKeys.open(folder, random, () -> NOW);
  }

  private OwnKeys start() throws IOException {
    OwnKeys keys = open();
    ServerKeys.keep(folder, keys);
    return keys;
  }

  private static PublishedKey.Old old(SigningKey key, long expiredTs) {
    return new PublishedKey.Old(key.verifyKey(), expiredTs);
  }

  @Test
  void keyIsTheServersForGoodWhenThereIsADatabase() throws IOException {
    SigningKey given = open().current();
    assertThat(file).doesNotExist();
    SigningKey instead = open().current();
    assertThat(instead.id()).isNotEqualTo(given.id());

    makeDatabase();
    OwnKeys again = open();
    assertThat(again.current().publicKeyBase64()).isEqualTo(instead.publicKeyBase64());
    ServerKeys.keep(folder, again);

    assertThat(file).exists();
    assertThat(open().current().publicKeyBase64()).isEqualTo(instead.publicKeyBase64());
  }

  @Test
  void anotherKeyThanTheOneThatWasOpenedIsNotKept() throws IOException {
    OwnKeys keys = open();
    open();
    makeDatabase();

    assertThatThrownBy(() -> ServerKeys.keep(folder, keys))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("signing.key was replaced while the server started");
  }

  @Test
  void flippedBitNeverGivesAnotherKey() throws IOException {
    SigningKey key = keyOfAServer();
    byte[] whole = Files.readAllBytes(file);

    for (int bit = 0; bit < whole.length * Byte.SIZE; bit++) {
      byte[] damaged = whole.clone();
      damaged[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
      Files.write(file, damaged);
      try {
        SigningKey read = open().current();
        assertThat(read.id()).as("bit %d", bit).isEqualTo(key.id());
        assertThat(read.publicKeyBase64()).as("bit %d", bit).isEqualTo(key.publicKeyBase64());
      } catch (ConfigurationException refused) {
        assertThat(refused).as("bit %d", bit).hasMessageContaining("signing.key is damaged");
      }
    }
  }

  @Test
  void keyWithoutACheckValueIsRead() throws IOException {
    keyOfAServer();
    Files.writeString(file, "ed25519 auto " + "A".repeat(42) + "E\n");

    assertThat(open().current().id().value()).isEqualTo("ed25519:auto");
  }

  @Test
  void databaseThatIsGoneIsNotMadeAnew() throws IOException {
    keyOfAServer();
    Files.delete(root.resolve("database/derby/service.properties"));

    assertThatThrownBy(this::open)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("The database is missing")
        .hasMessageContaining("hearth restore");
  }

  @Test
  void rotatedKeysStayWithTheirTimes() throws IOException {
    SigningKey first = keyOfAServer();

    SigningKey second = ServerKeys.prepare(folder, random);
    ServerKeys.complete(folder, 1_000);
    SigningKey third = ServerKeys.prepare(folder, random);
    ServerKeys.complete(folder, 2_000);

    OwnKeys read = start();
    assertThat(read.current().id()).isEqualTo(third.id());
    assertThat(read.current().publicKeyBase64()).isEqualTo(third.publicKeyBase64());
    assertThat(read.old())
        .isEqualTo(Map.of(first.id(), old(first, 1_000), second.id(), old(second, 2_000)));
    assertThat(Files.readString(file)).doesNotContain("next");
  }

  /// Only the public half is left of a key that was rotated out.
  @Test
  void theSeedOfAnOldKeyIsGone() throws IOException {
    keyOfAServer();
    String seed = Files.readString(file).split(" ", -1)[2];

    ServerKeys.prepare(folder, random);
    assertThat(Files.readString(file)).contains(seed);
    ServerKeys.complete(folder, 1_000);

    assertThat(Files.readString(file)).doesNotContain(seed);
  }

  /// It may have signed already.
  @Test
  void nextKeyIsTheKeyAfterACrash() throws IOException {
    SigningKey first = keyOfAServer();
    SigningKey second = ServerKeys.prepare(folder, random);
    String prepared = Files.readString(file);

    OwnKeys read = open();
    assertThat(read.current().publicKeyBase64()).isEqualTo(second.publicKeyBase64());
    assertThat(read.old()).isEqualTo(Map.of(first.id(), old(first, NOW.toEpochMilli())));
    assertThat(Files.readString(file)).as("the database is not open yet").isEqualTo(prepared);

    ServerKeys.keep(folder, read);
    OwnKeys later = ServerKeys.open(folder, random, () -> NOW.plusSeconds(60));
    assertThat(later.old()).isEqualTo(Map.of(first.id(), old(first, NOW.toEpochMilli())));
  }

  @Test
  void halfWrittenFileIsForgotten() throws IOException {
    SigningKey first = keyOfAServer();
    Files.writeString(root.resolve("keys/signing.key.partial"), "ed25519 a_12");

    assertThat(start().current().publicKeyBase64()).isEqualTo(first.publicKeyBase64());
    try (Stream<Path> left = Files.list(root.resolve("keys"))) {
      assertThat(left.map(each -> Objects.requireNonNull(each.getFileName()).toString()))
          .containsExactly("signing.key");
    }
  }

  @Test
  void flippedBitNeverGivesOtherKeysAfterARotation() throws IOException {
    keyOfAServer();
    ServerKeys.prepare(folder, random);
    ServerKeys.complete(folder, 1_000);
    ServerKeys.prepare(folder, random);
    OwnKeys keys = open();
    byte[] whole = Files.readAllBytes(file);

    for (int bit = 0; bit < whole.length * Byte.SIZE; bit++) {
      byte[] damaged = whole.clone();
      damaged[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
      Files.write(file, damaged);
      try {
        OwnKeys read = open();
        assertThat(read.current().publicKeyBase64())
            .as("bit %d", bit)
            .isEqualTo(keys.current().publicKeyBase64());
        assertThat(read.old()).as("bit %d", bit).isEqualTo(keys.old());
      } catch (ConfigurationException refused) {
        assertThat(refused).as("bit %d", bit).hasMessageContaining("signing.key is damaged");
      }
    }
  }

  @Test
  void rotatedFileIsItsUsersOnly() throws IOException {
    keyOfAServer();
    ServerKeys.prepare(folder, random);
    ServerKeys.complete(folder, 1_000);

    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }
}
