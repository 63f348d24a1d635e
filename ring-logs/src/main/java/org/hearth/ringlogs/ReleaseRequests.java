package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import java.util.concurrent.ArrayBlockingQueue;
import org.hearth.ringlogs.Log.ReleaseResult;

/// What people ask of the parked keys of one consumer, on its way to the consumer's thread.
///
/// **Thread**: [#ask] any; the rest the consumer's own.
final class ReleaseRequests {
  /// So many may wait; one more is refused.
  static final int MOST = 64;

  /// Releases a key in the consumer's thread.
  @FunctionalInterface
  interface Release {
    ReleaseResult of(String key, boolean discardFirst) throws Exception;
  }

  private record Request(String key, boolean discardFirst, Reply<ReleaseResult> reply) {}

  private final String log;
  private final ArrayBlockingQueue<Request> waiting = new ArrayBlockingQueue<>(MOST);

  /// Nobody serves requests. Set before the last look at them, so that none is left behind.
  private volatile boolean ended = true;

  ReleaseRequests(String log) {
    this.log = log;
  }

  /// @param wake makes the consumer look
  Reply<ReleaseResult> ask(String key, boolean discardFirst, Runnable wake) {
    Reply<ReleaseResult> reply = Reply.pending();
    if (!waiting.offer(new Request(key, discardFirst, reply))) {
      reply.fail(new IllegalStateException(log + " has " + MOST + " requests to release already"));
    }
    wake.run();
    if (ended) {
      refuse();
    }
    return reply;
  }

  void begin() {
    ended = false;
  }

  /// Whether nobody serves requests any more, or not yet.
  boolean hasEnded() {
    return ended;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /// Answers those that wait, unless the consumer is halted meanwhile.
  void serve(Release release) {
    for (Request request = waiting.poll(); request != null; request = waiting.poll()) {
      try {
        request.reply().complete(release.of(request.key(), request.discardFirst()));
      } catch (AlertException _) {
        // The consumer sees by itself that it is halted, and refuses the rest.
        return;
      } catch (Exception e) {
        request.reply().fail(Recovery.unchecked(e));
      } finally {
        // After a halt, or an error of the virtual machine; an answer that was given counts.
        request.reply().fail(new LogStoppedException(log));
      }
    }
  }

  /// Refuses those that wait and all that come.
  void end() {
    ended = true;
    refuse();
  }

  private void refuse() {
    for (Request request = waiting.poll(); request != null; request = waiting.poll()) {
      request.reply().fail(new LogStoppedException(log));
    }
  }
}
