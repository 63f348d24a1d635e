package org.hearth.server.http;

import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.connection.Deadlines;

/// Gives up a client that takes its answer too slowly: who takes nothing for a time, and who takes
/// less than [#LEAST_BYTES_PER_SECOND] once that time is used up.
///
/// **thread**: the request's own.
final class AnswerTime {
  /// What any link has that one can use a client on.
  static final int LEAST_BYTES_PER_SECOND = 16 * 1024;

  /// However large it is, what is sent at once takes no longer than so many times the patience.
  private static final int LONGEST = 4;

  private final Deadlines deadlines;
  private final long patienceNanos;
  private long sentBytes;
  private long takenNanos;

  /// @param patience how much longer an answer may take than it would at the least rate
  AnswerTime(Deadlines deadlines, Duration patience) {
    this.deadlines = deadlines;
    this.patienceNanos = patience.toNanos();
  }

  /// Sends something.
  @FunctionalInterface
  interface Sending {
    void send() throws IOException;
  }

  /// Sends a piece of the answer, or all of it.
  ///
  /// @throws CloseConnectionException if the client is gone or too slow
  void send(int bytes, Sending sending) {
    long began = System.nanoTime();
    Deadlines.Deadline deadline = deadlines.within(forNext(bytes));
    try {
      sending.send();
    } catch (IOException | RuntimeException e) {
      deadline.close();
      throw new CloseConnectionException("The client went away while it was answered", e);
    }
    if (!deadline.met()) {
      throw new CloseConnectionException("The client did not take its answer in time");
    }
    took(bytes, Duration.ofNanos(System.nanoTime() - began));
  }

  /// In which time the next bytes are to be taken. That a client was quick before does not give it
  /// more.
  Duration forNext(int bytes) {
    long behind = takenNanos - nanosAtLeastRate(sentBytes);
    long usual = Math.min(patienceNanos + nanosAtLeastRate(bytes), patienceNanos * LONGEST);
    return Duration.ofNanos(usual - Math.max(0, behind));
  }

  void took(int bytes, Duration time) {
    sentBytes += bytes;
    takenNanos += time.toNanos();
  }

  private static long nanosAtLeastRate(long bytes) {
    return TimeUnit.MILLISECONDS.toNanos(bytes * 1000 / LEAST_BYTES_PER_SECOND);
  }
}
