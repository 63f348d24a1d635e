package org.hearth.server.store;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.IntStream;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.EntryCodec;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSpec;
import org.hearth.ringlogs.OutputLog;

/// Output logs of texts.
final class TestLogs {
  private TestLogs() {}

  /// So many announcements on a log that nobody reads.
  static List<Announcement<?>> announcements(int count) {
    if (count == 0) {
      return List.of();
    }
    OutputLog<String> log = log();
    log.start(LogPosition.ORIGIN);
    return IntStream.range(0, count)
        .<Announcement<?>>mapToObj(i -> new Announcement<>(i, log, "something"))
        .toList();
  }

  /// A log that has nothing in its store and is not started.
  static OutputLog<String> log() {
    return new OutputLog<>(
        new LogSpec<>("test-output", String.class, 64, Object::toString, new TextCodec()),
        (_, _, _) -> List.of(),
        new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system()));
  }

  static final class TextCodec implements EntryCodec<String> {
    @Override
    public int version() {
      return 1;
    }

    @Override
    public byte[] encode(String entry) {
      return entry.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String decode(int version, byte[] bytes) {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
