package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/// Has the rights of files count for tests that root runs, too: on a thread that has given up
/// root's two capabilities to disregard them.
///
/// **source**: [capabilities](https://man7.org/linux/man-pages/man7/capabilities.7.html), which are
/// a thread's own: `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH`.
public final class OrdinaryRights {
  private static final int VERSION_3 = 0x2008_0522;
  private static final int OVERRIDING = 1 << 1 | 1 << 2;
  private static final FunctionDescriptor CALL =
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS);

  private OrdinaryRights() {}

  /// Does something while nobody may do anything with a file or folder.
  ///
  /// @param closed exists; has its rights back afterwards
  public static <T> T without(Path closed, Callable<T> action) throws Exception {
    assumeTrue(
        FileSystems.getDefault().supportedFileAttributeViews().contains("posix"),
        "the disk keeps such rights");
    Set<PosixFilePermission> before = Files.getPosixFilePermissions(closed);
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
    FutureTask<T> task =
        new FutureTask<>(() -> {
          giveUp();
          assertThat(Files.isReadable(closed)).isFalse();
          return action.call();
        });
    try {
      Thread.ofPlatform().name("ordinary-rights").start(task);
      return task.get();
    } finally {
      Files.setPosixFilePermissions(closed, before);
    }
  }

  @SuppressWarnings("restricted") // Tests are run with --enable-native-access.
  private static void giveUp() throws Exception {
    Linker linker = Linker.nativeLinker();
    if (linker.defaultLookup().find("capset").isEmpty()) {
      return; // A system without them; nobody runs tests as root there.
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocate(8, 4);
      header.set(ValueLayout.JAVA_INT, 0, VERSION_3);
      // Effective, permitted, inheritable; and the same for capabilities from the 33rd on.
      MemorySegment sets = arena.allocate(24, 4);
      call(linker, "capget", header, sets);
      for (int offset = 0; offset <= 4; offset += 4) {
        sets.set(
            ValueLayout.JAVA_INT, offset, sets.get(ValueLayout.JAVA_INT, offset) & ~OVERRIDING);
      }
      call(linker, "capset", header, sets);
    }
  }

  @SuppressWarnings("restricted")
  private static void call(Linker linker, String name, MemorySegment header, MemorySegment sets)
      throws Exception {
    MethodHandle handle =
        linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), CALL);
    int failed;
    try {
      failed = (int) handle.invokeExact(header, sets);
    } catch (Throwable thrown) {
      throw new IllegalStateException(name + " cannot be called", thrown);
    }
    assertThat(failed).as(name).isZero();
  }
}
