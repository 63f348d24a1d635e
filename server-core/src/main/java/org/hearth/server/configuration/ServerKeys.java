package org.hearth.server.configuration;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Base64;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.sign.SigningKey;

/// The server's signing key on disk: `keys/signing.key`, one line `ed25519 VERSION SEED` with the
/// seed of 32 bytes in unpadded base64, as other homeservers keep it.
///
/// A key that is lost cannot be made again: the server could not rejoin its rooms. So a new one is
/// made only where there is no database yet.
public final class ServerKeys {
  private static final int SEED_BYTES = 32;

  private ServerKeys() {}

  /// Reads the key, or makes it for a new server.
  ///
  /// @param folder the data folder
  /// @param random makes the seed of a new key
  /// @return the key
  /// @throws ConfigurationException if the key is missing beside an existing database, or damaged
  /// @throws IOException if the file cannot be read or written
  public static SigningKey open(DataFolder folder, SecureRandom random) throws IOException {
    Path file = folder.keys().resolve("signing.key");
    if (Files.exists(file)) {
      return read(file);
    }
    if (Files.isDirectory(folder.database())) {
      throw new ConfigurationException(
          "The signing key %s is missing, but the data folder has a database. Put the key back from a backup: with another key this server could not take part in its rooms any more."
              .formatted(file));
    }
    return make(file, random);
  }

  private static SigningKey read(Path file) throws IOException {
    String[] words = text(file).strip().split("\\s+", -1);
    if (words.length != 3 || !words[0].equals("ed25519")) {
      throw damaged(file, "expected one line \"ed25519 VERSION SEED\"", null);
    }
    try {
      byte[] seed = Base64.getDecoder().decode(words[2]);
      if (seed.length != SEED_BYTES) {
        throw damaged(file, "the seed has " + seed.length + " bytes, not " + SEED_BYTES, null);
      }
      return new SigningKey(KeyId.parse(words[0] + ":" + words[1]), seed);
    } catch (IllegalArgumentException | InvalidIdentifierException e) {
      throw damaged(file, String.valueOf(e.getMessage()), e);
    }
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw damaged(file, "it is no text", e);
    }
  }

  private static ConfigurationException damaged(
      Path file, String what, @org.jspecify.annotations.Nullable Throwable cause) {
    String message =
        "The signing key %s is damaged: %s. Put it back from a backup.".formatted(file, what);
    return cause == null
        ? new ConfigurationException(message)
        : new ConfigurationException(message, cause);
  }

  private static SigningKey make(Path file, SecureRandom random) throws IOException {
    byte[] seed = new byte[SEED_BYTES];
    random.nextBytes(seed);
    byte[] version = new byte[4];
    random.nextBytes(version);
    String name = "a_" + java.util.HexFormat.of().formatHex(version);
    String line =
        "ed25519 " + name + " " + Base64.getEncoder().withoutPadding().encodeToString(seed) + "\n";
    Path fresh = file.resolveSibling("signing.key.new");
    DataFolder.makePrivateFile(fresh);
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
      channel.force(true);
    }
    try {
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException _) {
      Files.move(fresh, file);
    }
    return new SigningKey(KeyId.parse("ed25519:" + name), seed);
  }
}
