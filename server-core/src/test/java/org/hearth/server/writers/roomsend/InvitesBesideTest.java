package org.hearth.server.writers.roomsend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Invitations of many at once.
@Timeout(60)
class InvitesBesideTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final RoomReply.Done DONE = new RoomReply.Done(LogPosition.ORIGIN, List.of());

  private static List<RoomInput.PrepareEvent> invites(int count) {
    UserId alice = UserId.parse("@alice:hearth.test");
    return IntStream.range(0, count)
        .mapToObj(i ->
            MembershipChanges.remoteInvite(
                RoomId.parse("!room:hearth.test"),
                alice,
                UserId.parse("@user" + i + ":b.example"),
                JsonNodeFactory.instance.objectNode()))
        .toList();
  }

  @Test
  void theyAreMadeAtTheSameTime() throws Exception {
    CyclicBarrier all = new CyclicBarrier(5);
    Set<String> invited = ConcurrentHashMap.newKeySet();

    new InvitesBeside(
            invite -> {
              try {
                var _ = all.await(30, TimeUnit.SECONDS);
              } catch (java.util.concurrent.BrokenBarrierException
                  | java.util.concurrent.TimeoutException e) {
                throw new IllegalStateException(e);
              }
              invited.add(invite.draft().stateKey().orElseThrow());
              return DONE;
            },
            LONG)
        .invite(invites(5));

    assertThat(invited).hasSize(5);
  }

  @Test
  void oneThatFailsIsNotInTheWayOfTheOthers() throws Exception {
    Set<String> invited = ConcurrentHashMap.newKeySet();

    new InvitesBeside(
            invite -> {
              String user = invite.draft().stateKey().orElseThrow();
              switch (user) {
                case "@user0:b.example" -> throw MatrixException.forbidden("no");
                case "@user1:b.example" -> throw new IllegalStateException("a defect");
                default -> invited.add(user);
              }
              return DONE;
            },
            LONG)
        .invite(invites(4));

    assertThat(invited).containsExactlyInAnyOrder("@user2:b.example", "@user3:b.example");
  }

  @Test
  void whoTakesLongIsNotWaitedFor() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch late = new CountDownLatch(1);

    new InvitesBeside(
            _ -> {
              begun.countDown();
              never.await();
              late.countDown();
              return DONE;
            },
            Duration.ofMillis(10))
        .invite(invites(1));

    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    // It is invited nevertheless.
    never.countDown();
    assertThat(late.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void notMoreThanSoManyAtATime() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch full = new CountDownLatch(InvitesBeside.MOST);
    CountDownLatch all = new CountDownLatch(InvitesBeside.MOST + 10);
    Set<String> underWay = ConcurrentHashMap.newKeySet();
    InvitesBeside beside =
        new InvitesBeside(
            invite -> {
              underWay.add(invite.draft().stateKey().orElseThrow());
              full.countDown();
              go.await();
              all.countDown();
              return DONE;
            },
            Duration.ofMillis(1));

    beside.invite(invites(InvitesBeside.MOST + 10));

    assertThat(full.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(underWay).hasSize(InvitesBeside.MOST);
    go.countDown();
    assertThat(all.await(30, TimeUnit.SECONDS)).isTrue();
  }
}
