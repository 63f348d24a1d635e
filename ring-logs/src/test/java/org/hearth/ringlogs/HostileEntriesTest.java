package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.ringlogs.NoteLogs.PATIENCE;
import static org.hearth.ringlogs.NoteLogs.at;

import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogFigures.WriterFigures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Entries whose key, codec or text throws stop nobody.
@Timeout(60)
class HostileEntriesTest {
  private final DeadLetters letters = DeadLetters.inMemory();

  /// An entry that can do nothing but be there.
  private record Hostile(int number) {
    @Override
    public String toString() {
      throw new IllegalStateException("no text");
    }
  }

  private static String key(Hostile entry) {
    if (entry.number() < 0) {
      throw new IllegalStateException("no key for this");
    }
    return "key " + entry.number();
  }

  private static final EntryCodec<Hostile> NO_CODEC =
      new EntryCodec<>() {
        @Override
        public int version() {
          return 1;
        }

        @Override
        public byte[] encode(Hostile entry) {
          throw new StackOverflowError("nested too deep");
        }

        @Override
        public Hostile decode(int version, byte[] bytes) {
          throw new StackOverflowError("nor back");
        }
      };

  private static LogSpec<Hostile> spec(String name) {
    return new LogSpec<>(name, Hostile.class, 16, HostileEntriesTest::key, NO_CODEC);
  }

  private static final class Choking implements LogReader<Hostile> {
    private final List<Integer> kept = new ArrayList<>();
    private volatile LogPosition position = LogPosition.ORIGIN;

    @Override
    public String name() {
      return "One";
    }

    @Override
    public LogPosition position() {
      return position;
    }

    @Override
    public void onBatch(List<Positioned<Hostile>> batch) {
      for (Positioned<Hostile> each : batch) {
        if (each.entry().number() % 2 != 0) {
          throw new IllegalStateException("odd");
        }
        kept.add(each.entry().number());
        position = each.position();
      }
    }
  }

  @Test
  void readerGoesOnBehindEntriesWithoutKeyBytesOrText() throws InterruptedException {
    OutputLog<Hostile> log =
        new OutputLog<>(
            spec("hostile-output"), (_, _, _) -> List.of(), UnavailableException.handling(letters));
    Choking reader = new Choking();
    log.register(reader);
    log.start(LogPosition.ORIGIN);

    for (int i : new int[] {-1, 1, -2, 2, -3}) {
      log.publish(log.head().plus(1), new Hostile(i));
    }

    assertThat(log.awaitReader("One", at(5), PATIENCE)).isTrue();
    assertThat(log.figures().consumers().getFirst().parkedKeys())
        .containsExactly("key 1", "position 1", "position 5");
    assertThat(letters.all())
        .hasSize(3)
        .allSatisfy(each -> assertThat(each.failure()).contains("odd").contains("not encodable"));
    assertThat(log.release("One", "key 1", false).await(PATIENCE).isOpen()).isFalse();
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
    assertThat(reader.kept).containsExactly(-2, 2);
  }

  @Test
  void commandWithoutAKeyIsRefusedToItsWriter() throws InterruptedException {
    InputLog<Hostile, Integer> log =
        new InputLog<>(
            spec("hostile-input"),
            "Server",
            1,
            _ -> (command, reply) -> reply.complete(command.number()),
            UnavailableException.handling(letters));
    log.start();
    LogWriter<Hostile, Integer> writer = log.writer("Tests");

    assertThatThrownBy(() -> writer.submit(new Hostile(-1), PATIENCE))
        .hasMessageContaining("no key for this");

    assertThat(writer.submit(new Hostile(3), PATIENCE).await(PATIENCE)).isEqualTo(3);
    assertThat(log.figures().writers()).containsExactly(new WriterFigures("Tests", 1, 1));
    assertThat(log.drainAndStop(PATIENCE)).isTrue();
  }
}
