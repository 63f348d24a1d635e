package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Which devices are sending.
@Timeout(60)
class InFlightTest {
  private static final Duration LONG = Duration.ofSeconds(50);

  private final InFlight inFlight = new InFlight();

  private Thread waiting(String user, String device, Duration most) {
    return Thread.startVirtualThread(() -> inFlight.awaitSends(user, device, most));
  }

  @Test
  void newsWaitForWhatTheDeviceIsSendingAndForNothingElse() throws Exception {
    InFlight.Sending first = inFlight.sending("@alice:a", "PHONE");
    InFlight.Sending second = inFlight.sending("@alice:a", "PHONE");
    CountDownLatch begun = new CountDownLatch(1);
    Thread phone =
        Thread.startVirtualThread(() -> {
          begun.countDown();
          inFlight.awaitSends("@alice:a", "PHONE", LONG);
        });
    begun.await();
    Eventually.until("it waits", () -> phone.getState() == Thread.State.TIMED_WAITING);

    waiting("@alice:a", "LAPTOP", LONG).join();
    waiting("@bob:a", "PHONE", LONG).join();
    waiting("@alice:a", "PHONE", Duration.ofMillis(1)).join();
    second.close();
    assertThat(phone.isAlive()).isTrue();
    try (InFlight.Sending later = inFlight.sending("@alice:a", "PHONE")) {
      assertThat(later).isNotNull();
      first.close();
      phone.join();
    }
    waiting("@alice:a", "PHONE", LONG).join();
  }

  /// Most of twenty times: news wait for a tenth of a second and no longer, however busy the
  /// machine is.
  @Test
  void aSyncIsAnsweredAfterWhatItsDeviceSends() {
    Semaphore told = new Semaphore(0);
    AtomicReference<CountDownLatch> arrived = new AtomicReference<>(new CountDownLatch(1));
    RouteGroup routes =
        all ->
            all.add(
                    HttpMethod.PUT,
                    "/send",
                    Access.USER,
                    RateClass.MESSAGE,
                    _ -> {
                      CountDownLatch there = arrived.get();
                      told.release();
                      boolean before = there.await(50, TimeUnit.MILLISECONDS);
                      return Response.field("before", before ? "yes" : "no");
                    })
                .add(
                    HttpMethod.GET,
                    "/sync",
                    Access.USER,
                    RateClass.SYNC,
                    _ -> Response.written(stream -> stream.json().object().endObject()));
    try (TestServer server = new TestServer(routes);
        RawClient sender = server.raw();
        RawClient syncing = server.raw()) {
      int after = 0;
      for (int i = 0; i < 20; i++) {
        sender.request("PUT", "/send", "Authorization: Bearer alice", "Content-Length: 0");
        told.acquireUninterruptibly();
        syncing.request("GET", "/sync", "Authorization: Bearer alice");
        assertThat(syncing.answer().status()).isEqualTo(200);
        arrived.getAndSet(new CountDownLatch(1)).countDown();
        after += sender.answer().body().equals("{\"before\":\"no\"}") ? 1 : 0;
      }

      assertThat(after).isGreaterThan(10);
    }
  }
}
