package org.hearth.server.admin;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.upkeep.Upkeep;
import org.jspecify.annotations.Nullable;

/// How busy the server was: room events a second, looked at every second, whether or not anybody
/// looks at the picture. It outlives the server: what is known is in a [RateFile], written every
/// five minutes and at the end. The time in which no server ran is a gap.
///
/// **thread**: any; the looking has a thread of its own, which writes the file.
///
/// **bound**: as many points of each [Window] as it is long.
public final class RateHistory implements AutoCloseable {
  /// A look that comes so much later than it should says nothing of the time before it: the
  /// computer slept, or the clock was set.
  private static final int LATE = 3;

  private static final Duration LOOK = Duration.ofSeconds(1);

  /// Looks are a second apart, more or less.
  private static final Duration EARLY = Duration.ofMillis(500);

  /// A server that is killed loses so much of the picture.
  private static final Duration SAVE = Duration.ofMinutes(5);

  private static final String NOT_KEPT = "how busy the server was could not be kept";
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);
  private static final System.Logger LOG = System.getLogger(RateHistory.class.getName());

  private final LongSupplier count;
  private final InstantSource clock;

  /// One for each window.
  private final List<Track> tracks;

  private final Upkeep thread = new Upkeep("rate-history");
  private @Nullable RateFile file;

  /// When the file was written last. Of the thread that looks.
  private Instant saved;

  /// How far back, and how fine.
  public enum Window {
    /// Ten minutes by the second.
    TEN_MINUTES(Duration.ofMinutes(10), Duration.ofSeconds(1)),
    /// An hour by ten seconds.
    HOUR(Duration.ofHours(1), Duration.ofSeconds(10)),
    /// A day by the minute.
    DAY(Duration.ofDays(1), Duration.ofMinutes(1));

    private final Duration length;
    private final Duration step;

    Window(Duration length, Duration step) {
      this.length = length;
      this.step = step;
    }

    /// How far back it goes.
    public Duration length() {
      return length;
    }

    /// How much time a point stands for.
    public Duration step() {
      return step;
    }

    /// How many points it has at most, if none is early.
    int steps() {
      return (int) length.dividedBy(step);
    }
  }

  /// How many events a second there were from one moment to another. Between two points that do not
  /// touch nothing is known.
  public record Point(Instant from, Instant to, double perSecond) {}

  /// The points of a window, and the look that the next one begins at.
  private static final class Track {
    private final Window window;
    private final Deque<Point> points = new ArrayDeque<>();
    private Instant since;
    private long before;

    Track(Window window, Instant since, long before) {
      this.window = window;
      this.since = since;
      this.before = before;
    }

    void look(Instant now, long counted) {
      Duration passed = Duration.between(since, now);
      if (!passed.isNegative() && passed.plus(EARLY).compareTo(window.step) < 0) {
        return;
      }
      if (!passed.isNegative() && passed.compareTo(window.step.multipliedBy(LATE)) <= 0) {
        points.add(new Point(since, now, (counted - before) * 1e9 / passed.toNanos()));
      }
      since = now;
      before = counted;
      forget(now);
    }

    /// What an earlier run knew of the window, oldest first.
    void remember(List<Point> earlier, Instant now) {
      earlier.forEach(points::addLast);
      forget(now);
    }

    private void forget(Instant now) {
      Instant oldest = now.minus(window.length);
      // Of a clock that was ahead.
      while (!points.isEmpty() && points.getLast().to().isAfter(now)) {
        points.removeLast();
      }
      while (!points.isEmpty() && points.getFirst().from().isBefore(oldest)) {
        points.removeFirst();
      }
    }
  }

  /// @param count events since the start; may only rise
  public RateHistory(LongSupplier count, InstantSource clock) {
    this.count = count;
    this.clock = clock;
    Instant now = clock.instant();
    long first = count.getAsLong();
    saved = now;
    this.tracks =
        Arrays.stream(Window.values()).map(window -> new Track(window, now, first)).toList();
  }

  /// What the last run of the server in a data folder has kept, of each window oldest first.
  ///
  /// @param folder the data folder; a server may run there
  /// @return empty if nothing is kept
  /// @throws IOException if the file cannot be read, or is none of these
  public static Map<Window, List<Point>> kept(DataFolder folder) throws IOException {
    return new RateFile(folder).read();
  }

  /// From now on it looks every second.
  ///
  /// @param folder where what is known outlives the server
  public void start(DataFolder folder) {
    RateFile kept = new RateFile(folder);
    Instant now = clock.instant();
    file = kept;
    saved = now;
    Upkeep.attempt("how busy the server was before is not known", () -> remember(kept, now));
    thread.every(LOOK, LOOK, "how busy the server is could not be looked at", this::look);
  }

  private synchronized void remember(RateFile kept, Instant now) {
    try {
      Map<Window, List<Point>> known = kept.read();
      tracks.forEach(track -> track.remember(known.getOrDefault(track.window, List.of()), now));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void save() {
    RateFile kept = file;
    if (kept == null) {
      return;
    }
    Map<Window, List<Point>> known = new EnumMap<>(Window.class);
    for (Window window : Window.values()) {
      known.put(window, points(window));
    }
    try {
      kept.write(known);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Looks once, and writes what is known every [#SAVE].
  void look() {
    Instant now = clock.instant();
    look(now);
    if (Duration.between(saved, now).abs().compareTo(SAVE) >= 0) {
      saved = now;
      Upkeep.attempt(NOT_KEPT, this::save);
    }
  }

  private synchronized void look(Instant now) {
    long counted = count.getAsLong();
    tracks.forEach(track -> track.look(now, counted));
  }

  /// What is known of a window, oldest first.
  public synchronized List<Point> points(Window window) {
    return tracks.stream()
        .filter(track -> track.window == window)
        .findFirst()
        .map(track -> List.copyOf(track.points))
        .orElseThrow();
  }

  /// Looks no more, and writes what is known.
  @Override
  public void close() {
    if (thread.isEnding()) {
      return;
    }
    thread.once(NOT_KEPT, this::save);
    try {
      if (!thread.end(PATIENCE_AT_END)) {
        LOG.log(Level.WARNING, NOT_KEPT + ": the disk is too slow");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
