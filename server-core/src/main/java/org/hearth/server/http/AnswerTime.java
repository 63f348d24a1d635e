package org.hearth.server.http;

import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.time.Duration;
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
  private final Duration patience;
  private long sentBytes;
  private Duration taken = Duration.ZERO;

  /// @param patience how much longer an answer may take than it would at the least rate
  AnswerTime(Deadlines deadlines, Duration patience) {
    this.deadlines = deadlines;
    this.patience = patience;
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
    Duration behind = taken.minus(atLeastRate(sentBytes));
    Duration usual = shorter(patience.plus(atLeastRate(bytes)), patience.multipliedBy(LONGEST));
    return behind.isPositive() ? usual.minus(behind) : usual;
  }

  void took(int bytes, Duration time) {
    sentBytes += bytes;
    taken = taken.plus(time);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static Duration atLeastRate(long bytes) {
    return Duration.ofMillis(bytes * 1000 / LEAST_BYTES_PER_SECOND);
  }
}
