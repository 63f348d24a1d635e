package org.hearth.server.services.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.account.ServicesExtension;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournaledLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SpreadingTest {
  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private final Rooms rooms =
      new Rooms(new CopyOnWriteArrayList<>(), new CountDownLatch(1), new CountDownLatch(1));
  private JournaledLog<AccountOutput> log;
  private Spreading spreading;

  /// Rooms that are slow until they are opened.
  private record Rooms(List<UserId> written, CountDownLatch entered, CountDownLatch open)
      implements RoomProfiles {
    @Override
    public boolean isInRooms(UserId user) {
      return true;
    }

    @Override
    public void write(UserId user, Profile profile) throws InterruptedException {
      entered.countDown();
      open.await();
      written.add(user);
    }
  }

  @BeforeEach
  void start() {
    services.register("alice");
    services.register("bob");
    log =
        new Journal(services.store(), InstantSource.system())
            .log(
                Logs.ACCOUNT_OUTPUT,
                new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system()));
    spreading = new Spreading(services.profiles(), log.writer("test"), rooms, new TurnPerKey());
  }

  @AfterEach
  void stop() throws InterruptedException {
    rooms.open.countDown();
    spreading.close();
  }

  /// A request that does not wait for the end.
  private void ask(String name) {
    Thread.currentThread().interrupt();
    spreading.awaitSpread(user(name));
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void whatAUserChangesWhileTheThreadIsAtWorkIsWrittenOnce() throws InterruptedException {
    ask("alice");
    rooms.entered.await();

    for (int i = 0; i < 20; i++) {
      ask("alice");
    }
    ask("bob");
    rooms.open.countDown();
    spreading.awaitSpread(user("bob"));

    assertThat(rooms.written).containsExactly(user("alice"), user("alice"), user("bob"));
  }
}
