package org.hearth.ringlogs;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.WiringDescription.Node;
import org.jspecify.annotations.Nullable;

/// All logs of a program: started, stopped, released and looked at together.
///
/// **Order**: volatile logs start first, then output logs, whose readers may write to those from
/// their first entry on, then input logs, so that every reader follows before a command is taken.
/// They stop in the reverse order of these kinds: what input logs accepted is decided, and whatever
/// a reader writes to outlives it. Within a kind it is the order in which they were given.
///
/// **Thread**: [#start] and [#drainAndStop] one; the rest any.
public final class LogSet {
  private static final System.Logger LOG = System.getLogger("org.hearth.ringlogs");

  private final Map<String, Log> logs = new LinkedHashMap<>();

  /// Logs whose dead consumers are shown in the figures only.
  public LogSet(List<? extends Log> logs) {
    this(logs, _ -> {});
  }

  /// @param onDeath told of every consumer's thread that ends by an error, in that thread: it must
  ///   be quick. What it throws is logged
  /// @throws IllegalArgumentException if two logs have one name
  public LogSet(List<? extends Log> logs, Consumer<? super ConsumerDeath> onDeath) {
    for (Log each : logs) {
      if (this.logs.putIfAbsent(each.name(), each) != null) {
        throw new IllegalArgumentException("two logs of one name: " + each.name());
      }
    }
    for (Log each : logs) {
      switch (each) {
        case InputLog<?, ?> input -> input.watch(onDeath);
        case FollowedLog<?> followed -> followed.watch(onDeath);
      }
    }
  }

  /// The logs, in the order in which they were given.
  public List<Log> logs() {
    return List.copyOf(logs.values());
  }

  /// Starts all logs. If one fails, those before it run: [#drainAndStop] ends them.
  ///
  /// @param head the last position that was committed
  public void start(LogPosition head) {
    inOrder(Node.Kind.VOLATILE_LOG, Node.Kind.OUTPUT_LOG, Node.Kind.INPUT_LOG)
        .forEach(each -> each.start(head));
  }

  /// Stops all logs, whatever one of them throws.
  ///
  /// @param patience for all together; a log whose turn comes later is stopped at once
  /// @return whether everything that was accepted has been handled
  /// @throws InterruptedException if interrupted while waiting; all logs were stopped nevertheless,
  ///   those that were left without patience
  public boolean drainAndStop(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean drained = true;
    @Nullable InterruptedException interrupted = null;
    @Nullable RuntimeException failed = null;
    for (Log each : inOrder(Node.Kind.INPUT_LOG, Node.Kind.OUTPUT_LOG, Node.Kind.VOLATILE_LOG)) {
      long left = interrupted == null ? Math.max(0, deadline - System.nanoTime()) : 0;
      try {
        drained &= each.drainAndStop(Duration.ofNanos(left));
      } catch (InterruptedException e) {
        interrupted = e;
        drained = false;
      } catch (RuntimeException e) {
        LOG.log(Level.ERROR, each.name() + " could not be stopped", e);
        if (failed == null) {
          failed = e;
        } else {
          failed.addSuppressed(e);
        }
      }
    }
    if (failed != null) {
      throw failed;
    }
    if (interrupted != null) {
      throw interrupted;
    }
    return drained;
  }

  private List<Log> inOrder(Node.Kind... kinds) {
    List<Log> ordered = new ArrayList<>();
    for (Node.Kind kind : kinds) {
      logs.values().stream().filter(each -> each.kind() == kind).forEach(ordered::add);
    }
    return ordered;
  }

  /// Gives a consumer of a log what it has parked under a key again: [Log#release].
  ///
  /// @throws IllegalArgumentException if there is no log, or no consumer, of that name
  public Reply<ReleaseResult> release(
      String log, String consumer, String partitionKey, boolean discardFirst) {
    Log found = logs.get(log);
    if (found == null) {
      throw new IllegalArgumentException("there is no log " + log);
    }
    return found.release(consumer, partitionKey, discardFirst);
  }

  /// The figures of all logs at this moment, in the order in which the logs were given.
  public List<LogFigures> figures() {
    return logs.values().stream().map(Log::figures).toList();
  }

  /// What the consumers of all logs have parked, whether their dead letters last or not; log by
  /// log. What an earlier version has parked for a log or a reader that is no more is not here.
  public List<ParkedKey> parked() {
    return logs.values().stream().flatMap(each -> each.parked().stream()).toList();
  }

  /// The logs, their consumers and the arrows; to be joined with what the boxes say of themselves.
  public WiringDescription description() {
    return WiringDescription.merge(logs.values().stream().map(Log::description).toList());
  }

  /// The end of a consumer's thread that should have gone on: an error of the virtual machine, or a
  /// defect of this package.
  ///
  /// @param log the name of its log
  /// @param consumer as in [LogFigures.ConsumerFigures#consumer]
  /// @param cause what ended the thread
  public record ConsumerDeath(String log, String consumer, Throwable cause) {}
}
