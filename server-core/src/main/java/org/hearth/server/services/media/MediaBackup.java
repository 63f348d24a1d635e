package org.hearth.server.services.media;

import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// Copies of files beside the backups of the database, each once for all backups of a folder: a
/// further backup copies what has come since.
///
///     backup-…/         a backup of the database
///     media/files/…     the files of all backups here, by their hash
///     media/NAME.list   the hashes that belong to the backup of that name, one a line; written last
///
/// In the backup itself is a list, too, of what was there before the database was copied: who has
/// only that is told what is missing. Where there are no files, there is none of this.
///
/// Files never change, so where the disk is the same one a copy is a second name of the file.
///
/// **thread**: one at a time.
public final class MediaBackup {
  /// The name of the list in a backup.
  public static final String IN_BACKUP = "media.list";

  /// The name of the folder with the copies, beside the backups.
  public static final String MEDIA = "media";

  private static final System.Logger LOG = System.getLogger(MediaBackup.class.getName());
  private static final String LIST = ".list";
  private static final int BEGINNING_DIGITS = 15;
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  private final MediaFolder live;
  private final long keptFreeBytes;

  MediaBackup(MediaStore store) {
    this.live = store.folder();
    this.keptFreeBytes = store.options().keptFreeBytes();
  }

  /// While this is open, no file goes: what the copy of the database names is there until it is
  /// copied.
  public MediaFolder.Hold hold() {
    return live.hold();
  }

  /// Copies the files that are not among the copies yet, and notes all that are there as those of a
  /// backup.
  ///
  /// @param backup its folder, in the folder where the backups are
  /// @param met called before each file; what it throws ends this
  /// @return the list; empty if there are no files
  /// @throws IOException if one cannot be copied, or the disk has no room
  public Optional<Path> copy(Path backup, Runnable met) throws IOException {
    Path copies = backup.resolveSibling(MEDIA);
    Path list = listOf(backup);
    Path partial = list.resolveSibling(list.getFileName() + ".partial");
    AtomicLong copied = new AtomicLong();
    Files.createDirectories(copies);
    try (BufferedWriter lines = Files.newBufferedWriter(partial, StandardCharsets.US_ASCII)) {
      live.visit((sha256, _) -> {
        met.run();
        Path from = live.path(sha256);
        Path to = MediaFolder.place(copies.resolve("files"), sha256);
        if (Files.notExists(from)) {
          return; // It has been removed since it was met.
        }
        if (Files.notExists(to) || Files.size(to) != Files.size(from)) {
          copy(from, to);
        }
        lines.write(sha256 + "\n");
        copied.incrementAndGet();
      });
    }
    if (copied.get() == 0) {
      Files.delete(partial);
      if (isEmpty(copies)) {
        Files.delete(copies);
      }
      return Optional.empty();
    }
    MediaFolder.forceFile(partial);
    Files.move(partial, list, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    MediaFolder.forceFolder(copies);
    return Optional.of(list);
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      return !all.iterator().hasNext();
    }
  }

  private void copy(Path from, Path to) throws IOException {
    Path above = MediaFolder.above(to);
    Files.createDirectories(above);
    Path partial = to.resolveSibling(to.getFileName() + ".partial");
    Files.deleteIfExists(partial);
    try {
      Files.createLink(partial, from);
    } catch (IOException | UnsupportedOperationException e) {
      LOG.log(Level.TRACE, "not the same disk, or one without links", e);
      long free = Files.getFileStore(above).getUsableSpace() - Files.size(from);
      if (free < keptFreeBytes) {
        throw new IOException(
            "there is not enough space in %s: %,d bytes have to stay free"
                .formatted(above, keptFreeBytes),
            e);
      }
      Files.copy(from, partial);
      MediaFolder.forceFile(partial);
    }
    Files.move(partial, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    MediaFolder.forceFolder(above);
  }

  private static Path listOf(Path backup) {
    return backup.resolveSibling(MEDIA).resolve(backup.getFileName() + LIST);
  }

  /// Removes the files that belong to no backup any more.
  ///
  /// @param backup one of those that are in the folder
  public static void prune(Path backup) throws IOException {
    Path copies = backup.resolveSibling(MEDIA);
    if (Files.notExists(copies)) {
      return;
    }
    for (Path left : named(copies, "*" + LIST + ".partial")) {
      Files.deleteIfExists(left);
    }
    List<Path> needing = new ArrayList<>();
    for (Path list : named(copies, "*" + LIST)) {
      String name = String.valueOf(list.getFileName());
      if (Files.exists(backup.resolveSibling(name.substring(0, name.length() - LIST.length())))) {
        needing.add(list);
      } else {
        Files.delete(list);
      }
    }
    Path files = copies.resolve("files");
    if (Files.notExists(files)) {
      return;
    }
    // What begins alike with what is needed stays: there is hardly any, and it takes little memory.
    long[] needed = beginnings(needing);
    try (Stream<Path> walk = Files.walk(files)) {
      for (Path each : (Iterable<Path>) walk.filter(Files::isRegularFile)::iterator) {
        String name = String.valueOf(each.getFileName());
        if (!HASH.matcher(name).matches() || Arrays.binarySearch(needed, beginning(name)) < 0) {
          Files.deleteIfExists(each);
        }
      }
    }
  }

  private static long beginning(String sha256) {
    return Long.parseLong(sha256, 0, BEGINNING_DIGITS, 16);
  }

  private static long[] beginnings(List<Path> lists) throws IOException {
    LongStream.Builder all = LongStream.builder();
    for (Path list : lists) {
      read(list, sha256 -> all.add(beginning(sha256)));
    }
    return all.build().sorted().distinct().toArray();
  }

  private static List<Path> named(Path folder, String pattern) throws IOException {
    List<Path> all = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, pattern)) {
      found.forEach(all::add);
    }
    return all;
  }

  private static void read(Path list, Action action) throws IOException {
    try (Stream<String> lines = Files.lines(list, StandardCharsets.US_ASCII)) {
      for (String each : (Iterable<String>) lines::iterator) {
        if (HASH.matcher(each).matches()) {
          action.on(each);
        }
      }
    }
  }

  /// What became of the files of a backup.
  ///
  /// @param whole how many are there as they were
  /// @param lost hashes of those that are not
  public record Restored(int whole, List<String> lost) {}

  /// Looks whether the files of a backup are there as they were.
  ///
  /// @param backup its folder
  /// @param met called before each file; what it throws ends this
  public static Restored verify(Path backup, Runnable met) throws IOException {
    return each(backup, met, _ -> {});
  }

  /// How much room the files of a backup take that are there.
  ///
  /// @param backup its folder
  public static long lengthBytes(Path backup) throws IOException {
    Path copies = backup.resolveSibling(MEDIA).resolve("files");
    AtomicLong sum = new AtomicLong();
    Path list = listIn(backup);
    if (Files.exists(list)) {
      read(
          list,
          sha256 -> {
            Path copy = MediaFolder.place(copies, sha256);
            sum.addAndGet(Files.exists(copy) ? Files.size(copy) : 0);
          });
    }
    return sum.get();
  }

  /// Puts the files of a backup into a data folder.
  ///
  /// @param backup its folder
  /// @param media the folder `media/` of the data folder
  /// @param met called before each file; what it throws ends this
  public static Restored restore(Path backup, Path media, Runnable met) throws IOException {
    Path copies = backup.resolveSibling(MEDIA).resolve("files");
    return each(
        backup,
        met,
        sha256 -> {
          Path to = MediaFolder.place(media.resolve("files"), sha256);
          if (Files.notExists(to)) {
            Files.createDirectories(MediaFolder.above(to));
            Path partial = to.resolveSibling(sha256 + ".partial");
            // Not linked: who restores may go on using the copy in another place.
            Files.copy(
                MediaFolder.place(copies, sha256), partial, StandardCopyOption.REPLACE_EXISTING);
            MediaFolder.forceFile(partial);
            Files.move(partial, to, StandardCopyOption.ATOMIC_MOVE);
            MediaFolder.forceFolder(MediaFolder.above(to));
          }
        });
  }

  private interface Action {
    void on(String sha256) throws IOException;
  }

  /// The list of a backup, or that in it, which may not be there.
  private static Path listIn(Path backup) {
    Path list = listOf(backup);
    return Files.exists(list) ? list : backup.resolve(IN_BACKUP);
  }

  private static Restored each(Path backup, Runnable met, Action action) throws IOException {
    Path list = listIn(backup);
    if (Files.notExists(list)) {
      return new Restored(0, List.of());
    }
    Path copies = backup.resolveSibling(MEDIA).resolve("files");
    AtomicInteger whole = new AtomicInteger();
    List<String> lost = new ArrayList<>();
    read(
        list,
        sha256 -> {
          met.run();
          if (MediaFolder.isWhole(MediaFolder.place(copies, sha256), sha256)) {
            action.on(sha256);
            whole.incrementAndGet();
          } else {
            lost.add(sha256);
          }
        });
    return new Restored(whole.get(), List.copyOf(lost));
  }
}
