package org.hearth.server.box;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.hearth.ringlogs.FollowedLog;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.LogSet.ConsumerDeath;
import org.hearth.ringlogs.WiringDescription;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.http.RouteGroup;
import org.jspecify.annotations.Nullable;

/// The boxes of one server: what they declare, taken together, and their life.
///
/// Boxes are added in the order of who needs whom; [#start] connects their logs and starts all;
/// [#close] ends whatever was added or started, in the reverse order, whatever fails on the way.
///
/// **Thread**: [#add], [#addCompanion], [#start] and [#close] one; the rest any, after the start.
public final class Boxes {
  private static final System.Logger LOG = System.getLogger(Boxes.class.getName());

  private final List<Box> boxes = new ArrayList<>();
  private final List<AccountCompanion> companions = new ArrayList<>();
  private final Consumer<? super ConsumerDeath> onDeath;
  private @Nullable LogSet logs;

  /// @param onDeath told when a thread of a log ends by an error; quick
  public Boxes(Consumer<? super ConsumerDeath> onDeath) {
    this.onDeath = onDeath;
  }

  /// Adds a box, which is closed with the others from now on.
  ///
  /// @return the box
  /// @throws IllegalArgumentException if there is one of that name
  public <B extends Box> B add(B box) {
    if (boxes.stream().anyMatch(each -> each.name().equals(box.name()))) {
      throw new IllegalArgumentException("two boxes of one name: " + box.name());
    }
    boxes.add(box);
    companions.addAll(box.companions());
    return box;
  }

  /// Adds what a box that is switched off has kept for accounts: it goes with them all the same.
  public void addCompanion(AccountCompanion companion) {
    companions.add(companion);
  }

  /// What the boxes keep for accounts and devices: a view, to which each box adds that comes. It is
  /// whole before the start.
  public List<AccountCompanion> companions() {
    return Collections.unmodifiableList(companions);
  }

  /// Registers the readers, starts all logs and then the boxes in their order.
  ///
  /// @param head the last position that was committed
  /// @throws IllegalStateException if the declarations do not fit together
  public void start(LogPosition head) {
    LogSet set = new LogSet(boxes.stream().flatMap(each -> each.logs().stream()).toList(), onDeath);
    logs = set;
    for (Box each : boxes) {
      for (Log log : each.logs()) {
        if (log instanceof FollowedLog<?> written) {
          written.writtenBy(each.name());
        }
      }
    }
    registerReaders();
    WiringDescription wiring = description(); // refuses what does not fit together
    LOG.log(Level.DEBUG, "the boxes are wired: {0}", wiring);
    set.start(head);
    boxes.forEach(Box::start);
  }

  /// Each after those that it is to be told after.
  private void registerReaders() {
    List<Reading<?>> left =
        new ArrayList<>(boxes.stream().flatMap(each -> each.readings().stream()).toList());
    Map<Log, Set<String>> registered = new HashMap<>();
    while (!left.isEmpty()) {
      Reading<?> next =
          left.stream()
              .filter(
                  each -> registered.getOrDefault(each.log(), Set.of()).containsAll(each.after()))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalStateException(
                      "these readers wait for one another, or for one that is not there: " + left));
      next.register();
      registered.computeIfAbsent(next.log(), _ -> new HashSet<>()).add(next.reader().name());
      left.remove(next);
    }
  }

  /// Ends everything in the reverse order; what fails is added to `failures`.
  ///
  /// @param patience how long what was accepted may take, all logs together; none if nothing can be
  ///   stored any more
  public void close(Duration patience, Exception failures) {
    // An interrupt would end each wait that follows: it is told when all is closed.
    boolean interrupted = Thread.interrupted();
    List<Box> reversed = boxes.reversed();
    for (Box each : reversed) {
      interrupted |= attempt(each.name() + " could not be stopped", each::stop, failures);
    }
    LogSet set = logs;
    if (set != null) {
      interrupted |= attempt("the logs could not be drained", () -> drain(set, patience), failures);
    }
    for (Box each : reversed) {
      interrupted |= attempt(each.name() + " could not be closed", each::close, failures);
    }
    boxes.clear();
    logs = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void drain(LogSet logs, Duration patience) throws InterruptedException {
    if (!logs.drainAndStop(patience)) {
      LOG.log(
          Level.WARNING,
          patience.isZero()
              ? "some logs were not waited for, since nothing can be stored any more; their readers go on from there at the next start"
              : "after {0} s some logs were stopped before their ends; their readers go on from there at the next start",
          patience.toSeconds());
    }
  }

  /// One step of the end, which may fail.
  @FunctionalInterface
  private interface Step {
    void take() throws InterruptedException;
  }

  /// @return whether the thread was interrupted meanwhile; it is not any more
  private static boolean attempt(String otherwise, Step step, Exception failures) {
    boolean interrupted = false;
    try {
      step.take();
    } catch (InterruptedException e) {
      interrupted = true;
      failures.addSuppressed(new IllegalStateException(otherwise, e));
    } catch (RuntimeException | Error e) {
      // An Error too: whatever is wrong with one part, the others have files and threads to let go.
      failures.addSuppressed(new IllegalStateException(otherwise, e));
    }
    return Thread.interrupted() || interrupted;
  }

  /// The endpoints of all boxes.
  public List<RouteGroup> routes() {
    return boxes.stream().flatMap(each -> each.routes().stream()).toList();
  }

  /// All boxes, in the order in which they were added.
  public List<Box> all() {
    return List.copyOf(boxes);
  }

  /// The logs of all boxes.
  public LogSet logs() {
    LogSet set = logs;
    if (set == null) {
      throw new IllegalStateException("the boxes have not been started");
    }
    return set;
  }

  /// What each box is there for, by its name.
  public Map<String, String> purposes() {
    return boxes.stream().collect(Collectors.toUnmodifiableMap(Box::name, Box::purpose));
  }

  /// The names of the boxes that have tables, and so hand work to the committer.
  public Set<String> storing() {
    return boxes.stream()
        .filter(each -> !each.tables().isEmpty())
        .map(Box::name)
        .collect(Collectors.toUnmodifiableSet());
  }

  /// The boxes, their logs, and every arrow between them.
  public WiringDescription description() {
    Map<String, String> boxOfReader = new HashMap<>();
    List<Node> nodes = new ArrayList<>();
    List<Arrow> arrows = new ArrayList<>();
    for (Box box : boxes) {
      nodes.add(new Node(box.name(), box.kind()));
      box.asks().forEach(each -> arrows.add(new Arrow(box.name(), each, Arrow.Kind.ASKS)));
      box.commands().forEach(each -> arrows.add(new Arrow(box.name(), each, Arrow.Kind.COMMANDS)));
      for (Reading<?> each : box.readings()) {
        String other = boxOfReader.put(each.reader().name(), box.name());
        if (other != null && !other.equals(box.name())) {
          throw new IllegalStateException(
              "%s and %s have readers of one name: %s"
                  .formatted(other, box.name(), each.reader().name()));
        }
      }
    }
    // In the order of the flow: writers, servers, readers, services.
    nodes.sort(Comparator.comparing(Node::kind));
    WiringDescription ofLogs = logs().description();
    ofLogs.nodes().stream().filter(Node::isLog).forEach(nodes::add);
    ofLogs.arrows().stream()
        .map(each ->
            new Arrow(
                boxOfReader.getOrDefault(each.from(), each.from()),
                boxOfReader.getOrDefault(each.to(), each.to()),
                each.kind()))
        .filter(each -> !each.from().equals(each.to()))
        .forEach(arrows::add);
    return WiringDescription.join(List.of(new WiringDescription(nodes, arrows)));
  }
}
