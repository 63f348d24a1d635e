package org.hearth.bench.state;

import com.sun.management.ThreadMXBean;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.state.StateResolution;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;

/// What [StateResolutionBenchmark] measures, in processor time of the resolving thread and bytes
/// that it allocates: figures that hold on a machine that does other things too.
public final class ResolutionCost {
  private static final int MEMBERS = 30_000;
  private static final int WARM_UP = 10;
  private static final int ROUNDS = 15;
  private static final int[] CONFLICTING = {1000, 2000, 4000, 8000, 10_000, 16_000};
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private ResolutionCost() {}

  /// Measures rooms of versions 10 and 12.
  ///
  /// @param args none
  public static void main(String[] args) {
    for (RoomVersion version : new RoomVersion[] {RoomVersions.V10, RoomVersions.V12}) {
      for (int conflicting : CONFLICTING) {
        measure(version, ForkedRoom.of(version, MEMBERS, conflicting / 2), conflicting);
      }
    }
  }

  private static void measure(RoomVersion version, ForkedRoom room, int conflicting) {
    for (int i = 0; i < WARM_UP; i++) {
      resolve(version, room);
    }
    long[] nanos = new long[ROUNDS];
    long bytes = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < ROUNDS; i++) {
      long start = THREADS.getCurrentThreadCpuTime();
      resolve(version, room);
      nanos[i] = THREADS.getCurrentThreadCpuTime() - start;
    }
    bytes = (THREADS.getCurrentThreadAllocatedBytes() - bytes) / ROUNDS;
    Arrays.sort(nanos);
    @SuppressWarnings("SystemOut")
    PrintStream out = System.out;
    out.printf(
        Locale.ROOT,
        "version %s, %d in conflict: median %d ms, best %d ms, worst %d ms of processor time; "
            + "%d MB allocated%n",
        version,
        conflicting,
        nanos[ROUNDS / 2] / 1_000_000,
        nanos[0] / 1_000_000,
        nanos[ROUNDS - 1] / 1_000_000,
        bytes / 1_000_000);
  }

  private static void resolve(RoomVersion version, ForkedRoom room) {
    Map<StateKey, Long> resolved = StateResolution.resolve(version, room.states(), room);
    Objects.requireNonNull(resolved.get(StateKey.of("m.room.create")));
  }
}
