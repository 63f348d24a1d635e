package org.hearth.server.http.connection;

import io.helidon.common.socket.HelidonSocket;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a client sends, on its way to the parser: the head of a request in time, and the client's
/// leaving also while nobody reads.
///
/// **thread**: the connection's own. While it waits for something else than its client, a second
/// one may read for it, at most one buffer ahead.
final class ConnectionInput implements Supplier<byte @Nullable []>, AutoCloseable {
  private final HelidonSocket socket;
  private final Deadlines deadlines;
  private final ConnectionLimits limits;
  private final Runnable onGone;

  /// Of the head that is awaited; null while a request is under way.
  private Deadlines.@Nullable Deadline deadline;

  private boolean idle;
  private @Nullable CompletableFuture<byte @Nullable []> ahead;

  /// @param onGone what to do when the client is gone while nobody reads; quick
  ConnectionInput(
      HelidonSocket socket, Deadlines deadlines, ConnectionLimits limits, Runnable onGone) {
    this.socket = socket;
    this.deadlines = deadlines;
    this.limits = limits;
    this.onGone = onGone;
    this.deadline = deadlines.within(limits.headTime());
  }

  @Override
  public byte @Nullable [] get() {
    byte[] bytes = next();
    if (bytes == null && deadline != null) {
      // Helidon would take it for a defect of its own where it is in the middle of a head.
      throw new CloseConnectionException("The client went away before its request was there");
    }
    if (idle) {
      idle = false;
      restart(limits.headTime());
    }
    return bytes;
  }

  /// A request's head is there.
  void headEnded() {
    idle = false;
    restart(null);
  }

  /// A request is answered: the next one may take its time to begin.
  void requestEnded() {
    idle = true;
    restart(limits.idle());
  }

  private void restart(java.time.@Nullable Duration time) {
    if (deadline != null && !deadline.met()) {
      throw new CloseConnectionException("The request did not begin or arrive in time");
    }
    deadline = time == null ? null : deadlines.within(time);
  }

  private byte @Nullable [] next() {
    CompletableFuture<byte @Nullable []> early = ahead;
    if (early == null) {
      return read();
    }
    ahead = null;
    try {
      return early.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloseConnectionException("The client did not go on in time", e);
    } catch (ExecutionException e) {
      throw new CloseConnectionException("The connection is broken", e);
    }
  }

  private byte @Nullable [] read() {
    try {
      byte[] bytes = socket.get();
      return bytes == null || bytes.length == 0 ? null : bytes;
    } catch (UncheckedIOException e) {
      throw new ServerConnectionException("The connection is broken", e);
    }
  }

  /// From now on it is noticed when the client goes away, until it sends something or the request
  /// is answered.
  void watch() {
    if (ahead == null) {
      CompletableFuture<byte @Nullable []> early = new CompletableFuture<>();
      ahead = early;
      Thread.ofVirtual().name("http-watch").start(() -> readAhead(early));
    }
  }

  private void readAhead(CompletableFuture<byte @Nullable []> early) {
    try {
      byte[] bytes = read();
      if (bytes == null) {
        onGone.run();
      }
      early.complete(bytes);
    } catch (RuntimeException e) {
      onGone.run();
      early.completeExceptionally(e);
    }
  }

  @Override
  public void close() {
    if (deadline != null) {
      deadline.close();
    }
  }
}
