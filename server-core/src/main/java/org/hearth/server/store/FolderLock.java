package org.hearth.server.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import org.hearth.server.store.derby.FolderOwner;
import org.jspecify.annotations.Nullable;

/// Holds a data folder for this process, by a lock that the operating system releases however the
/// process ends.
///
/// The file `hearth.lock` contains the holder's process id. What is locked is one byte far behind
/// it, because on Windows nobody else can read a locked byte. The file is never removed: that would
/// let two processes lock two files of one name.
public final class FolderLock implements AutoCloseable {
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;
  private static final int LONGEST_PID = 20;

  private final Path folder;
  private final FileChannel channel;

  private FolderLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /// Takes the folder, which exists.
  ///
  /// @throws StoreRefusedException [Refusal.Held], or [Refusal.NoFile]
  public static FolderLock take(Path folder) throws IOException {
    Path file = folder.resolve("hearth.lock");
    var _ = isFileThere(file);
    FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            // Whoever owns the folder could have root empty any other file.
            LinkOption.NOFOLLOW_LINKS);
    try {
      FileLock lock = tryLock(channel);
      if (lock == null) {
        throw new StoreRefusedException(new Refusal.Held(folder, holder(channel)));
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)),
          0);
      return new FolderLock(folder, channel);
    } catch (IOException | RuntimeException | Error e) {
      try {
        channel.close();
      } catch (IOException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  /// Whether a file of the store's own is there. Links are not followed.
  ///
  /// @throws StoreRefusedException [Refusal.NoFile] if something else is
  static boolean isFileThere(Path path) {
    if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      return true;
    }
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new StoreRefusedException(new Refusal.NoFile(path));
    }
    return false;
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock(LOCKED_BYTE, 1, false);
    } catch (OverlappingFileLockException _) {
      return null; // Held by another store in this very process.
    }
  }

  private static OptionalLong holder(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST_PID);
    channel.read(bytes, 0);
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII).strip();
    return text.matches("[0-9]{1,18}")
        ? OptionalLong.of(Long.parseLong(text))
        : OptionalLong.empty();
  }

  /// Leaves the folder to its owner, with all that is in it.
  @Override
  public void close() {
    FolderOwner.giveBack(folder);
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
