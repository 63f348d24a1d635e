package org.hearth.server.services.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hearth.server.box.Box;
import org.hearth.server.http.TestClient;
import org.hearth.server.services.account.ServicesExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The end of services while a thread of theirs is at work. That thread reads the database, whose
/// files an interrupt would close.
class EndOfServicesTest {
  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private final CountDownLatch atWork = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final CompletableFuture<Boolean> interrupted = new CompletableFuture<>();

  @Test
  void theThreadThatLeavesRoomsIsNotInterrupted() throws Exception {
    services.register("alice");
    services.rooms().meanwhile = this::work;
    services.accounts().deactivate(user("alice"), false);

    assertNotInterruptedByTheEndOf(services.accounts());
  }

  @Test
  void theThreadThatSpreadsProfilesIsNotInterrupted() throws Exception {
    TestClient alice = services.register("alice");
    services.rooms().meanwhile = this::work;
    Thread request =
        Thread.startVirtualThread(() ->
            alice.put(
                "/_matrix/client/v3/profile/@alice:hearth.test/displayname",
                "{'displayname': 'Alice'}"));

    assertNotInterruptedByTheEndOf(services.profileService());
    request.join();
  }

  private void assertNotInterruptedByTheEndOf(Box service) throws Exception {
    assertThat(atWork.await(1, TimeUnit.MINUTES)).isTrue();

    // Whoever stops the service does not wait until its patience is at an end.
    Thread.currentThread().interrupt();
    assertThatThrownBy(service::stop).isInstanceOf(InterruptedException.class);
    goOn.countDown();

    assertThat(interrupted.get(1, TimeUnit.MINUTES)).isFalse();
  }

  private void work() {
    atWork.countDown();
    try {
      interrupted.complete(!goOn.await(1, TimeUnit.MINUTES));
    } catch (InterruptedException _) {
      interrupted.complete(true);
    }
  }
}
