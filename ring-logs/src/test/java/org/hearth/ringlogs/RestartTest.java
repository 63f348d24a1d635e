package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The program ends at any step and starts again: what is durable afterwards is as if it had not
/// ended.
///
/// A disk holds what outlives the program: the committed entries, what each reader made durable,
/// the dead letters. A step is a commit, a publication, a reader's transaction, or a letter kept.
/// At the chosen step the power goes: that step and all after it fail until the next start.
@Timeout(120)
class RestartTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /// Thrown at every step while the power is off.
  private static final class PowerCut extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /// What outlives the program.
  private static final class Disk {
    final NoteStore store = new NoteStore();
    final DeadLetters letters = DeadLetters.inMemory();
    final Map<String, TreeMap<LogPosition, Note>> views = new HashMap<>();
    final Map<String, LogPosition> positions = new HashMap<>();
    long head;
    private int stepsLeft;

    synchronized void powerFor(int steps) {
      stepsLeft = steps;
    }

    synchronized boolean isDown() {
      return stepsLeft <= 0;
    }

    synchronized void step() {
      if (stepsLeft-- <= 0) {
        throw new PowerCut();
      }
    }

    synchronized void keep(String reader, List<Positioned<Note>> batch) {
      step();
      TreeMap<LogPosition, Note> view = views.computeIfAbsent(reader, _ -> new TreeMap<>());
      for (Positioned<Note> each : batch) {
        Note before = view.put(each.position(), each.entry());
        assertThat(before).as("%s kept %s twice", reader, each).isNull();
      }
      positions.merge(reader, batch.getLast().position(), (a, b) -> a.isAfter(b) ? a : b);
    }

    synchronized LogPosition position(String reader) {
      return positions.getOrDefault(reader, LogPosition.ORIGIN);
    }

    synchronized Map<LogPosition, Note> view(String reader) {
      return Map.copyOf(views.getOrDefault(reader, new TreeMap<>()));
    }
  }

  /// Letters that fail without power.
  private record PoweredLetters(Disk disk) implements DeadLetters {
    @Override
    public void park(DeadLetter letter) {
      disk.step();
      disk.letters.park(letter);
    }

    @Override
    public void remove(DeadLetter.Label letter) {
      disk.letters.remove(letter);
    }

    @Override
    public List<DeadLetter.Label> of(String log, String consumer) {
      return disk.letters.of(log, consumer);
    }

    @Override
    public List<DeadLetter.Label> of(String log, String consumer, String partitionKey) {
      return disk.letters.of(log, consumer, partitionKey);
    }

    @Override
    public DeadLetter read(DeadLetter.Label letter) {
      return disk.letters.read(letter);
    }

    @Override
    public List<DeadLetter> all() {
      return disk.letters.all();
    }
  }

  private record DiskReader(String name, Disk disk, boolean chokesOnBad)
      implements LogReader<Note> {
    @Override
    public LogPosition position() {
      return disk.position(name);
    }

    @Override
    public void onBatch(List<Positioned<Note>> batch) {
      if (chokesOnBad && batch.stream().anyMatch(each -> each.entry().key().equals("bad"))) {
        throw new IllegalStateException("cannot digest");
      }
      disk.keep(name, batch);
    }

    @Override
    public void onRelease(List<Positioned<Note>> entries) {
      disk.keep(name, entries);
    }
  }

  private static FailureHandling handling(Disk disk) {
    return new FailureHandling(
        new PoweredLetters(disk),
        PowerCut.class::isInstance,
        Duration.ofMillis(1),
        Duration.ofMillis(1),
        InstantSource.system());
  }

  private static OutputLog<Note> open(Disk disk, int capacity) {
    OutputLog<Note> log =
        new OutputLog<>(Note.log("note-output", capacity), disk.store, handling(disk));
    log.register(new DiskReader("First", disk, false));
    log.register(new DiskReader("Second", disk, false), "First");
    log.register(new DiskReader("Choking", disk, true));
    log.start(new LogPosition(disk.head));
    return log;
  }

  /// One run: commits and publishes up to `entries` until the power goes.
  private static void run(Disk disk, int capacity, int entries, RandomGenerator random)
      throws InterruptedException {
    OutputLog<Note> log = open(disk, capacity);
    try {
      while (disk.head < entries) {
        int size = random.nextInt(1, 5);
        List<Positioned<Note>> batch = new ArrayList<>();
        disk.step();
        synchronized (disk) {
          for (int i = 0; i < size; i++) {
            disk.head += random.nextInt(1, 3);
            String key = random.nextInt(10) == 0 ? "bad" : "key-" + random.nextInt(3);
            batch.add(disk.store.commit(new LogPosition(disk.head), new Note(key, disk.head)));
          }
        }
        disk.step();
        log.publish(batch);
      }
      for (String reader : List.of("First", "Second", "Choking")) {
        while (!disk.isDown()
            && !log.awaitReader(reader, new LogPosition(disk.head), Duration.ofMillis(5))) {
          Thread.onSpinWait();
        }
      }
    } catch (PowerCut _) {
      // The program ends here; the readers find out at their own next step.
      assertThat(disk.isDown()).isTrue();
    } finally {
      log.drainAndStop(disk.isDown() ? Duration.ZERO : PATIENCE);
      awaitEnd(log);
    }
  }

  private static void awaitEnd(OutputLog<Note> log) {
    while (log.figures().consumers().stream()
        .anyMatch(each -> each.state() != ConsumerFigures.State.STOPPED)) {
      Thread.onSpinWait();
    }
  }

  private static void checkAndRelease(Disk disk, int capacity, String what) throws Exception {
    disk.powerFor(Integer.MAX_VALUE);
    OutputLog<Note> log = open(disk, capacity);
    LogPosition head = new LogPosition(disk.head);
    for (String reader : List.of("First", "Second", "Choking")) {
      assertThat(log.awaitReader(reader, head, PATIENCE)).as(what).isTrue();
    }
    Map<LogPosition, Note> all = new HashMap<>();
    disk.store.all().forEach(each -> all.put(each.position(), each.entry()));
    assertThat(disk.view("First")).as(what).isEqualTo(all);
    assertThat(disk.view("Second")).as(what).isEqualTo(all);
    Map<LogPosition, Note> parked = new HashMap<>();
    for (DeadLetter letter : disk.letters.all()) {
      parked.put(letter.position(), letter.entry().decode(Note.CODEC));
    }
    Map<LogPosition, Note> digested = new HashMap<>(all);
    digested.values().removeIf(note -> note.key().equals("bad"));
    assertThat(disk.view("Choking")).as(what).isEqualTo(digested);
    all.keySet().removeAll(digested.keySet());
    assertThat(parked).as(what).isEqualTo(all);

    ReleaseResult result = log.release("Choking", "bad", false).await(PATIENCE);

    assertThat(result).as(what).isEqualTo(new ReleaseResult("bad", parked.size(), 0, 0));
    assertThat(disk.view("Choking")).as(what).isEqualTo(disk.view("First"));
    assertThat(log.drainAndStop(PATIENCE)).as(what).isTrue();
  }

  static IntStream everyStep() {
    return IntStream.range(0, 60);
  }

  @ParameterizedTest
  @MethodSource("everyStep")
  void losesNothingWhicheverStepIsTheLast(int step) throws Exception {
    Disk disk = new Disk();
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(step);
    disk.powerFor(step);

    run(disk, 4, 30, random);

    checkAndRelease(disk, 4, "power cut at step " + step);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void losesNothingOverManyRestarts(long seed) throws Exception {
    Disk disk = new Disk();
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    int entries = 0;
    for (int run = 0; run < 12; run++) {
      entries += random.nextInt(200);
      disk.powerFor(random.nextInt(4) == 0 ? Integer.MAX_VALUE : random.nextInt(120));
      run(disk, 1 << random.nextInt(1, 6), entries, random);
    }

    checkAndRelease(disk, 8, "seed " + seed);
  }
}
