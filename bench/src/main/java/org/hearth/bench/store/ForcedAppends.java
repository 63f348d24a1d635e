package org.hearth.bench.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/// How many forced appends a disk takes in a second, one after the other.
public final class ForcedAppends {
  private static final int RECORD_BYTES = 1 << 10;

  private ForcedAppends() {} // no instance

  /// What was reached.
  ///
  /// @param recordBytes what is appended each time
  public record Result(int recordBytes, double perSecond, Latencies latencies) {}

  /// Appends 1 KiB and forces it, again and again.
  ///
  /// @param folder on the disk to be measured; it exists
  public static Result measure(Path folder, Duration time) throws IOException {
    Path file = Files.createTempFile(folder, "forced-appends", ".dat");
    Latencies.Recorder recorder = new Latencies.Recorder();
    ByteBuffer record = ByteBuffer.allocateDirect(RECORD_BYTES);
    long begun = System.nanoTime();
    long end = begun + time.toNanos();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      for (long now = begun; now < end; ) {
        record.clear();
        while (record.hasRemaining()) {
          channel.write(record);
        }
        channel.force(false);
        long after = System.nanoTime();
        recorder.add(after - now);
        now = after;
      }
    } finally {
      Files.delete(file);
    }
    Latencies latencies = Latencies.of(recorder);
    return new Result(RECORD_BYTES, latencies.perSecond(System.nanoTime() - begun), latencies);
  }
}
