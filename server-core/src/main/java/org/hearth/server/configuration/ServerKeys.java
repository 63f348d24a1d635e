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
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.sign.SigningKey;

/// The server's signing key on disk: `keys/signing.key`, one line `ed25519 VERSION SEED CHECK`. The
/// seed of 32 bytes is in unpadded base64; the version follows from the public key; the check is
/// the first four bytes of the SHA-256 of the three words before it, in hexadecimal. A line without
/// a check, as other homeservers and earlier releases have it, is read too.
///
/// A key that is lost cannot be made again: the server could not rejoin its rooms. So a new one is
/// made only where there is no database yet, and is `signing.key.new` until there is one: a
/// `signing.key` without a database means that the database is gone.
public final class ServerKeys {
  private static final int SEED_BYTES = SigningKey.SEED_BYTES;
  private static final int CHECK_BYTES = 4;
  private static final String ALGORITHM = "ed25519";
  private static final String FILE = "signing.key";
  private static final String FRESH = "signing.key.new";

  private ServerKeys() {}

  /// Reads the key, or makes it for a new server.
  ///
  /// @param folder the data folder
  /// @param random makes the seed of a new key
  /// @return the key
  /// @throws ConfigurationException if the key is missing beside an existing database or damaged,
  ///   or the database is missing beside the data of a server
  /// @throws IOException if the file cannot be read or written
  public static SigningKey open(DataFolder folder, SecureRandom random) throws IOException {
    Path file = folder.keys().resolve(FILE);
    Path fresh = folder.keys().resolve(FRESH);
    if (!folder.hasDatabase()) {
      Optional<String> left = folder.remains();
      if (left.isPresent()) {
        throw new ConfigurationException(
            "The database is missing: %s has the %s of a server that was served from there, but nothing in %s. Put that folder back, or restore the newest backup into an empty data folder (hearth restore). To begin anew with what is there, use hearth accept-loss"
                .formatted(folder.root(), left.get(), folder.database()));
      }
      return make(fresh, random);
    }
    if (Files.exists(file)) {
      return read(file);
    }
    if (Files.exists(fresh)) {
      return read(fresh);
    }
    throw new ConfigurationException(
        "The signing key %s is missing, but the data folder has a database. Put the key back from a backup: with another key this server could not take part in its rooms any more."
            .formatted(file));
  }

  /// Keeps a new key for good: the database of its server has been made.
  ///
  /// @param folder the data folder
  /// @throws IOException if the file cannot be renamed
  public static void keep(DataFolder folder) throws IOException {
    Path file = folder.keys().resolve(FILE);
    Path fresh = folder.keys().resolve(FRESH);
    if (Files.exists(fresh) && Files.notExists(file)) {
      try {
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException _) {
        Files.move(fresh, file);
      }
    }
  }

  private static SigningKey read(Path file) throws IOException {
    String[] words = text(file).strip().split("\\s+", -1);
    if (words.length < 3 || words.length > 4 || !words[0].equals(ALGORITHM)) {
      throw damaged(file, "expected one line \"ed25519 VERSION SEED CHECK\"", null);
    }
    if (words.length == 4 && !words[3].equals(check(words[0], words[1], words[2]))) {
      throw damaged(file, "its check value does not fit it", null);
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
    String publicKey = new SigningKey(KeyId.parse(ALGORITHM + ":new"), seed).publicKeyBase64();
    String version = "a_" + digest(publicKey);
    String words = Base64.getEncoder().withoutPadding().encodeToString(seed);
    String line =
        String.join(" ", ALGORITHM, version, words, check(ALGORITHM, version, words)) + "\n";
    DataFolder.makePrivateFile(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
      channel.force(true);
    }
    return new SigningKey(KeyId.parse(ALGORITHM + ":" + version), seed);
  }

  private static String check(String algorithm, String version, String seed) {
    return digest(algorithm + " " + version + " " + seed);
  }

  /// The first bytes of the SHA-256 of a text, in hexadecimal.
  private static String digest(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, CHECK_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
