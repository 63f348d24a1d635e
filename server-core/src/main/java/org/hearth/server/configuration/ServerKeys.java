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
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.sign.VerifyKey;

/// The server's signing keys on disk: `keys/signing.key`.
///
/// | line | words | |
/// |---|---|---|
/// | first | `ed25519 VERSION SEED CHECK` | the key that signs |
/// | maybe | `next ed25519 VERSION SEED CHECK` | the key that is about to, or signs already: see below |
/// | any | `old ed25519 VERSION KEY EXPIRED CHECK` | the public half of a key that has signed until EXPIRED, in milliseconds since 1970 |
///
/// A seed of 32 bytes and a public key are in unpadded base64; the version follows from the public
/// key; the check is the first four bytes of the SHA-256 of the words of its line before it,
/// without `next`, in hexadecimal. A first line without a check, as other homeservers and earlier
/// releases have it, is read too.
///
/// A key that is lost cannot be made again: the server could not rejoin its rooms. So a new one is
/// made only where there is no database yet, and is `signing.key.new` until there is one: a
/// `signing.key` without a database means that the database is gone.
///
/// **Rotation**: the next key is added to the file before anything is signed with it ([#prepare]),
/// and becomes the first line when it signs ([#complete]). Each step replaces the file as a whole.
/// A crash between them leaves a `next` that has perhaps signed already, so it is the key from then
/// on ([#open]).
public final class ServerKeys {
  private static final int SEED_BYTES = SigningKey.SEED_BYTES;
  private static final int CHECK_BYTES = 4;
  private static final String ALGORITHM = "ed25519";
  private static final String NEXT = "next";
  private static final String OLD = "old";
  private static final String FILE = "signing.key";
  private static final String FRESH = "signing.key.new";

  /// The file while it is written. Nobody reads it.
  private static final String PARTIAL = "signing.key.partial";

  private static final boolean WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("win");

  private ServerKeys() {}

  /// What is in a file.
  ///
  /// @param first the first line without its end
  /// @param next its line, if there is one
  /// @param old the lines of old keys
  private record Contents(
      SigningKey current,
      Optional<SigningKey> next,
      Map<KeyId, PublishedKey.Old> old,
      String first,
      Optional<String> nextLine,
      List<String> oldLines) {}

  /// Reads the keys, or makes one for a new server. A rotation that was interrupted is finished as
  /// of now, on the disk by [#keep].
  ///
  /// @param folder the data folder, which is this process's own: of two that make a key, one would
  ///   sign with a key that is not kept
  /// @param random makes the seed of a new key
  /// @return the keys
  /// @throws ConfigurationException if the key is missing beside an existing database or damaged,
  ///   or the database is missing beside the data of a server
  /// @throws IOException if the file cannot be read or written
  public static OwnKeys open(DataFolder folder, SecureRandom random, InstantSource clock)
      throws IOException {
    Path file = folder.keys().resolve(FILE);
    Path fresh = folder.keys().resolve(FRESH);
    if (!folder.hasDatabase()) {
      Optional<String> left = folder.remains();
      if (left.isPresent()) {
        throw new ConfigurationException(
            "The database is missing: %s has the %s of a server that was served from there, but nothing in %s. Put that folder back, or restore the newest backup into an empty data folder (hearth restore). To begin anew with what is there, use hearth accept-loss"
                .formatted(folder.root(), left.get(), folder.database()));
      }
      return OwnKeys.of(make(fresh, random));
    }
    if (Files.exists(file)) {
      return keys(read(file), clock);
    }
    if (Files.exists(fresh)) {
      return keys(read(fresh), clock);
    }
    throw new ConfigurationException(
        "The signing key %s is missing, but the data folder has a database. Put the key back from a backup: with another key this server could not take part in its rooms any more."
            .formatted(file));
  }

  private static OwnKeys keys(Contents contents, InstantSource clock) {
    OwnKeys keys = new OwnKeys(contents.current, contents.old);
    return contents.next.map(next -> keys.rotatedTo(next, clock.millis())).orElse(keys);
  }

  /// Keeps a new key for good, since the database of its server has been made, and finishes a
  /// rotation that was interrupted. The data folder is this process's own.
  ///
  /// @param folder the data folder
  /// @param keys as they were opened
  /// @throws ConfigurationException if what is kept is another key
  /// @throws IOException if the file cannot be written
  public static void keep(DataFolder folder, OwnKeys keys) throws IOException {
    Path file = folder.keys().resolve(FILE);
    Path fresh = folder.keys().resolve(FRESH);
    if (Files.exists(fresh) && Files.notExists(file)) {
      move(fresh, file);
    }
    Files.deleteIfExists(folder.keys().resolve(PARTIAL));
    Contents contents = read(file);
    SigningKey kept = contents.next.orElse(contents.current);
    if (!kept.publicKeyBase64().equals(keys.current().publicKeyBase64())) {
      throw new ConfigurationException(
          "The signing key %s was replaced while the server started".formatted(file));
    }
    Optional<PublishedKey.Old> before = Optional.ofNullable(keys.old().get(contents.current.id()));
    if (contents.next.isPresent() && before.isPresent()) {
      complete(folder, before.get().expiredTs());
    }
  }

  /// Makes the key that is to sign next, and adds it to the file. It may sign as soon as this
  /// returns. A next key that is there already has not signed and is forgotten.
  ///
  /// @param folder the data folder
  /// @param random makes the seed
  /// @return the new key
  /// @throws IOException if the file cannot be written; the server goes on with the key it has
  public static SigningKey prepare(DataFolder folder, SecureRandom random) throws IOException {
    Contents contents = read(folder.keys().resolve(FILE));
    Made made = make(random);
    while (made.key.id().equals(contents.current.id()) || contents.old.containsKey(made.key.id())) {
      made = make(random); // Its version is of 32 bits only.
    }
    List<String> lines = new ArrayList<>(List.of(contents.first, NEXT + " " + made.line));
    lines.addAll(contents.oldLines);
    replace(folder, lines);
    return made.key;
  }

  /// Makes the next key the one that signs, and the one before an old one. Where there is no next
  /// key, this has happened.
  ///
  /// @param folder the data folder
  /// @param expiredTs until when the one before has signed
  /// @throws IOException if the file cannot be written; the next start does it
  public static void complete(DataFolder folder, long expiredTs) throws IOException {
    Contents contents = read(folder.keys().resolve(FILE));
    if (contents.nextLine.isEmpty()) {
      return;
    }
    SigningKey before = contents.current;
    String old =
        String.join(
            " ", ALGORITHM, before.id().identifier(), before.publicKeyBase64(), "" + expiredTs);
    List<String> lines =
        new ArrayList<>(List.of(contents.nextLine.get(), String.join(" ", OLD, old, digest(old))));
    lines.addAll(contents.oldLines);
    replace(folder, lines);
  }

  /// All of the file or nothing.
  private static void replace(DataFolder folder, List<String> lines) throws IOException {
    Path partial = folder.keys().resolve(PARTIAL);
    write(partial, String.join("\n", lines) + "\n");
    move(partial, folder.keys().resolve(FILE));
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException _) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
    Path folder = to.getParent();
    if (folder != null && !WINDOWS) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static Contents read(Path file) throws IOException {
    List<String> lines = text(file).strip().lines().toList();
    String first = lines.isEmpty() ? "" : lines.getFirst();
    List<String> words = words(first);
    SigningKey current = signing(file, words, words.size() == 3);
    Optional<String> nextLine = Optional.empty();
    Map<KeyId, PublishedKey.Old> old = new HashMap<>();
    List<String> oldLines = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> more = words(line);
      if (more.getFirst().equals(NEXT) && nextLine.isEmpty()) {
        nextLine = Optional.of(String.join(" ", more.subList(1, more.size())));
      } else if (more.getFirst().equals(OLD)) {
        old(file, more, old);
        oldLines.add(line);
      } else {
        throw damaged(file, "expected a line that begins with \"old\"", null);
      }
    }
    Optional<SigningKey> next = Optional.empty();
    if (nextLine.isPresent()) {
      next = Optional.of(signing(file, words(nextLine.get()), false));
    }
    return new Contents(current, next, old, first, nextLine, oldLines);
  }

  private static List<String> words(String line) {
    return List.of(line.strip().split("\\s+", -1));
  }

  /// @param unchecked whether there may be no check value
  private static SigningKey signing(Path file, List<String> words, boolean unchecked)
      throws IOException {
    if (words.size() != (unchecked ? 3 : 4) || !words.getFirst().equals(ALGORITHM)) {
      throw damaged(file, "expected \"ed25519 VERSION SEED CHECK\"", null);
    }
    if (!unchecked && !words.get(3).equals(digest(String.join(" ", words.subList(0, 3))))) {
      throw damaged(file, "its check value does not fit it", null);
    }
    try {
      byte[] seed = Base64.getDecoder().decode(words.get(2));
      if (seed.length != SEED_BYTES) {
        throw damaged(file, "the seed has " + seed.length + " bytes, not " + SEED_BYTES, null);
      }
      return new SigningKey(KeyId.ed25519(words.get(1)), seed);
    } catch (IllegalArgumentException | InvalidIdentifierException e) {
      throw damaged(file, String.valueOf(e.getMessage()), e);
    }
  }

  /// Adds the key of such a line to those before.
  private static void old(Path file, List<String> words, Map<KeyId, PublishedKey.Old> before)
      throws IOException {
    if (words.size() != 6 || !words.get(1).equals(ALGORITHM)) {
      throw damaged(file, "expected \"old ed25519 VERSION KEY EXPIRED CHECK\"", null);
    }
    if (!words.get(5).equals(digest(String.join(" ", words.subList(1, 5))))) {
      throw damaged(file, "the check value of an old key does not fit it", null);
    }
    try {
      VerifyKey key = VerifyKey.parse(words.get(3)).orElseThrow(IllegalArgumentException::new);
      PublishedKey.Old old = new PublishedKey.Old(key, Long.parseLong(words.get(4)));
      if (before.put(KeyId.ed25519(words.get(2)), old) != null) {
        throw damaged(file, "an old key is there twice", null);
      }
    } catch (IllegalArgumentException | InvalidIdentifierException e) {
      throw damaged(file, "an old key is none", e);
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

  /// A new key with its line.
  private record Made(SigningKey key, String line) {}

  private static Made make(SecureRandom random) {
    byte[] seed = new byte[SEED_BYTES];
    random.nextBytes(seed);
    String publicKey = new SigningKey(KeyId.ed25519("new"), seed).publicKeyBase64();
    String version = "a_" + digest(publicKey);
    String words =
        String.join(
            " ", ALGORITHM, version, Base64.getEncoder().withoutPadding().encodeToString(seed));
    return new Made(new SigningKey(KeyId.ed25519(version), seed), words + " " + digest(words));
  }

  private static SigningKey make(Path file, SecureRandom random) throws IOException {
    Made made = make(random);
    write(file, made.line + "\n");
    return made.key;
  }

  private static void write(Path file, String text) throws IOException {
    DataFolder.makePrivateFile(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
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
