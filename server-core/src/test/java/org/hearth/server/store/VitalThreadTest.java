package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.store.derby.Derby;
import org.junit.jupiter.api.Test;

class VitalThreadTest {
  @Test
  void deathOfAVitalThreadIsAFailureOfTheStore() throws InterruptedException {
    Health health = new Health(new Derby(Path.of("none")));
    AtomicReference<StoreState> last = new AtomicReference<>();
    AtomicReference<String> told = new AtomicReference<>("");
    health.onFailed(failed -> told.set(failed.detail()));
    Thread thread =
        VitalThread.of(
            "vital",
            health,
            () -> {
              throw new OutOfMemoryError("as if");
            },
            () -> last.set(health.state()));

    thread.start();
    thread.join();

    assertThat(health.state())
        .isInstanceOfSatisfying(
            StoreState.Failed.class, it -> assertThat(it.detail()).contains("vital", "as if"));
    assertThat(told.get()).contains("vital", "as if");
    assertThat(last.get()).isEqualTo(health.state());
  }

  @Test
  void threadThatIsDoneLeavesTheStoreAsItIs() throws InterruptedException {
    Health health = new Health(new Derby(Path.of("none")));
    Thread thread = VitalThread.of("vital", health, () -> {}, () -> {});

    thread.start();
    thread.join();

    assertThat(health.isOpen()).isTrue();
  }
}
