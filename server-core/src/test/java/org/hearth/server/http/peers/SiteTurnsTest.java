package org.hearth.server.http.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How much of one site goes on at the same time, however many names it has.
@Timeout(60)
final class SiteTurnsTest {
  private final Peers peers = Peers.none();

  private static ServerName name(int number) {
    return new ServerName("s%d.site.example".formatted(number));
  }

  @Test
  void madeUpNamesHaveNoMoreTurnsThanTheirSite() throws Exception {
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < Peers.MOST_OF_SITE; i++) {
      turns.add(peers.awaitTurn(name(i)));
    }
    AtomicInteger refused = new AtomicInteger();
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> waiting = new ArrayList<>();
      // One more than may wait: whichever comes last is refused at once, and no other has a turn.
      for (int i = 0; i <= Peers.MOST_WAITING_OF_SITE; i++) {
        ServerName each = name(Peers.MOST_OF_SITE + i);
        waiting.add(
            askers.submit(() -> {
              try (Turn _ = peers.awaitTurn(each)) {
                assertThat(refused).hasValue(1);
              } catch (MatrixException _) {
                refused.incrementAndGet();
                turns.forEach(Turn::close);
              }
              return null;
            }));
      }
      // Others do not wait for them.
      peers.awaitTurn(new ServerName("other.example")).close();
      for (Future<?> each : waiting) {
        each.get();
      }
    }

    assertThat(refused).hasValue(1);
  }
}
