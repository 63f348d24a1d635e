package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.hearth.server.store.Rows.Row;
import org.hearth.server.store.StorageException.Reason;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real small file system that runs full, and then has room again.
@Tag("long")
class DiskFullTest {
  private static final int DISK_BYTES = 40 << 20;
  @TempDir Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws Exception {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=" + DISK_BYTES, "hearth", disk.toString());
    assumeTrue(mounted, "this test mounts a small file system, which takes root's rights");
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      assertThat(run("umount", disk.toString())).isTrue();
    }
  }

  @Test
  void storeStopsWritingBeforeTheDiskIsFullAndGoesOnByItself() throws IOException {
    StoreOptions options = StoreOptions.of(disk).withMinimumFreeBytes(8 << 20);
    try (Store store = Store.open(options)) {
      Rows.create(store);
      commit(store, "before");

      Path filler = fill(6 << 20);
      Eventually.until("read-only", () -> store.state() instanceof StoreState.ReadOnly);

      assertThatThrownBy(() -> commit(store, "refused"))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DISK_FULL))
          .hasMessageContaining("free");
      assertThat(Rows.all(store)).containsExactly(new Row(1, "before"));
      assertThat(store.figures().freeBytes()).isLessThan(8 << 20);

      Files.delete(filler);
      Eventually.until("open again", () -> store.state() instanceof StoreState.Open);
      assertThat(commit(store, "after")).isEqualTo(2);
    }
  }

  @Test
  void nothingAcknowledgedIsLostWhenTheDiskRunsFullAndTheStoreRecoversByItself()
      throws IOException {
    List<Row> acknowledged = new ArrayList<>();
    try (Store store = Store.open(StoreOptions.of(disk).withMinimumFreeBytes(0))) {
      Rows.create(store);
      Path filler = fill(1 << 20);

      StorageException failure = writeUntilItFails(store, acknowledged);

      assertThat(failure.reason()).isEqualTo(Reason.DISK_FULL);
      assertThat(store.state()).isInstanceOf(StoreState.ReadOnly.class);

      Files.delete(filler);
      Eventually.until("open again", () -> store.state() instanceof StoreState.Open);
      for (int i = 0; i < 10; i++) {
        String name = "after " + i;
        acknowledged.add(new Row(commit(store, name), name));
      }
      assertComplete(store, acknowledged);
    }
    try (Store store = Store.open(StoreOptions.of(disk).withMinimumFreeBytes(0))) {
      assertComplete(store, acknowledged);
    }
  }

  private static StorageException writeUntilItFails(Store store, List<Row> acknowledged) {
    byte[] content = new byte[20_000];
    for (int i = 0; i < 100_000; i++) {
      String name = "n" + i;
      try {
        long position =
            store
                .committer()
                .commit("test", List.of(Rows.insert(name, 0, content)), TestLogs.announcements(1))
                .value();
        acknowledged.add(new Row(position, name));
      } catch (StorageException e) {
        return e;
      }
    }
    throw new AssertionError("the disk did not run full");
  }

  private static void assertComplete(Store store, List<Row> acknowledged) {
    List<Row> rows = Rows.all(store);
    assertThat(rows).containsAll(acknowledged);
    // At most the one whose answer was lost.
    assertThat(rows.size()).isBetween(acknowledged.size(), acknowledged.size() + 1);
    assertThat(rows)
        .extracting(Row::position)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, rows.size()).boxed().toList());
  }

  private static long commit(Store store, String name) {
    return store
        .committer()
        .commit("test", List.of(Rows.insert(name, 0)), TestLogs.announcements(1))
        .value();
  }

  /// Leaves so much free.
  private Path fill(long leftBytes) throws IOException {
    Path filler = disk.resolve("filler");
    byte[] block = new byte[64 << 10];
    try (OutputStream out = Files.newOutputStream(filler)) {
      while (disk.toFile().getUsableSpace() > leftBytes) {
        out.write(block);
      }
    }
    return filler;
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException _) {
      return false; // There is no such program here.
    }
  }
}
