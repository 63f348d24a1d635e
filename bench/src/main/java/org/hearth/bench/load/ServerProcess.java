package org.hearth.bench.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// What the system says about the server's process.
///
/// @param known whether there is anything to say
/// @param cpuSeconds CPU time since its start, of all threads
/// @param residentMib memory that it has in RAM
public record ServerProcess(boolean known, double cpuSeconds, long residentMib) {
  /// Looks.
  ///
  /// @param process its id; empty for a server on another machine
  public static ServerProcess read(Optional<Long> process) throws IOException {
    Optional<Duration> cpu =
        process.flatMap(ProcessHandle::of).flatMap(handle -> handle.info().totalCpuDuration());
    if (cpu.isEmpty()) {
      return new ServerProcess(false, 0, 0);
    }
    Path status = Path.of("/proc", String.valueOf(process.orElseThrow()), "status");
    long resident = 0;
    if (Files.isReadable(status)) {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmRSS:")) {
          resident = Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        }
      }
    }
    return new ServerProcess(true, cpu.get().toNanos() / 1e9, resident);
  }
}
