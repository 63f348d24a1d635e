package org.hearth.bench.attack;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// Somebody else, who connects and asks for `/versions`, fifty times a second.
final class Others {
  private static final Duration BETWEEN = Duration.ofMillis(20);
  private static final int PATIENCE_MILLIS = 5000;
  private static final byte[] REQUEST =
      "GET /_matrix/client/versions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.US_ASCII);

  private Others() {}

  /// How it went.
  ///
  /// @param answered how many requests were
  /// @param failed how many were not, or not within 5 s
  record Result(int answered, int failed, double p50Millis, double p99Millis) {
    @Override
    public String toString() {
      return "%d answered, %d not; p50 %.1f ms, p99 %.1f ms"
          .formatted(answered, failed, p50Millis, p99Millis);
    }
  }

  /// Asks for so long.
  static Result ask(InetSocketAddress server, Duration span) {
    List<Long> times = new ArrayList<>();
    int failed = 0;
    long end = System.nanoTime() + span.toNanos();
    while (System.nanoTime() < end) {
      long began = System.nanoTime();
      if (isAnswered(server)) {
        times.add(System.nanoTime() - began);
      } else {
        failed++;
      }
      LockSupport.parkNanos(BETWEEN.toNanos() - (System.nanoTime() - began));
    }
    Collections.sort(times);
    return new Result(times.size(), failed, percentile(times, 0.5), percentile(times, 0.99));
  }

  private static boolean isAnswered(InetSocketAddress server) {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress("127.0.0.2", 0));
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.connect(server, PATIENCE_MILLIS);
      socket.getOutputStream().write(REQUEST);
      byte[] answer = socket.getInputStream().readAllBytes();
      return new String(answer, StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200");
    } catch (IOException e) {
      return false;
    }
  }

  private static double percentile(List<Long> sorted, double share) {
    return sorted.isEmpty()
        ? Double.NaN
        : sorted.get((int) Math.min(sorted.size() - 1L, Math.round(sorted.size() * share))) / 1e6;
  }
}
