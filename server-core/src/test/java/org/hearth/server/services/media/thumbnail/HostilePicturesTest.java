package org.hearth.server.services.media.thumbnail;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.services.media.thumbnail.ThumbnailSize.Method;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What two hundred files cost that were made to cost much.
@Tag("long")
@Timeout(600)
class HostilePicturesTest {
  /// All that one thumbnail may allocate, whether or not it is in memory at the same time.
  private static final long MOST_BYTES = 256L << 20;

  private static final long MOST_NANOS = 5_000_000_000L;

  @TempDir private Path folder;

  @Test
  void noFileCostsMoreThanAnyMay() throws IOException {
    List<HostilePictures.Hostile> files = HostilePictures.all();
    assertThat(files).hasSizeGreaterThanOrEqualTo(200);
    List<String> dear = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    for (HostilePictures.Hostile each : files) {
      Path file = Files.write(folder.resolve("file"), each.file().get());
      Cost cost = cost(file);
      if (cost.nanos > MOST_NANOS || cost.bytes > MOST_BYTES) {
        dear.add("%s: %s".formatted(each, cost));
      }
      if (each.name().startsWith("text")
          && (cost.made instanceof Made.Thumbnail || cost.made instanceof Made.Original)) {
        wrong.add("%s: %s".formatted(each, cost));
      }
    }
    assertThat(dear).isEmpty();
    assertThat(wrong).isEmpty();
  }

  /// @param nanos of a processor
  private record Cost(Made made, long nanos, long bytes) {
    @Override
    public String toString() {
      return "%d ms, %d KiB, %s"
          .formatted(
              nanos / 1_000_000,
              bytes >> 10,
              made instanceof Made.Thumbnail(byte[] bytes, String type)
                  ? type + " of " + bytes.length
                  : made);
    }
  }

  private static Cost cost(Path file) throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long nanos = threads.getCurrentThreadCpuTime();
    long bytes = threads.getCurrentThreadAllocatedBytes();
    Made made = new ThumbnailMaker().make(file, new ThumbnailSize(320, 240, Method.SCALE, true));
    return new Cost(
        made,
        threads.getCurrentThreadCpuTime() - nanos,
        threads.getCurrentThreadAllocatedBytes() - bytes);
  }
}
