package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.ParkedException;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.WiringDescription;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.TypingInput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What is parked by a log whose letters are kept in memory.
@Timeout(60)
class ParkingTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final RoomId ROOM = RoomId.parse("!garden:hearth.test");
  private static final String LOG = Logs.TYPING_INPUT.name();

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final AtomicBoolean broken = new AtomicBoolean(true);
  private final InputLog<TypingInput, String> input =
      new InputLog<>(
          Logs.TYPING_INPUT,
          "TypingServer",
          1,
          _ -> this::handle,
          new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system()));
  private final LogSet logs = new LogSet(List.of(input));

  @SuppressWarnings("NullAway.Init")
  private Parking parking;

  private void handle(TypingInput command, Reply<String> reply) {
    if (broken.get()) {
      throw new IllegalStateException("cannot digest");
    }
    reply.complete("handled");
  }

  @BeforeEach
  void start() {
    input.start();
    parking =
        new Parking(
            stores.store(),
            new Admin.Wiring(
                new WiringDescription(List.of(), List.of()),
                Map.of(),
                Set.of(),
                logs::figures,
                logs::parked,
                logs::release));
  }

  @AfterEach
  void stop() throws InterruptedException {
    input.drainAndStop(PATIENCE);
  }

  private void park() throws InterruptedException {
    Reply<String> reply =
        input.writer("ClientTypingSetter").submit(new TypingInput.StopExpired(ROOM), PATIENCE);
    assertThatThrownBy(() -> reply.await(PATIENCE)).isInstanceOf(ParkedException.class);
  }

  @Test
  void whatALogWithoutATableHasParkedIsSeenAndGoesOnWithoutTheStore() throws InterruptedException {
    assertThat(parking.all()).isEmpty();
    stores.store().close();
    park();

    assertThat(parking.all())
        .singleElement()
        .satisfies(each -> {
          assertThat(each.log()).isEqualTo(LOG);
          assertThat(each.consumer()).isEqualTo(LOG);
          assertThat(each.key()).isEqualTo(ROOM.value());
          assertThat(each.entries()).isEqualTo(1);
          assertThat(each.failure()).contains("cannot digest");
        });
    assertThat(parking.release(LOG, LOG, ROOM.value(), false))
        .isEqualTo(new ReleasedEntries(0, 0, 1));
    broken.set(false);
    assertThat(parking.release(LOG, LOG, ROOM.value(), false))
        .isEqualTo(new ReleasedEntries(1, 0, 0));
    assertThat(parking.all()).isEmpty();
  }

  @Test
  void whatIsNotParkedIsRefused() {
    assertThatThrownBy(() -> parking.release(LOG, LOG, ROOM.value(), true))
        .isInstanceOf(AdminException.class)
        .hasMessageContaining("Nothing of " + ROOM.value());
  }
}
