package org.hearth.bench.state;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.state.StateResolution;
import org.hearth.server.matrix.version.RoomVersions;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// The resolution of a fork of 2 × 500 to 2 × 8,000 events in conflict, in a room of 30,000
/// members.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 4, time = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx512m")
public class StateResolutionBenchmark {
  private static final int MEMBERS = 30_000;

  @Param({"10", "12"})
  String roomVersion = "";

  /// On both branches together.
  @Param({"1000", "2000", "4000", "8000", "10000", "16000"})
  int conflicting;

  private ForkedRoom room = ForkedRoom.of(RoomVersions.V10, 100, 1);

  @Setup
  public void fork() {
    room = ForkedRoom.of(RoomVersions.of(roomVersion).orElseThrow(), MEMBERS, conflicting / 2);
  }

  @Benchmark
  public Map<StateKey, Long> resolve() {
    return StateResolution.resolve(room.createEvent().version(), room.states(), room);
  }
}
