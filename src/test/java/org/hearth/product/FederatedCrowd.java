package org.hearth.product;

import static org.hearth.product.MatrixHttp.object;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// People of several servers who send messages into a room, set its state, and send messages to
/// each other's devices, as fast as they are answered: until their server is gone, or until it is
/// enough.
final class FederatedCrowd {
  private final List<UnderFire.Person> people;
  private final String room;
  private final ToDeviceUnderFire toDevice;
  private final Acknowledged acknowledged;

  FederatedCrowd(
      List<UnderFire.Person> people,
      String room,
      ToDeviceUnderFire toDevice,
      Acknowledged acknowledged) {
    this.people = List.copyOf(people);
    this.room = room;
    this.toDevice = toDevice;
    this.acknowledged = acknowledged;
  }

  /// Some of them at work.
  static final class Shift {
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean isEnough;

    /// Lets each end what is under way.
    void end() {
      isEnough = true;
    }

    /// Returns when all have ended or noticed that their server is gone.
    void awaitEnd() throws InterruptedException {
      for (Thread each : threads) {
        each.join();
      }
    }
  }

  /// Sets some to work.
  ///
  /// @param numbers of the people
  /// @param most acts of each
  /// @param run names this shift; what is sent is unique with it
  Shift work(List<Integer> numbers, int most, String run, SplittableRandom random) {
    Shift shift = new Shift();
    for (int number : numbers) {
      SplittableRandom own = random.split();
      String name = run + "-" + number;
      shift.threads.add(Thread.ofVirtual().start(() -> work(shift, number, most, name, own)));
    }
    return shift;
  }

  private void work(Shift shift, int number, int most, String run, SplittableRandom random) {
    try {
      for (int i = 0; i < most && !shift.isEnough; i++) {
        act(number, run + "-" + i, random);
      }
    } catch (UncheckedIOException _) {
      // The server is gone.
    } catch (RuntimeException | AssertionError e) {
      acknowledged.failed(e);
    }
  }

  private void act(int number, String name, SplittableRandom random) {
    int dice = random.nextInt(10);
    if (dice < 5) {
      say(number, name);
    } else if (dice < 6) {
      setState(number, name, random);
    } else {
      toDevice.act(number, name, random);
    }
  }

  /// Sends a message, and notes whether it was acknowledged.
  void say(int number, String name) {
    Acknowledged.Sent sent =
        new Acknowledged.Sent(
            people.get(number).http(),
            room,
            Crowd.path(room) + "/send/m.room.message/" + name,
            name,
            false);
    acknowledged.begins(sent);
    acknowledged.ends(sent, Crowd.answered(sent));
  }

  private void setState(int number, String name, SplittableRandom random) {
    acknowledged.stateIsSet(
        people
            .get(number)
            .http()
            .put(
                Crowd.path(room) + "/state/org.test/key" + random.nextInt(5),
                object().put("value", name))
            .granted()
            .path("event_id")
            .textValue());
  }
}
