package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whose turn it is.
@Timeout(60)
final class TurnsByCauseTest {
  private static final Cause MALLORY = cause("mallory", "!full:hearth.test");
  private static final Cause ALICE = cause("alice", "!direct:hearth.test");

  private final BlockingQueue<Queue> begun = new LinkedBlockingQueue<>();
  private final Semaphore mayEnd = new Semaphore(0);
  private final Turns turns =
      new Turns(queue -> {
        begun.add(queue);
        mayEnd.acquireUninterruptibly();
        return false;
      });

  private static Cause cause(String user, String room) {
    return Cause.of(UserId.parse("@" + user + ":hearth.test"), true, RoomId.parse(room));
  }

  private Queue add(String name, Cause cause) {
    Queue queue = new Queue(new ServerName(name));
    queue.cause(cause);
    turns.add(queue);
    return queue;
  }

  /// All turns of servers that were not asked yet are those of made-up servers of one room, and
  /// many more wait.
  private void fill() throws InterruptedException {
    for (int i = 0; i < Turns.NEW + 1_000; i++) {
      add("made-up-%d.example".formatted(i), MALLORY);
    }
    for (int i = 0; i < Turns.NEW; i++) {
      assertThat(begun.take().name().value()).startsWith("made-up");
    }
  }

  /// Ends as many turns.
  private List<Queue> next(int count) throws InterruptedException {
    mayEnd.release(count);
    Queue[] next = new Queue[count];
    for (int i = 0; i < count; i++) {
      next[i] = begun.take();
    }
    return List.of(next);
  }

  @AfterEach
  void stop() throws InterruptedException {
    mayEnd.release(100_000);
    assertThat(turns.stop(Duration.ofSeconds(30))).isTrue();
  }

  @Test
  void aRoomFullOfMadeUpServersHoldsUpNobodyElse() throws Exception {
    fill();
    Queue direct = add("direct.example", ALICE);
    Queue another = add("another.example", cause("alice", "!another:hearth.test"));
    Queue ofMallory = add("friend.example", cause("mallory", "!small:hearth.test"));

    assertThat(next(6)).contains(direct, another, ofMallory);
  }

  @Test
  void aServerOfThatRoomToWhichSomebodyElseSpeaksIsOneOfTheirs() throws Exception {
    fill();
    Queue both = add("both.example", MALLORY);
    both.cause(ALICE);
    turns.add(both);

    assertThat(next(2)).contains(both);
    assertThat(next(20)).doesNotContain(both);
  }

  @Test
  void linesTakeTurnsByUserAndByRoom() {
    Lines<String> lines = new Lines<>();
    lines.add(MALLORY, "m1");
    lines.add(MALLORY, "m2");
    lines.add(cause("mallory", "!other:hearth.test"), "m3");
    lines.add(ALICE, "a1");
    lines.add(ALICE, "gone");
    lines.remove(ALICE, "gone");

    assertThat(List.of(lines.poll(), lines.poll(), lines.poll(), lines.poll()))
        .containsExactly(
            Optional.of("m1"), Optional.of("a1"), Optional.of("m3"), Optional.of("m2"));
    assertThat(lines.poll()).isEmpty();
    assertThat(lines.isEmpty()).isTrue();
  }
}
