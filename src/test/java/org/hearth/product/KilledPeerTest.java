package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.encoded;
import static org.hearth.product.MatrixHttp.object;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.hearth.server.outbound.TestAuthority;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Of two servers whose people send to each other, one is killed at random times and started again.
/// What either has acknowledged comes to both: every message once, every message to a device at
/// least once and in order, and both agree on the state of the room.
@Tag("long")
class KilledPeerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// Of the server that is killed.
  private static final List<Integer> KILLED = List.of(0, 1);

  /// Of the server that lives on.
  private static final List<Integer> LIVING = List.of(2, 3);

  private final Acknowledged acknowledged = new Acknowledged();
  private final Path folder;

  KilledPeerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void whatIsAcknowledgedComesToBothServersInTwoKills() throws Exception {
    killRepeatedly(2, 1014);
  }

  @Test
  @Tag("whole")
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void whatIsAcknowledgedComesToBothServersInThreeKills() throws Exception {
    killRepeatedly(3, 1015);
  }

  @Test
  @Tag("whole")
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void whatIsAcknowledgedComesToBothServersInThirtyKills() throws Exception {
    killRepeatedly(30, 1016);
  }

  private void killRepeatedly(int rounds, long seed) throws IOException, InterruptedException {
    SplittableRandom random = new SplittableRandom(seed);
    TestAuthority authority = new TestAuthority();
    try (FederatedServer.Hearth killed = start("killed", authority);
        FederatedServer.Hearth living = start("living", authority)) {
      List<UnderFire.Person> people =
          UnderFire.Person.of(
              List.of(
                  user(killed, "anna"),
                  user(killed, "ben"),
                  user(living, "carol"),
                  user(living, "dave")));
      String room = Crowd.makeRoom(people.getFirst().http());
      for (UnderFire.Person each : people.subList(1, people.size())) {
        join(each, room, killed);
      }
      ToDeviceUnderFire toDevice = new ToDeviceUnderFire(people, PATIENCE);
      FederatedCrowd crowd = new FederatedCrowd(people, room, toDevice, acknowledged);

      for (int round = 0; round < rounds; round++) {
        String context = "seed %d, round %d".formatted(seed, round);
        int before = acknowledged.count();
        FederatedCrowd.Shift doomed =
            crowd.work(KILLED, Integer.MAX_VALUE, "r" + round, random.split());
        FederatedCrowd.Shift others =
            crowd.work(LIVING, Integer.MAX_VALUE, "r" + round, random.split());
        KilledServerTest.pause(random.nextLong(50, 1_500));
        killed.kill();
        doomed.awaitEnd();
        others.end();
        others.awaitEnd();
        crowd.work(LIVING, random.nextInt(1, 60), "down" + round, random.split()).awaitEnd();
        killed.restart();

        assertThat(acknowledged.failures()).as(context).isEmpty();
        assertThat(acknowledged.count()).as(context).isGreaterThan(before);
        sendAgainWhatIsOpen();
        // A sign of life, so that nobody waits for the end of a pause.
        crowd.say(KILLED.getFirst(), "back" + round);
        assertAllIsThere(people.get(KILLED.getFirst()).http(), room, context);
        assertAllIsThere(people.get(LIVING.getFirst()).http(), room, context);
        assertStatesAreAlike(
            people.get(KILLED.getFirst()).http(), people.get(LIVING.getFirst()).http(), room);
        toDevice.check(context);
      }
    }
  }

  private FederatedServer.Hearth start(String name, TestAuthority authority) throws IOException {
    return FederatedServer.Hearth.start(
        folder.resolve(name), FederatedAddress.in(folder.resolve("of-" + name), authority));
  }

  private static MatrixHttp user(FederatedServer server, String name) {
    return MatrixHttp.at(server.address()).register(name, Crowd.PASSWORD);
  }

  /// Who comes first may find the other server busy with its own beginning.
  private static void join(UnderFire.Person guest, String room, FederatedServer through) {
    String target = "/join/" + encoded(room) + "?via=" + encoded(through.name());
    long until = System.nanoTime() + PATIENCE.multipliedBy(2).toNanos();
    MatrixHttp.Answer answer = guest.http().post(target, object());
    while (answer.status() == 502 && System.nanoTime() < until) {
      KilledServerTest.pause(1_000);
      answer = guest.http().post(target, object());
    }
    var _ = answer.granted();
  }

  private void sendAgainWhatIsOpen() {
    for (Acknowledged.Sent sent : Set.copyOf(acknowledged.open())) {
      acknowledged.ends(sent, Crowd.answered(sent));
    }
  }

  /// Waits until all that was acknowledged is in the timeline that this member reads: each message
  /// once, and every event that set state.
  private void assertAllIsThere(MatrixHttp member, String room, String context) {
    List<String> wanted =
        acknowledged.events().keySet().stream().map(Acknowledged.Sent::body).toList();
    Set<String> ids = new HashSet<>(acknowledged.events().values());
    ids.addAll(acknowledged.states());
    long until = System.nanoTime() + PATIENCE.toNanos();
    Timeline timeline = Timeline.fromEnd(member, room);
    while (!new HashSet<>(timeline.ids()).containsAll(ids) && System.nanoTime() < until) {
      KilledServerTest.pause(200);
      timeline = Timeline.fromEnd(member, room);
    }

    Set<String> missing = new HashSet<>(ids);
    missing.removeAll(new HashSet<>(timeline.ids()));
    assertThat(missing).as("%s: missing at %s", context, member.base()).isEmpty();
    assertThat(timeline.ids()).as(context).doesNotHaveDuplicates();
    List<String> bodies = new ArrayList<>(timeline.bodies());
    bodies.sort(null);
    assertThat(bodies).as(context).isEqualTo(wanted.stream().sorted().toList());
  }

  private static void assertStatesAreAlike(MatrixHttp one, MatrixHttp other, String room) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!KilledServerTest.state(one, room).equals(KilledServerTest.state(other, room))
        && System.nanoTime() < until) {
      KilledServerTest.pause(200);
    }
    assertThat(KilledServerTest.state(one, room)).isEqualTo(KilledServerTest.state(other, room));
  }
}
