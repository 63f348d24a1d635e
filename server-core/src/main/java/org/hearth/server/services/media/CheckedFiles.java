package org.hearth.server.services.media;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/// Which large files were seen to have the bytes that were stored, so that not every download
/// hashes them again: once a day does, and once more whenever somebody has written to the file.
///
/// **bound**: [#MOST] files; of others it is not known. **thread**: any.
final class CheckedFiles {
  /// What is smaller is hashed in less than a millisecond.
  static final int LEAST_BYTES = 1 << 20;

  static final Duration LIFE = Duration.ofDays(1);
  private static final int MOST = 10_000;

  private final InstantSource clock;
  private final Cache<String, Checked> checked =
      Caffeine.newBuilder().maximumSize(MOST).executor(Runnable::run).build();

  private record Checked(Version version, Instant at) {}

  /// Which file it is, and as of when. It is another after each write.
  ///
  /// @param key the system's name of the file; null where there is none
  record Version(@Nullable Object key, FileTime modified, long lengthBytes) {
    static Version of(Path path) throws IOException {
      BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
      return new Version(found.fileKey(), found.lastModifiedTime(), found.size());
    }
  }

  CheckedFiles(InstantSource clock) {
    this.clock = clock;
  }

  /// A digest of the kind by which files are named, that has seen nothing.
  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  /// All of it was hashed, after it had become that version.
  void add(String sha256, Version version) {
    if (version.lengthBytes() >= LEAST_BYTES) {
      checked.put(sha256, new Checked(version, clock.instant()));
    }
  }

  boolean has(String sha256, Version version) {
    Checked known = checked.getIfPresent(sha256);
    return known != null
        && known.version().equals(version)
        && clock.instant().isBefore(known.at().plus(LIFE));
  }

  /// It was found to be damaged.
  void forget(String sha256) {
    checked.invalidate(sha256);
  }
}
