package org.hearth.app.wiring;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleBooleanProperty;
import org.hearth.app.state.FxState;
import org.hearth.app.state.Heartbeat;
import org.hearth.app.state.PassingSentence;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.ParkedEntries;
import org.hearth.server.admin.ReleasedEntries;
import org.hearth.server.admin.WiringPicture;

/// The wiring with the rates that follow from looking twice.
///
/// **thread**: the JavaFX thread.
public final class WiringViewModel {
  private static final Duration PERIOD = Duration.ofMillis(500);

  /// Rates are those of so long: what comes once a second is shown as that.
  private static final Duration WINDOW = Duration.ofSeconds(5);

  /// A reader that has work and handles none for so long stands still.
  private static final Duration STALLED = Duration.ofSeconds(4);

  /// A ring as it is drawn.
  ///
  /// @param ring its numbers
  /// @param perSecond entries published a second, of late
  /// @param writers the same by the box that writes; empty if one writer has all of them
  /// @param readers entries handled a second, by the reader
  /// @param fill the share of its slots that are taken, 0 to 1
  /// @param failed the readers that failed of late, stand still, or have entries parked
  record RingNow(
      WiringPicture.Ring ring,
      double perSecond,
      Map<String, Double> writers,
      Map<String, Double> readers,
      double fill,
      Set<String> failed) {
    RingNow {
      failed = Set.copyOf(failed);
    }

    /// The greatest lag of its readers, in entries.
    long lag() {
      return ring.consumers().stream().mapToLong(WiringPicture.Consumer::lag).max().orElse(0);
    }
  }

  /// Everything that is drawn.
  ///
  /// @param picture the server's own description
  /// @param rings by name
  record Now(WiringPicture picture, Map<String, RingNow> rings) {
    /// Entries a second along an arrow: what its writer writes, or what its reader reads, which is
    /// all that is written.
    double rate(WiringPicture.Arrow arrow) {
      RingNow written = rings.get(arrow.to());
      if (written != null) {
        return written.writers().isEmpty()
            ? written.perSecond()
            : written.writers().getOrDefault(arrow.from(), 0.0);
      }
      RingNow read = rings.get(arrow.from());
      return read == null ? 0 : read.perSecond();
    }

    /// What the entries of a ring are. What leads to the store are units of work: each may bring
    /// several logs an entry, or none.
    String unit(String ring) {
      return picture.nodes().stream()
              .filter(node -> node.kind() == WiringPicture.Kind.STORE)
              .anyMatch(
                  store -> picture.arrows().contains(new WiringPicture.Arrow(ring, store.name())))
          ? "units of work (each may bring several logs an entry, or none)"
          : "entries";
    }

    /// Whether a ring has a reader that failed, or a box is one. A reader that is called otherwise
    /// than every box, such as that of an input log, is the box that its log leads to.
    boolean failed(String name) {
      RingNow ring = rings.get(name);
      if (ring != null) {
        return !ring.failed().isEmpty();
      }
      return picture.arrows().stream()
          .filter(arrow -> arrow.to().equals(name))
          .flatMap(arrow -> Stream.ofNullable(rings.get(arrow.from())))
          .flatMap(led -> led.failed().stream())
          .anyMatch(reader -> isOf(reader, name) || !isBox(reader));
    }

    private boolean isBox(String name) {
      return picture.nodes().stream().anyMatch(node -> isOf(name, node.name()));
    }

    /// The reader `guest-access` is the box `GuestAccess`.
    private static boolean isOf(String reader, String box) {
      return reader.replace("-", "").equalsIgnoreCase(box);
    }
  }

  /// What was seen, and when.
  private record Look(long nanos, WiringPicture picture) {}

  /// What is asked for in one go.
  private record Answer(WiringPicture picture, List<ParkedEntries> parked) {}

  private final ServerSession session;
  private final Heartbeat<Optional<Answer>> heartbeat;
  private final ReadOnlyObjectWrapper<List<ParkedEntries>> parked =
      new ReadOnlyObjectWrapper<>(List.of());
  private final PassingSentence outcome = new PassingSentence();
  private final ReadOnlyBooleanWrapper working = new ReadOnlyBooleanWrapper();
  private final ReadOnlyBooleanWrapper stopped = new ReadOnlyBooleanWrapper();
  private final ReadOnlyObjectWrapper<Optional<Now>> now =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final ReadOnlyStringWrapper sentence = new ReadOnlyStringWrapper("");
  private final BooleanProperty eachService = new SimpleBooleanProperty();
  private final ArrayDeque<Look> looks = new ArrayDeque<>();

  WiringViewModel(ServerSession session) {
    this.session = session;
    this.heartbeat =
        new Heartbeat<>(
            "wiring",
            PERIOD,
            () -> session.admin().map(admin -> new Answer(admin.wiring(), admin.parked())),
            answer -> answer.ifPresentOrElse(this::show, this::showStopped),
            sentence::set);
    eachService.addListener((_, _, _) -> heartbeat.beat());
  }

  void start() {
    heartbeat.start();
  }

  void stop() {
    heartbeat.stop();
    looks.clear();
  }

  /// What to draw; empty while the server does not run.
  ReadOnlyObjectProperty<Optional<Now>> now() {
    return now.getReadOnlyProperty();
  }

  /// Whether the server does not run; false also until that is known.
  ReadOnlyBooleanProperty stopped() {
    return stopped.getReadOnlyProperty();
  }

  /// Whether each service has a box of its own.
  BooleanProperty eachService() {
    return eachService;
  }

  /// What is slow now, in a sentence.
  ReadOnlyStringProperty sentence() {
    return sentence.getReadOnlyProperty();
  }

  /// What waits for a decision; empty when all is well.
  ReadOnlyObjectProperty<List<ParkedEntries>> parked() {
    return parked.getReadOnlyProperty();
  }

  /// What became of the last decision, in a sentence.
  ReadOnlyStringProperty outcome() {
    return outcome.text();
  }

  /// Whether a decision is being carried out.
  ReadOnlyBooleanProperty working() {
    return working.getReadOnlyProperty();
  }

  void retryParked(ParkedEntries each) {
    decide(admin -> admin.retryParked(each.log(), each.consumer(), each.key()));
  }

  void discardParked(ParkedEntries each) {
    decide(admin -> admin.discardParked(each.log(), each.consumer(), each.key()));
  }

  private void decide(Function<Admin, ReleasedEntries> decision) {
    working.set(true);
    outcome.clear();
    FxState.ask(
        "parked",
        () ->
            decision.apply(
                session
                    .admin()
                    .orElseThrow(() -> new IllegalStateException("The server is not running."))),
        released -> {
          working.set(false);
          if (released.remaining() == 0) {
            outcome.say(
                "Done: %,d handled, %,d discarded."
                    .formatted(released.handled(), released.discarded()));
          } else {
            outcome.stay("It failed again: %,d are parked still.".formatted(released.remaining()));
          }
          heartbeat.beat();
        },
        sentence -> {
          working.set(false);
          outcome.stay(sentence);
        });
  }

  /// Whether a box or ring is a ring, or writes it, or reads it.
  boolean touches(String name, String ring) {
    return name.equals(ring)
        || now.get().stream()
            .flatMap(each -> each.picture().arrows().stream())
            .anyMatch(arrow ->
                (arrow.from().equals(name) && arrow.to().equals(ring))
                    || (arrow.to().equals(name) && arrow.from().equals(ring)));
  }

  /// A box or a ring in a sentence: what goes in and out, or its numbers.
  ///
  /// @param name what was chosen; empty for nothing
  String explain(String name) {
    if (name.isEmpty() || now.get().isEmpty()) {
      return "";
    }
    Now shown = now.get().get();
    RingNow ring = shown.rings().get(name);
    String from = ends(shown, arrow -> arrow.to().equals(name), WiringPicture.Arrow::from);
    String to = ends(shown, arrow -> arrow.from().equals(name), WiringPicture.Arrow::to);
    if (ring != null) {
      return "%s: written by %s, read by %s. %,d of %,d places taken, %,d %s since the start, writers waited %,d times."
          .formatted(
              name,
              from + withoutArrow(shown, ring),
              to,
              ring.ring().inFlight(),
              ring.ring().capacity(),
              ring.ring().published(),
              shown.unit(name),
              ring.ring().waits());
    }
    return shown.picture().nodes().stream()
        .filter(each -> each.name().equals(name))
        .map(each -> "%s (%s): reads %s, writes %s.".formatted(name, each.purpose(), from, to))
        .findFirst()
        .orElse("");
  }

  private static String ends(
      Now shown, Predicate<WiringPicture.Arrow> wanted, Function<WiringPicture.Arrow, String> end) {
    String names =
        shown.picture().arrows().stream()
            .filter(wanted)
            .map(arrow ->
                "%s (%s/s)".formatted(end.apply(arrow), WiringFigures.rate(shown.rate(arrow))))
            .distinct()
            .collect(Collectors.joining(", "));
    return names.isEmpty() ? "no log" : names;
  }

  /// Who else writes a ring: what readers keep for themselves would lead back across the picture.
  static String withoutArrow(Now shown, RingNow ring) {
    String names =
        ring.writers().entrySet().stream()
            .filter(each ->
                !shown
                    .picture()
                    .arrows()
                    .contains(new WiringPicture.Arrow(each.getKey(), ring.ring().name())))
            .sorted(Map.Entry.comparingByKey())
            .map(each -> "%s (%s/s)".formatted(each.getKey(), WiringFigures.rate(each.getValue())))
            .collect(Collectors.joining(", "));
    return names.isEmpty() ? "" : ", without an arrow by " + names;
  }

  private void show(Answer answer) {
    WiringPicture picture = drawn(answer.picture());
    parked.set(answer.parked());
    long nanos = System.nanoTime();
    looks.removeIf(each -> nanos - each.nanos() > WINDOW.toNanos());
    looks.addLast(new Look(nanos, answer.picture()));
    Look first = looks.getFirst();
    double seconds = (nanos - first.nanos()) / 1e9;
    Map<String, WiringPicture.Ring> last = new HashMap<>();
    drawn(first.picture()).rings().forEach(ring -> last.put(ring.name(), ring));
    Map<String, RingNow> rings = new HashMap<>();
    for (WiringPicture.Ring ring : picture.rings()) {
      rings.put(
          ring.name(),
          rates(
              ring,
              Optional.ofNullable(last.get(ring.name())).orElse(ring),
              seconds,
              answer.parked()));
    }
    stopped.set(false);
    now.set(Optional.of(new Now(picture, rings)));
    sentence.set(judge(List.copyOf(rings.values())));
  }

  private WiringPicture drawn(WiringPicture picture) {
    return eachService.get() ? picture : WiringGroups.fold(picture);
  }

  static RingNow rates(
      WiringPicture.Ring ring,
      WiringPicture.Ring before,
      double seconds,
      List<ParkedEntries> parked) {
    Map<String, Double> writers = new HashMap<>();
    ring.writers()
        .forEach((writer, count) ->
            writers.put(
                writer, perSecond(count, before.writers().getOrDefault(writer, 0L), seconds)));
    Map<String, Long> handledBefore = new HashMap<>();
    before.consumers().forEach(each -> handledBefore.put(each.name(), each.consumed()));
    Map<String, Double> readers = new HashMap<>();
    ring.consumers()
        .forEach(each ->
            readers.put(
                each.name(),
                perSecond(each.consumed(), handledBefore.getOrDefault(each.name(), 0L), seconds)));
    return new RingNow(
        ring,
        perSecond(ring.published(), before.published(), seconds),
        writers,
        readers,
        ring.capacity() == 0 ? 0 : (double) ring.inFlight() / ring.capacity(),
        failed(ring, before, seconds, parked));
  }

  private static Set<String> failed(
      WiringPicture.Ring ring,
      WiringPicture.Ring before,
      double seconds,
      List<ParkedEntries> parked) {
    Map<String, WiringPicture.Consumer> earlier = new HashMap<>();
    before.consumers().forEach(each -> earlier.put(each.name(), each));
    Set<String> failed =
        ring.consumers().stream()
            .filter(each -> each.parked() > 0)
            .map(WiringPicture.Consumer::name)
            .collect(Collectors.toCollection(HashSet::new));
    if (failed.isEmpty()) {
      // What an earlier version parked for a reader that is no more.
      parked.stream()
          .filter(each -> each.log().equals(ring.name()))
          .map(ParkedEntries::consumer)
          .forEach(failed::add);
    }
    for (WiringPicture.Consumer now : ring.consumers()) {
      WiringPicture.Consumer then = earlier.getOrDefault(now.name(), now);
      boolean standsStill =
          seconds >= STALLED.toSeconds()
              && now.lag() > 0
              && then.lag() > 0
              && now.consumed() == then.consumed();
      if (standsStill || now.failures() > then.failures()) {
        failed.add(now.name());
      }
    }
    return failed;
  }

  private static double perSecond(long now, long before, double seconds) {
    return seconds > 0 ? (now - before) / seconds : 0;
  }

  private void showStopped() {
    looks.clear();
    stopped.set(true);
    now.set(Optional.empty());
    parked.set(List.of());
    sentence.set(session.absence());
  }

  /// Names what failed, or else the fullest ring and the reader that is furthest behind, if either
  /// is worth a word.
  static String judge(List<RingNow> rings) {
    Optional<RingNow> failed = rings.stream().filter(each -> !each.failed().isEmpty()).findFirst();
    if (failed.isPresent()) {
      String ring = failed.get().ring().name();
      String readers =
          failed.get().failed().stream()
              .filter(each -> !each.startsWith(ring)) // Those of an input log are called by it.
              .sorted()
              .collect(Collectors.joining(", "));
      return readers.isEmpty()
          ? "The work of %s has failed or stands still; it is red below.".formatted(ring)
          : "%s has failed or stands still on %s; it is red below.".formatted(readers, ring);
    }
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
        ? (failures == 1 ? "1 failure" : "%,d failures".formatted(failures))
            + " since the start; see Activity."
        : "Everything keeps up.";
  }
}
