package org.hearth.server.services.media;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;

/// The folder `media/`: each file once, whatever its names, and never changed.
///
///     files/ab/cd/abcd…   a whole file, by the SHA-256 of its bytes in hexadecimal
///     incoming/…          what is being received; removed at the start
///
/// A file is there before the row that names it, and goes after the last of them. One that is
/// *claimed* is not removed: its row is on its way into the database.
///
/// **thread**: any.
final class MediaFolder {
  private static final System.Logger LOG = System.getLogger(MediaFolder.class.getName());
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
  private static final int DIGITS = 2;
  private static final int RANDOM_BYTES = 16;
  private static final int BUFFER_BYTES = 64 << 10;

  private final Path files;
  private final Path incoming;
  private final long keptFreeBytes;
  private final LongSupplier usableBytes;
  private final SecureRandom random = new SecureRandom();
  private final TurnPerKey turns = new TurnPerKey();

  /// How often each hash is claimed; guarded by itself.
  private final Map<String, Integer> claims = new HashMap<>();

  private final AtomicInteger holds = new AtomicInteger();

  /// What those who are received have announced, and is not on the disk yet.
  private final AtomicLong promisedBytes = new AtomicLong();

  /// @param keptFreeBytes on the disk, which nothing that is received takes
  MediaFolder(Path root, long keptFreeBytes) {
    this(root, keptFreeBytes, () -> usableBytes(root));
  }

  /// @param usableBytes how much the disk has for this process
  MediaFolder(Path root, long keptFreeBytes, LongSupplier usableBytes) {
    this.files = root.resolve("files");
    this.incoming = root.resolve("incoming");
    this.keptFreeBytes = keptFreeBytes;
    this.usableBytes = usableBytes;
    try {
      Files.createDirectories(files);
      Files.createDirectories(incoming);
      forceFolder(root);
    } catch (IOException e) {
      throw new UncheckedIOException("the folder " + root + " cannot be made", e);
    }
  }

  private static long usableBytes(Path root) {
    return root.toFile().getUsableSpace();
  }

  /// Removes what an earlier run was receiving.
  ///
  /// @return how many files that were
  int removeIncoming() throws IOException {
    int removed = 0;
    try (DirectoryStream<Path> left = Files.newDirectoryStream(incoming)) {
      for (Path each : left) {
        Files.deleteIfExists(each);
        removed++;
      }
    }
    return removed;
  }

  /// Begins to receive a file.
  ///
  /// @param mostBytes more of them are refused
  /// @param announcedBytes how many there will be, if that is known; else 0
  /// @throws MatrixException 507 if the disk has no room for it
  Incoming receive(long mostBytes, long announcedBytes) {
    byte[] name = new byte[RANDOM_BYTES];
    random.nextBytes(name);
    Path path = incoming.resolve(HexFormat.of().formatHex(name));
    Incoming begun = new Incoming(this, path, mostBytes);
    begun.open(announcedBytes);
    return begun;
  }

  /// Sets room aside for bytes that are about to come.
  ///
  /// @throws MatrixException 507 if the disk has none
  void promise(long bytes) {
    long promised = promisedBytes.addAndGet(bytes);
    if (usableBytes.getAsLong() - promised < keptFreeBytes) {
      promisedBytes.addAndGet(-bytes);
      throw full();
    }
  }

  /// So many of the bytes that were promised are on the disk, or will not come.
  void settle(long bytes) {
    promisedBytes.addAndGet(-bytes);
  }

  /// What a client is told whose file the disk has no room for.
  static MatrixException full() {
    return new MatrixException(
        507,
        Errcode.UNKNOWN,
        "The disk of the server is full: no files are taken in at the moment");
  }

  /// Where a file is.
  Path path(String sha256) {
    if (!HASH.matcher(sha256).matches()) {
      throw new IllegalArgumentException("no SHA-256: " + sha256);
    }
    return place(files, sha256);
  }

  /// Where a file is in a folder that is laid out as `files/`.
  static Path place(Path files, String sha256) {
    return files
        .resolve(sha256.substring(0, DIGITS))
        .resolve(sha256.substring(DIGITS, 2 * DIGITS))
        .resolve(sha256);
  }

  /// While one is open, no file is removed; the next look through all files does it then.
  public final class Hold implements AutoCloseable {
    private Hold() {
      holds.incrementAndGet();
    }

    @Override
    public void close() {
      holds.decrementAndGet();
    }
  }

  Hold hold() {
    return new Hold();
  }

  boolean has(String sha256) {
    return Files.exists(path(sha256));
  }

  /// A file that is not removed until this is closed.
  final class Claim implements AutoCloseable {
    private final String sha256;
    private final Optional<CheckedFiles.Version> version;

    private Claim(String sha256, Optional<CheckedFiles.Version> version) {
      this.sha256 = sha256;
      this.version = version;
    }

    /// Which file has the bytes that were received; empty if it is one from before.
    Optional<CheckedFiles.Version> version() {
      return version;
    }

    @Override
    public void close() {
      synchronized (claims) {
        claims.computeIfPresent(sha256, (_, count) -> count == 1 ? null : count - 1);
      }
    }
  }

  /// Moves a file that was received whole and is on the disk to where it belongs, in the place of
  /// one that is there already: equal hashes are equal bytes, unless that one is damaged.
  ///
  /// @return to be closed when the row is in the database
  Claim claim(Path received, String sha256, long lengthBytes) throws IOException {
    return turns.take(
        sha256,
        () -> {
          Path place = path(sha256);
          makeFolders(place);
          Optional<CheckedFiles.Version> version = Optional.of(CheckedFiles.Version.of(received));
          try {
            Files.move(received, place, StandardCopyOption.ATOMIC_MOVE);
          } catch (FileSystemException e) {
            // Where a file that somebody reads cannot be replaced.
            if (!isWhole(place, lengthBytes)) {
              throw e;
            }
            Files.delete(received);
            version = Optional.empty();
          }
          forceFolder(above(place));
          synchronized (claims) {
            claims.merge(sha256, 1, Integer::sum);
          }
          return new Claim(sha256, version);
        });
  }

  private static boolean isWhole(Path place, long lengthBytes) throws IOException {
    try {
      return Files.size(place) == lengthBytes;
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  private void makeFolders(Path place) throws IOException {
    Path second = above(place);
    Path first = above(second);
    makeFolder(first, files);
    makeFolder(second, first);
  }

  /// The folder of a file that is in one.
  static Path above(Path file) {
    return Objects.requireNonNull(file.getParent(), "it is in a folder");
  }

  private static void makeFolder(Path folder, Path above) throws IOException {
    try {
      Files.createDirectory(folder);
      forceFolder(above);
    } catch (FileAlreadyExistsException _) {
      // As it should be.
    }
  }

  /// Removes a file that no row names.
  ///
  /// @param isNamed whether a row in the database names it
  /// @return whether it was there and is gone
  boolean remove(String sha256, Predicate<String> isNamed) {
    return turns.take(
        sha256,
        () -> {
          if (holds.get() > 0 || isClaimed(sha256) || isNamed.test(sha256)) {
            return false;
          }
          try {
            return Files.deleteIfExists(path(sha256));
          } catch (IOException e) {
            LOG.log(Level.WARNING, "The file " + path(sha256) + " could not be removed", e);
            return false;
          }
        });
  }

  private boolean isClaimed(String sha256) {
    synchronized (claims) {
      return claims.containsKey(sha256);
    }
  }

  /// Told of one file after the other.
  @FunctionalInterface
  interface Visitor {
    /// Looks at it.
    ///
    /// @param changed when it was written
    void visit(String sha256, Instant changed) throws IOException;
  }

  /// Goes through all files; those that come and go meanwhile may be met or not.
  void visit(Visitor visitor) throws IOException {
    try (DirectoryStream<Path> firsts = Files.newDirectoryStream(files)) {
      for (Path first : firsts) {
        visitSeconds(first, visitor);
      }
    }
  }

  private static void visitSeconds(Path first, Visitor visitor) throws IOException {
    try (DirectoryStream<Path> seconds = Files.newDirectoryStream(first)) {
      for (Path second : seconds) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(second)) {
          for (Path each : all) {
            String name = String.valueOf(each.getFileName());
            if (HASH.matcher(name).matches()) {
              visitor.visit(name, Files.getLastModifiedTime(each).toInstant());
            }
          }
        }
      }
    }
  }

  /// Whether a file has the bytes of that hash.
  static boolean isWhole(Path file, String sha256) throws IOException {
    MessageDigest digest = CheckedFiles.sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      int read = in.read(buffer);
      while (read >= 0) {
        digest.update(buffer, 0, read);
        read = in.read(buffer);
      }
    } catch (NoSuchFileException _) {
      return false;
    }
    return HexFormat.of().formatHex(digest.digest()).equals(sha256);
  }

  /// What is in a file is on the disk when this returns.
  static void forceFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /// Makes sure that a file that was made or moved in this folder is found after a crash.
  static void forceFolder(Path folder) throws IOException {
    if (!folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return; // Windows does not open folders.
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
