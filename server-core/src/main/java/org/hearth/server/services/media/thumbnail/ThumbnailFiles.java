package org.hearth.server.services.media.thumbnail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/// The folder `media/thumbnails/`: `ab/abcd…-320x240-scale`.
///
/// A file is on the disk before its row, and goes after it.
///
/// **thread**: any; a file is written by one.
final class ThumbnailFiles {
  private static final System.Logger LOG = System.getLogger(ThumbnailFiles.class.getName());
  private static final String UNFINISHED = ".unfinished";
  private static final int DIGITS = 2;

  private final Path folder;
  private final Instant begun = Instant.now();

  ThumbnailFiles(Path folder) {
    this.folder = folder;
  }

  private Path part(ThumbnailRows.Key key) {
    return folder.resolve(key.sha256().substring(0, DIGITS));
  }

  Path path(ThumbnailRows.Key key) {
    return part(key).resolve(key.fileName());
  }

  /// Writes a file; it is on the disk when this returns.
  void write(ThumbnailRows.Key key, byte[] bytes) {
    Path path = path(key);
    Path unfinished = path.resolveSibling(key.fileName() + UNFINISHED);
    try {
      Files.createDirectories(part(key));
      try (FileChannel channel =
          FileChannel.open(
              unfinished,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
          channel.write(left);
        }
        channel.force(true);
      }
      Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("the thumbnail " + path + " cannot be written", e);
    }
  }

  void remove(ThumbnailRows.Key key) {
    remove(path(key));
  }

  private static void remove(Path path) {
    try {
      var _ = Files.deleteIfExists(path);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "The thumbnail " + path + " could not be removed", e);
    }
  }

  /// Removes what an earlier run has left: files that were not finished, or have no row.
  ///
  /// @param isNamed whether there is a row for a file of that name
  /// @param isEnding whether to stop looking
  void sweep(Predicate<String> isNamed, BooleanSupplier isEnding) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder)) {
      for (Path part : parts) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(part)) {
          for (Path each : files) {
            if (isEnding.getAsBoolean()) {
              return;
            }
            String name = String.valueOf(each.getFileName());
            boolean old = Files.getLastModifiedTime(each).toInstant().isBefore(begun);
            if (old && (name.endsWith(UNFINISHED) || !isNamed.test(name))) {
              remove(each);
            }
          }
        }
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "The thumbnails could not be looked through", e);
    }
  }
}
