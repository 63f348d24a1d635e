package org.hearth.server.store.derby;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A file beside the database that says how far the commits had come: Derby boots without a word
/// from a damaged write-ahead log, with acknowledged commits gone, and this file contradicts it.
///
/// The file `high-water` is a header and any number of records, all big-endian; a new file replaces
/// it when it has grown to 1 MiB, and at every start. The last record whose checksum is right
/// counts, so a torn record at the end does no harm.
///
/// | header offset | length | meaning |
/// |---|---|---|
/// | 0 | 8 | `HEARTHMK` |
/// | 8 | 4 | version of this format, 1 |
/// | 12 | 16 | id of the database |
/// | 28 | 4 | CRC-32C of the bytes before |
///
/// | record offset | length | meaning |
/// |---|---|---|
/// | 0 | 8 | number of the commit |
/// | 8 | 8 | last position |
/// | 16 | 8 | running hash: equal only in one history |
/// | 24 | 4 | CRC-32C of the bytes before |
/// | 28 | 4 | 0 |
///
/// **Thread**: [#append] the committer's; [#force] the keeper's.
public final class HighWaterMark implements AutoCloseable {
  public static final String FILE = "high-water";

  private static final long MAGIC = 0x4845415254484D4BL;
  private static final int VERSION = 1;
  private static final int STORE_OFFSET = 12;
  private static final int HEADER_CRC_OFFSET = 28;
  private static final int HEADER_BYTES = 32;
  private static final int RECORD_CRC_OFFSET = 24;
  private static final int RECORD_BYTES = 32;
  private static final int LONGEST_BYTES = 1 << 20;

  /// What the file says.
  public record Contents(UUID store, CommitHead head) {}

  private final Path folder;
  private final UUID store;
  private final ByteBuffer record = ByteBuffer.allocateDirect(RECORD_BYTES);
  private final ReentrantLock replacing = new ReentrantLock();
  private FileChannel channel;
  private long lengthBytes;
  private volatile long appended;
  private volatile long forced;
  private volatile @Nullable Thread waiting;

  private HighWaterMark(Path folder, UUID store, FileChannel channel) {
    this.folder = folder;
    this.store = store;
    this.channel = channel;
    this.lengthBytes = HEADER_BYTES + (long) RECORD_BYTES;
  }

  /// The last valid record; empty if there is no file.
  ///
  /// @throws IOException if the file is not a mark, or holds no valid record
  public static Optional<Contents> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    if (bytes.remaining() < HEADER_BYTES
        || bytes.getLong(0) != MAGIC
        || bytes.getInt(HEADER_CRC_OFFSET) != crc(bytes, 0, HEADER_CRC_OFFSET)) {
      throw new IOException(file + " is damaged: its header is not that of a mark");
    }
    if (bytes.getInt(Long.BYTES) != VERSION) {
      throw new IOException(
          "%s has version %d; known is %d".formatted(file, bytes.getInt(Long.BYTES), VERSION));
    }
    UUID store = new UUID(bytes.getLong(STORE_OFFSET), bytes.getLong(STORE_OFFSET + Long.BYTES));
    for (int i = (bytes.capacity() - HEADER_BYTES) / RECORD_BYTES - 1; i >= 0; i--) {
      int offset = HEADER_BYTES + i * RECORD_BYTES;
      if (bytes.getInt(offset + RECORD_CRC_OFFSET) == crc(bytes, offset, RECORD_CRC_OFFSET)) {
        return Optional.of(
            new Contents(
                store,
                new CommitHead(
                    bytes.getLong(offset),
                    bytes.getLong(offset + Long.BYTES),
                    bytes.getLong(offset + 2 * Long.BYTES))));
      }
    }
    throw new IOException(file + " is damaged: no record of it is valid");
  }

  /// Begins a new file with one record, in place of what is there.
  public static HighWaterMark begin(Path folder, UUID store, CommitHead head) throws IOException {
    return new HighWaterMark(folder, store, replace(folder, store, head));
  }

  private static FileChannel replace(Path folder, UUID store, CommitHead head) throws IOException {
    Path fresh = folder.resolve(FILE + ".new");
    FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    try {
      ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + RECORD_BYTES);
      bytes.putLong(MAGIC).putInt(VERSION);
      bytes.putLong(store.getMostSignificantBits()).putLong(store.getLeastSignificantBits());
      bytes.putInt(crc(bytes, 0, HEADER_CRC_OFFSET));
      put(bytes, head);
      writeFully(channel, bytes.flip(), 0);
      channel.force(true);
      Files.move(
          fresh,
          folder.resolve(FILE),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      Durably.forceFolder(folder);
      return channel;
    } catch (IOException e) {
      try {
        channel.close();
      } catch (IOException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  /// Notes a commit that is durable in the database. A record that could not be written whole is
  /// written over by the next.
  public void append(CommitHead head) throws IOException {
    if (lengthBytes + RECORD_BYTES > LONGEST_BYTES) {
      replacing.lock();
      try {
        FileChannel old = channel;
        channel = replace(folder, store, head);
        lengthBytes = HEADER_BYTES + (long) RECORD_BYTES;
        old.close();
      } finally {
        replacing.unlock();
      }
    } else {
      put(record.clear(), head);
      writeFully(channel, record.flip(), lengthBytes);
      lengthBytes += RECORD_BYTES;
    }
    appended = head.commits();
    Thread forcer = waiting;
    if (forcer != null) {
      LockSupport.unpark(forcer);
    }
  }

  /// Waits until there is something to force, or until the time is over, or for no reason.
  public void awaitDirty(long nanos) {
    waiting = Thread.currentThread();
    if (!isDirty()) {
      LockSupport.parkNanos(this, nanos);
    }
    waiting = null;
  }

  /// Whether something was appended since the last [#force].
  public boolean isDirty() {
    return appended != forced;
  }

  /// Forces what was appended to the disk.
  public void force() throws IOException {
    replacing.lock();
    try {
      long upTo = appended;
      channel.force(false);
      forced = upTo;
    } finally {
      replacing.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    try {
      force();
    } finally {
      channel.close();
    }
  }

  private static void put(ByteBuffer bytes, CommitHead head) {
    int start = bytes.position();
    bytes.putLong(head.commits()).putLong(head.position()).putLong(head.hash());
    bytes.putInt(crc(bytes, start, RECORD_CRC_OFFSET)).putInt(0);
  }

  private static int crc(ByteBuffer bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().clear().slice(offset, length));
    return (int) crc.getValue();
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes, long offset)
      throws IOException {
    while (bytes.hasRemaining()) {
      offset += channel.write(bytes, offset);
    }
  }
}
