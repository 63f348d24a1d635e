package org.hearth.server.box;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.EntryCodec;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.LogSpec;
import org.hearth.ringlogs.Positioned;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;
import org.junit.jupiter.api.Test;

/// The life of boxes, and what is made of their declarations.
class BoxesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final List<String> steps = Collections.synchronizedList(new ArrayList<>());
  private final Boxes boxes = new Boxes(_ -> {});

  /// A box that notes each step of its life.
  private class Noting implements Box {
    private final String name;

    Noting(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String purpose() {
      return "Notes its steps";
    }

    @Override
    public Node.Kind kind() {
      return Node.Kind.SERVER;
    }

    @Override
    public void start() {
      steps.add("start " + name);
    }

    @Override
    public void stop() {
      steps.add("stop " + name);
    }

    @Override
    public void close() {
      steps.add("close " + name);
    }
  }

  private static final class Names implements EntryCodec<String> {
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

  private static VolatileLog<String> log(String name) {
    return new VolatileLog<>(
        new LogSpec<>(name, String.class, 16, entry -> entry, new Names()),
        1,
        new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system()));
  }

  /// A reader that notes what it is told.
  private LogReader<String> reader(String name) {
    return new LogReader<>() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public LogPosition position() {
        return LogPosition.ORIGIN;
      }

      @Override
      public void onBatch(List<Positioned<String>> batch) {
        batch.forEach(each -> steps.add(name + " " + each.entry()));
      }
    };
  }

  private Box owner(Log log) {
    return new Noting("Owner") {
      @Override
      public List<Log> logs() {
        return List.of(log);
      }
    };
  }

  private Box follower(String name, Reading<?> reading) {
    return new Noting(name) {
      @Override
      public List<Reading<?>> readings() {
        return List.of(reading);
      }
    };
  }

  private Exception close() {
    Exception failures = new IllegalStateException("closing");
    boxes.close(PATIENCE, failures);
    return failures;
  }

  @Test
  void boxesStartInOrderAndEndInTheReverseOne() {
    boxes.add(new Noting("A"));
    boxes.add(new Noting("B"));

    boxes.start(LogPosition.ORIGIN);
    Exception failures = close();

    assertThat(steps)
        .containsExactly("start A", "start B", "stop B", "stop A", "close B", "close A");
    assertThat(failures.getSuppressed()).isEmpty();
  }

  @Test
  void whatFailsAtTheEndKeepsNoOtherFromEnding() {
    boxes.add(new Noting("A"));
    boxes.add(
        new Noting("B") {
          @Override
          public void stop() {
            throw new IllegalStateException("B does not stop");
          }

          @Override
          public void close() {
            throw new IllegalStateException("B does not close");
          }
        });
    boxes.start(LogPosition.ORIGIN);

    Exception failures = close();

    assertThat(steps).contains("stop A", "close A");
    assertThat(failures.getSuppressed())
        .extracting(Throwable::getMessage)
        .containsExactly("B could not be stopped", "B could not be closed");
  }

  @Test
  void anErrorOfOneBoxLeavesNoOtherOpen() {
    boxes.add(new Noting("A"));
    boxes.add(
        new Noting("B") {
          @Override
          public void stop() {
            throw new NoClassDefFoundError("org/example/Missing");
          }
        });
    boxes.start(LogPosition.ORIGIN);

    Exception failures = close();

    assertThat(steps).contains("stop A", "close A", "close B");
    assertThat(failures.getSuppressed())
        .extracting(Throwable::getMessage)
        .containsExactly("B could not be stopped");
  }

  @Test
  void boxesThatWereNeverStartedAreClosedToo() {
    boxes.add(new Noting("A"));

    close();

    assertThat(steps).containsExactly("stop A", "close A");
  }

  @Test
  void readersFollowInTheOrderTheyDeclareWhateverTheOrderOfTheirBoxes() throws Exception {
    VolatileLog<String> log = log("news");
    boxes.add(follower("Late", new Reading<>(log, reader("late"), List.of("early"))));
    boxes.add(follower("Early", Reading.of(log, reader("early"))));
    boxes.add(owner(log));
    boxes.start(LogPosition.ORIGIN);

    log.publish("one");
    assertThat(log.awaitReader("late", log.head().position(), PATIENCE)).isTrue();

    assertThat(steps).containsSubsequence("early one", "late one");
    close();
  }

  @Test
  void readersThatWaitForOneAnotherAreRefused() {
    VolatileLog<String> log = log("news");
    boxes.add(owner(log));
    boxes.add(follower("One", new Reading<>(log, reader("one"), List.of("two"))));
    boxes.add(follower("Two", new Reading<>(log, reader("two"), List.of("one"))));

    assertThatThrownBy(() -> boxes.start(LogPosition.ORIGIN))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("wait for one another");
    close();
    assertThat(steps).contains("close Owner", "close One", "close Two");
  }

  @Test
  void theDescriptionNamesBoxesWhereLogsNameReaders() {
    VolatileLog<String> log = log("news");
    boxes.add(owner(log));
    boxes.add(follower("Paper", Reading.of(log, reader("paper-reader"))));
    boxes.start(LogPosition.ORIGIN);

    assertThat(boxes.description().arrows())
        .containsExactlyInAnyOrder(
            new Arrow("Owner", "news", Arrow.Kind.WRITES),
            new Arrow("news", "Paper", Arrow.Kind.FEEDS));
    close();
  }

  @Test
  void twoBoxesOfOneNameAreRefused() {
    boxes.add(new Noting("A"));

    assertThatThrownBy(() -> boxes.add(new Noting("A")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("A");
  }

  @Test
  void aBoxThatAsksOneThatIsNotThereIsRefused() {
    boxes.add(
        new Noting("A") {
          @Override
          public List<String> asks() {
            return List.of("Nobody");
          }
        });

    assertThatThrownBy(() -> boxes.start(LogPosition.ORIGIN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Nobody");
    close();
  }
}
