package org.hearth.server.writers.federationmembership.joining;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What is under way with a room waits for what was begun before, and not for ever.
@Timeout(60)
final class UnderWayTest {
  private final AtomicLong nanos = new AtomicLong();
  private final UnderWay underWay = new UnderWay(nanos::get);

  private static Wish wish(String user) {
    return new Wish(
        Handshake.JOIN,
        RoomId.parse("!room:elsewhere.example"),
        UserId.parse("@" + user + ":here.example"),
        JsonNodeFactory.instance.objectNode());
  }

  private CompletableFuture<Result> begin(String user, UnderWay.Work work) {
    CompletableFuture<Result> result = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            result.complete(underWay.run(wish(user), work));
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  @Test
  void whoIsKeptWaitingByServersThatHangKeepsNobodyElse() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    CompletableFuture<Result> first =
        begin(
            "alice",
            _ -> {
              begun.countDown();
              never.await();
              return new Result.Done();
            });
    begun.await();
    CompletableFuture<Result> second = begin("bob", _ -> new Result.Here());

    nanos.addAndGet(Pace.GRACE.toNanos() + 1);

    assertThat(second.get()).isEqualTo(new Result.Here());
    assertThat(first).isNotDone();
    never.countDown();
    assertThat(first.get()).isEqualTo(new Result.Done());
  }

  @Test
  void whoGetsOnIsWaitedFor() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    CompletableFuture<Result> first =
        begin(
            "alice",
            pace -> {
              pace.rests();
              begun.countDown();
              mayEnd.await();
              return new Result.Done();
            });
    begun.await();
    CompletableFuture<Boolean> early = new CompletableFuture<>();
    CompletableFuture<Result> second =
        begin(
            "bob",
            _ -> {
              early.complete(!first.isDone() && mayEnd.getCount() > 0);
              return new Result.Here();
            });
    nanos.addAndGet(3 * Pace.GRACE.toNanos());

    mayEnd.countDown();

    assertThat(second.get()).isEqualTo(new Result.Here());
    assertThat(early.get()).isFalse();
  }
}
