package org.hearth.server.admin;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import org.hearth.server.upkeep.Upkeep;

/// How busy the server was: room events a second, looked at every second, whether or not anybody
/// looks at the picture.
///
/// **thread**: any; the looking has a thread of its own.
///
/// **bound**: as many points of each [Window] as it is long.
public final class RateHistory implements AutoCloseable {
  /// A look that comes so much later than it should says nothing of the time before it: the
  /// computer slept, or the clock was set.
  private static final int LATE = 3;

  private static final Duration LOOK = Duration.ofSeconds(1);

  /// Looks are a second apart, more or less.
  private static final Duration EARLY = Duration.ofMillis(500);

  private final LongSupplier count;
  private final InstantSource clock;

  /// One for each window.
  private final List<Track> tracks;

  private final Upkeep thread = new Upkeep("rate-history");

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
      Instant oldest = now.minus(window.length);
      while (!points.isEmpty()
          && (points.getFirst().from().isBefore(oldest) || points.getLast().to().isAfter(now))) {
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
    this.tracks =
        Arrays.stream(Window.values()).map(window -> new Track(window, now, first)).toList();
  }

  /// From now on it looks every second.
  public void start() {
    thread.every(LOOK, LOOK, "how busy the server is could not be looked at", this::look);
  }

  /// Looks once.
  synchronized void look() {
    Instant now = clock.instant();
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

  @Override
  public void close() {
    thread.end();
  }
}
