package org.hearth.server.convergence;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;

/// The requests of users that are under way, and what their servers acknowledged.
///
/// **thread**: the test's.
final class Requests implements AutoCloseable {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Request> underWay = new ArrayList<>();
  private final Queue<Said> said = new ConcurrentLinkedQueue<>();

  private record Request(String what, Future<?> future) {}

  /// A message that a server acknowledged.
  ///
  /// @param server its number
  record Said(RoomId room, int server, EventId event) {}

  /// Begins a request, and waits a little for its end. What the server refuses is refused; that a
  /// server is being stopped is no failure either.
  void begin(String what, Duration patience, Callable<?> request) throws InterruptedException {
    Future<?> future =
        threads.submit(() -> {
          attempt(request);
          return true;
        });
    underWay.add(new Request(what, future));
    try {
      var _ = future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      // It goes on beside what comes next.
    } catch (ExecutionException _) {
      // It is found in `waiting`.
    }
  }

  private static void attempt(Callable<?> request) throws Exception {
    try {
      var _ = request.call();
    } catch (UncheckedIOException | IllegalStateException _) {
      // The server was stopped.
    }
  }

  void said(Said message) {
    said.add(message);
  }

  List<Said> said() {
    return List.copyOf(said);
  }

  /// What has no answer yet.
  ///
  /// @throws AssertionError if a request failed otherwise than by its server's refusal
  List<String> waiting() {
    for (Request each : underWay) {
      if (each.future().state() == Future.State.FAILED) {
        throw new AssertionError(each.what(), each.future().exceptionNow());
      }
    }
    underWay.removeIf(each -> each.future().isDone());
    return underWay.stream().map(Request::what).toList();
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
