package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
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
}
