package org.hearth.app.wiring;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import org.hearth.app.state.Heartbeat;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.WiringPicture;
import org.jspecify.annotations.Nullable;

/// The wiring with the rates that follow from looking twice.
///
/// **thread**: the JavaFX thread.
public final class WiringViewModel {
  private static final Duration PERIOD = Duration.ofMillis(500);

  /// A ring as it is drawn.
  ///
  /// @param ring its numbers
  /// @param perSecond entries published a second since the last look
  /// @param fill the share of its slots that are taken, 0 to 1
  record RingNow(WiringPicture.Ring ring, double perSecond, double fill) {
    /// The greatest lag of its readers, in entries.
    long lag() {
      return ring.consumers().stream().mapToLong(WiringPicture.Consumer::lag).max().orElse(0);
    }
  }

  /// Everything that is drawn.
  ///
  /// @param picture the server's own description
  /// @param rings by name
  record Now(WiringPicture picture, Map<String, RingNow> rings) {}

  private final Heartbeat<Optional<WiringPicture>> heartbeat;
  private final ReadOnlyObjectWrapper<Optional<Now>> now =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final ReadOnlyStringWrapper sentence = new ReadOnlyStringWrapper("");
  private @Nullable WiringPicture before;
  private long beforeNanos;

  WiringViewModel(ServerSession session) {
    this.heartbeat =
        new Heartbeat<>(
            "wiring",
            PERIOD,
            () -> session.admin().map(Admin::wiring),
            picture -> picture.ifPresentOrElse(this::show, this::showStopped),
            sentence::set);
  }

  void start() {
    heartbeat.start();
  }

  void stop() {
    heartbeat.stop();
    before = null;
  }

  /// What to draw; empty while the server does not run.
  ReadOnlyObjectProperty<Optional<Now>> now() {
    return now.getReadOnlyProperty();
  }

  /// What is slow now, in a sentence.
  ReadOnlyStringProperty sentence() {
    return sentence.getReadOnlyProperty();
  }

  private void show(WiringPicture picture) {
    long nanos = System.nanoTime();
    double seconds = (nanos - beforeNanos) / 1e9;
    Map<String, Long> published = new HashMap<>();
    if (before != null) {
      before.rings().forEach(ring -> published.put(ring.name(), ring.published()));
    }
    Map<String, RingNow> rings = new HashMap<>();
    for (WiringPicture.Ring ring : picture.rings()) {
      long was = published.getOrDefault(ring.name(), ring.published());
      rings.put(
          ring.name(),
          new RingNow(
              ring,
              seconds > 0 ? (ring.published() - was) / seconds : 0,
              ring.capacity() == 0 ? 0 : (double) ring.inFlight() / ring.capacity()));
    }
    before = picture;
    beforeNanos = nanos;
    now.set(Optional.of(new Now(picture, rings)));
    sentence.set(judge(List.copyOf(rings.values())));
  }

  private void showStopped() {
    before = null;
    now.set(Optional.empty());
    sentence.set("The server is not running.");
  }

  /// Names the fullest ring and the reader that is furthest behind, if either is worth a word.
  static String judge(List<RingNow> rings) {
    Optional<RingNow> fullest =
        rings.stream().max(java.util.Comparator.comparingDouble(RingNow::fill));
    if (fullest.isPresent() && fullest.get().fill() >= 0.6) {
      return "%s is %.0f %% full: what reads it is the slowest part now."
          .formatted(fullest.get().ring().name(), fullest.get().fill() * 100);
    }
    Optional<RingNow> latest = rings.stream().max(java.util.Comparator.comparingLong(RingNow::lag));
    if (latest.isPresent() && latest.get().lag() > 1_000) {
      WiringPicture.Consumer consumer =
          latest.get().ring().consumers().stream()
              .max(java.util.Comparator.comparingLong(WiringPicture.Consumer::lag))
              .orElseThrow();
      return "%s is %,d entries behind on %s."
          .formatted(consumer.name(), consumer.lag(), latest.get().ring().name());
    }
    long failures =
        rings.stream()
            .flatMap(each -> each.ring().consumers().stream())
            .mapToLong(WiringPicture.Consumer::failures)
            .sum();
    return failures > 0
        ? "%,d entries failed since the start; see Activity.".formatted(failures)
        : "Everything keeps up.";
  }
}
