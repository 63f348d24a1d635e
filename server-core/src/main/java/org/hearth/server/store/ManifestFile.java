package org.hearth.server.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.BackupManifest.BackupFile;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.Durably;

/// The file `manifest.json` of a backup.
final class ManifestFile {
  private static final String NAME = "manifest.json";
  private static final int FORMAT = 1;
  private static final System.Logger LOG = System.getLogger(ManifestFile.class.getName());

  /// Derby has it in every database.
  private static final String PROPERTIES = Backups.DERBY + "/service.properties";

  private static final int BUFFER_BYTES = 64 << 10;
  private static final ObjectMapper JSON = new ObjectMapper();

  private ManifestFile() {} // no instance

  /// The files of a folder, by path, forced to the disk.
  static List<BackupFile> list(Path folder, BackupManifest.Progress progress) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = walk.filter(Files::isRegularFile).sorted().toList();
    }
    List<BackupFile> files = new ArrayList<>();
    long total = Durably.lengthBytes(folder);
    long done = 0;
    for (Path path : paths) {
      progress.at(BackupManifest.Progress.Step.CHECKING, done, total);
      Durably.forceFile(path);
      done += Files.size(path);
      String name = folder.relativize(path).toString().replace('\\', '/');
      files.add(new BackupFile(name, Files.size(path), sha256(path)));
    }
    return files;
  }

  static void write(Path folder, BackupManifest manifest) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("product", Schema.PRODUCT);
    json.put("format", FORMAT);
    json.put("id", manifest.id().toString());
    json.put("epoch", manifest.epoch());
    json.put("schema_version", manifest.schemaVersion());
    json.put("position", manifest.head().value());
    json.put("commits", manifest.commits());
    json.put("taken_at", manifest.takenAt().toString());
    manifest.origin().configuration().ifPresent(file -> json.put("configuration", file));
    ArrayNode elsewhere = json.putArray("elsewhere");
    manifest.origin().elsewhere().forEach(elsewhere::add);
    ArrayNode files = json.putArray("files");
    for (BackupFile each : manifest.files()) {
      files
          .addObject()
          .put("path", each.path())
          .put("length", each.lengthBytes())
          .put("sha256", each.sha256());
    }
    Path file = folder.resolve(NAME);
    Files.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
    Durably.forceFile(file);
    Durably.forceFolder(folder);
  }

  /// Reads the manifest of a backup and compares every file with it.
  ///
  /// @throws StoreRefusedException [Refusal.BadBackup], or [Refusal.ClosedBackup]
  /// @throws StorageException if a file could not be opened for another reason
  static BackupManifest verified(Path backup, BackupManifest.Progress progress) {
    BackupManifest manifest = read(backup);
    try {
      requireAllListed(backup, manifest);
      long done = 0;
      for (BackupFile each : manifest.files()) {
        progress.at(BackupManifest.Progress.Step.CHECKING, done, manifest.lengthBytes());
        done += each.lengthBytes();
        Path file = backup.resolve(each.path()).normalize();
        if (!file.startsWith(backup.normalize())) {
          throw new IOException("the manifest names a file outside: " + each.path());
        }
        if (Files.notExists(file)) {
          throw new IOException(each.path() + " is missing");
        }
        if (!file.toRealPath().equals(backup.toRealPath().resolve(each.path()))) {
          throw new IOException(each.path() + " is a link to another file");
        }
        if (Files.size(file) != each.lengthBytes() || !sha256(file).equals(each.sha256())) {
          throw new IOException(each.path() + " is not as it was written");
        }
      }
      return manifest;
    } catch (IOException | IllegalArgumentException e) {
      throw bad(backup, e);
    }
  }

  /// What could not be opened may be whole.
  private static StorageException bad(Path backup, Exception e) {
    boolean closed = e instanceof AccessDeniedException;
    if (!closed && DerbyFault.unopened(e).isPresent()) {
      return new StorageException(
          StorageException.Reason.FAILED,
          "reading the backup %s: %s".formatted(backup, e.getMessage()),
          e);
    }
    Refusal refusal =
        e instanceof AccessDeniedException denied
            ? new Refusal.ClosedBackup(denied.getFile(), System.getProperty("user.name"))
            : isDataFolder(backup)
                ? new Refusal.NoBackup(backup)
                : new Refusal.BadBackup(backup, String.valueOf(e.getMessage()));
    return new StoreRefusedException(refusal, e);
  }

  private static boolean isDataFolder(Path folder) {
    return Files.notExists(folder.resolve(NAME))
        && Files.isDirectory(StoreOptions.of(folder).derbyFolder());
  }

  /// What is in a backup must be in its manifest, or nothing has compared it.
  private static void requireAllListed(Path backup, BackupManifest manifest) throws IOException {
    Set<String> listed =
        manifest.files().stream().map(BackupFile::path).collect(Collectors.toSet());
    if (!listed.contains(PROPERTIES)) {
      throw new IOException("the manifest lists no database");
    }
    try (Stream<Path> walk = Files.walk(backup)) {
      Optional<String> more =
          walk.filter(each -> !Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS))
              .map(each -> backup.relativize(each).toString().replace('\\', '/'))
              .filter(name -> !name.equals(NAME) && !listed.contains(name))
              .findFirst();
      if (more.isPresent()) {
        throw new IOException("the manifest does not list " + more.get());
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /// Reads the manifest of a backup.
  ///
  /// @throws StoreRefusedException [Refusal.BadBackup], or [Refusal.ClosedBackup]
  static BackupManifest read(Path backup) {
    try {
      return parsed(backup);
    } catch (IOException | DateTimeException | IllegalArgumentException e) {
      throw bad(backup, e);
    }
  }

  /// Whether a backup is of a database. One that this user may not read, or that is not of this
  /// format, is of another. What does not say whose it is was made here: it is damaged.
  static boolean isOf(Path backup, UUID database) {
    try {
      return parsed(backup).id().equals(database);
    } catch (AccessDeniedException | OtherFormatException e) {
      LOG.log(Level.DEBUG, "whose " + backup + " is cannot be seen", e);
      return false;
    } catch (IOException | DateTimeException | IllegalArgumentException e) {
      LOG.log(Level.DEBUG, backup + " is damaged", e);
      return true;
    }
  }

  /// Somebody else has made it, or another release.
  private static final class OtherFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    OtherFormatException() {
      super(NAME + " is of another product or format");
    }
  }

  private static BackupManifest parsed(Path backup) throws IOException {
    Path file = backup.resolve(NAME);
    if (Files.notExists(file)) {
      throw new IOException(NAME + " is missing");
    }
    JsonNode json;
    try {
      json = JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new IOException(NAME + " is not JSON", e);
    }
    if (!json.path("product").asText().equals(Schema.PRODUCT)
        || json.path("format").asInt() != FORMAT) {
      throw new OtherFormatException();
    }
    List<BackupFile> files = new ArrayList<>();
    for (JsonNode each : json.path("files")) {
      files.add(
          new BackupFile(
              each.path("path").asText(),
              each.path("length").asLong(),
              each.path("sha256").asText()));
    }
    return new BackupManifest(
        UUID.fromString(json.path("id").asText()),
        json.path("epoch").asLong(),
        json.path("schema_version").asInt(),
        new LogPosition(json.path("position").asLong()),
        json.path("commits").asLong(),
        Instant.parse(json.path("taken_at").asText()),
        files,
        origin(json));
  }

  /// Backups of earlier releases say nothing of it.
  private static BackupManifest.Origin origin(JsonNode json) {
    List<String> elsewhere = new ArrayList<>();
    json.path("elsewhere").forEach(each -> elsewhere.add(each.asText()));
    return new BackupManifest.Origin(
        Optional.ofNullable(json.path("configuration").textValue()), elsewhere);
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      while (in.read(buffer) >= 0) {
        // The digest has seen it.
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
