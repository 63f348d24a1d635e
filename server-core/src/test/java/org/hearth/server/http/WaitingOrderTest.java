package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.LargeAnswers.Asker;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Test;

/// In which order those who wait get a place for a large answer.
class WaitingOrderTest {
  private final LargeAnswers answers = new LargeAnswers();
  private final BlockingQueue<String> entered = new LinkedBlockingQueue<>();
  private final CountDownLatch looked = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);

  /// A question that takes long to compare, so that others queue up behind who asks it.
  private final class Slow {
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      looked.countDown();
      try {
        assertThat(goOn.await(1, TimeUnit.MINUTES)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return 1;
    }
  }

  private LargeAnswers.Place enter(String user, Object question) {
    try {
      return answers.enter(new Asker(user, "", question), "192.0.2.1");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Begins something in a thread of its own, and returns when that waits.
  private static Thread begin(Runnable what) {
    Thread thread = Thread.ofPlatform().daemon().start(what);
    Eventually.until(
        "it waits",
        () ->
            thread.getState() == Thread.State.WAITING
                || thread.getState() == Thread.State.TIMED_WAITING);
    return thread;
  }

  private Thread beginToEnter(String question) {
    return begin(() -> {
      enter("alice", question).pause();
      entered.add(question);
    });
  }

  private List<LargeAnswers.Place> allOfAlice() {
    List<LargeAnswers.Place> places = new ArrayList<>();
    for (int i = 0; i < LargeAnswers.MOST_OF_A_USER; i++) {
      places.add(enter("alice", "held " + i));
      places.getLast().pause();
    }
    return places;
  }

  @Test
  void whoComesLaterDoesNotPassWhoWaits() throws Exception {
    List<LargeAnswers.Place> places = allOfAlice();
    beginToEnter("first");
    begin(() -> enter("bob", new Slow()).close());
    assertThat(looked.await(1, TimeUnit.MINUTES)).isTrue();

    // The newcomer stands right behind whose place becomes free.
    begin(places.removeFirst()::close);
    beginToEnter("second");
    goOn.countDown();

    assertThat(entered.poll(1, TimeUnit.MINUTES)).isEqualTo("first");
    assertThat(entered).isEmpty();
    places.removeFirst().close();
    assertThat(entered.poll(1, TimeUnit.MINUTES)).isEqualTo("second");
    places.forEach(LargeAnswers.Place::close);
  }

  @Test
  void whoWaitsForAPlaceOfTheSameUserHoldsUpNobodyElse() throws Exception {
    List<LargeAnswers.Place> places = allOfAlice();
    beginToEnter("first");

    enter("bob", "other").close();

    assertThat(entered).isEmpty();
    places.forEach(LargeAnswers.Place::close);
    assertThat(entered.poll(1, TimeUnit.MINUTES)).isEqualTo("first");
  }
}
