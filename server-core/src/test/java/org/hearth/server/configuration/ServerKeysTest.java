package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.hearth.server.matrix.sign.SigningKey;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerKeysTest {
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
    SigningKey key = ServerKeys.open(folder, random);
    Files.createDirectories(root.resolve("database/derby"));
    ServerKeys.keep(folder);
    return key;
  }

  @Test
  void keyIsTheServersForGoodWhenThereIsADatabase() throws IOException {
    SigningKey given = ServerKeys.open(folder, random);
    assertThat(file).doesNotExist();
    SigningKey instead = ServerKeys.open(folder, random);
    assertThat(instead.id()).isNotEqualTo(given.id());

    Files.createDirectories(root.resolve("database/derby"));
    assertThat(ServerKeys.open(folder, random).publicKeyBase64())
        .isEqualTo(instead.publicKeyBase64());
    ServerKeys.keep(folder);

    assertThat(file).exists();
    assertThat(ServerKeys.open(folder, random).publicKeyBase64())
        .isEqualTo(instead.publicKeyBase64());
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
        SigningKey read = ServerKeys.open(folder, random);
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

    assertThat(ServerKeys.open(folder, random).id().value()).isEqualTo("ed25519:auto");
  }

  @Test
  void databaseThatIsGoneIsNotMadeAnew() throws IOException {
    keyOfAServer();
    Files.delete(root.resolve("database/derby"));

    assertThatThrownBy(() -> ServerKeys.open(folder, random))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("The database is missing")
        .hasMessageContaining("hearth restore");
  }
}
