package org.hearth.product;

import static org.hearth.product.MatrixHttp.encoded;
import static org.hearth.product.MatrixHttp.object;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;

/// Clients that send, set state, redact, make and join rooms, make accounts and ask other things of
/// the boxes as fast as they are answered, until the server is gone.
final class Crowd {
  static final String PASSWORD = "a password of the tests";

  private final List<MatrixHttp> clients;
  private final List<String> rooms;
  private final Acknowledged acknowledged;
  private final List<UnderFire> boxes;
  private final CountDownLatch working;
  private final List<Thread> threads = new ArrayList<>();

  private Crowd(
      List<MatrixHttp> clients,
      List<String> rooms,
      Acknowledged acknowledged,
      List<UnderFire> boxes) {
    this.clients = List.copyOf(clients);
    this.rooms = List.copyOf(rooms);
    this.acknowledged = acknowledged;
    this.boxes = List.copyOf(boxes);
    this.working = new CountDownLatch(clients.size());
  }

  /// Sets the clients to work and returns when each was answered once.
  ///
  /// @param boxes of which every second act is asked; empty for none
  /// @param run names this run; what is sent is unique with it
  static Crowd start(
      List<MatrixHttp> clients,
      List<String> rooms,
      Acknowledged acknowledged,
      List<UnderFire> boxes,
      String run,
      SplittableRandom random)
      throws InterruptedException {
    Crowd crowd = new Crowd(clients, rooms, acknowledged, boxes);
    for (int i = 0; i < clients.size(); i++) {
      int number = i;
      SplittableRandom own = random.split();
      crowd.threads.add(
          Thread.ofVirtual().start(() -> crowd.work(number, run + "-" + number, own)));
    }
    crowd.working.await();
    return crowd;
  }

  /// Returns when all have noticed that the server is gone.
  void awaitEnd() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void work(int number, String run, SplittableRandom random) {
    try {
      for (int i = 0; ; i++) {
        step(number, run + "-" + i, random);
        if (i == 0) {
          working.countDown();
        }
      }
    } catch (UncheckedIOException _) {
      // The server is gone.
    } catch (RuntimeException | AssertionError e) {
      acknowledged.failed(e);
    }
    working.countDown();
  }

  private void step(int number, String name, SplittableRandom random) {
    if (!boxes.isEmpty() && random.nextBoolean()) {
      UnderFire box = boxes.get(random.nextInt(boxes.size()));
      box.act(number, name, random);
      acknowledged.hasActed(box);
      return;
    }
    MatrixHttp client = clients.get(number);
    String room = rooms.get(random.nextInt(rooms.size()));
    int dice = random.nextInt(100);
    if (dice < 60) {
      message(client, room, name);
    } else if (dice < 80) {
      state(client, room, name, random);
    } else if (dice < 92) {
      redaction(client, room, name, random);
    } else if (dice < 97) {
      room(client, clients.get((number + 1) % clients.size()), name);
    } else {
      account(client, name);
    }
  }

  private void message(MatrixHttp client, String room, String name) {
    Acknowledged.Sent sent =
        new Acknowledged.Sent(
            client, room, path(room) + "/send/m.room.message/" + name, name, false);
    send(sent);
  }

  /// Redacts one of the client's own messages, which may be redacted already.
  private void redaction(MatrixHttp client, String room, String name, SplittableRandom random) {
    List<String> own =
        acknowledged.events().entrySet().stream()
            .filter(each -> each.getKey().sender().equals(client))
            .filter(each -> each.getKey().room().equals(room) && !each.getKey().redaction())
            .map(Map.Entry::getValue)
            .toList();
    if (!own.isEmpty()) {
      String event = own.get(random.nextInt(own.size()));
      send(
          new Acknowledged.Sent(
              client, room, path(room) + "/redact/" + encoded(event) + "/" + name, event, true));
    }
  }

  /// Sends a request that may be repeated; notes the answer.
  private void send(Acknowledged.Sent sent) {
    acknowledged.begins(sent);
    acknowledged.ends(sent, answered(sent));
  }

  /// Sends a request, for the first time or again.
  static String answered(Acknowledged.Sent sent) {
    return sent.sender()
        .put(
            sent.path(),
            sent.redaction()
                ? object()
                : object().put("msgtype", "m.text").put("body", sent.body()))
        .granted()
        .path("event_id")
        .textValue();
  }

  private void state(MatrixHttp client, String room, String name, SplittableRandom random) {
    acknowledged.stateIsSet(
        client
            .put(
                path(room) + "/state/org.test/key" + random.nextInt(5), object().put("value", name))
            .granted()
            .path("event_id")
            .textValue());
  }

  private void room(MatrixHttp maker, MatrixHttp guest, String name) {
    String room =
        maker
            .post("/createRoom", object().put("preset", "public_chat").put("name", name))
            .granted()
            .path("room_id")
            .textValue();
    acknowledged.areIn(room, List.of(maker));
    guest.post("/join/" + encoded(room), object()).granted();
    acknowledged.areIn(room, List.of(maker, guest));
  }

  private void account(MatrixHttp any, String name) {
    acknowledged.registers(name);
    acknowledged.isRegistered(name, MatrixHttp.at(any.base()).register(name, PASSWORD));
  }

  /// A room that everybody may join, and in which all who do may do what a crowd does.
  static String makeRoom(MatrixHttp maker) {
    return maker
        .post(
            "/createRoom",
            object()
                .put("preset", "public_chat")
                .set(
                    "power_level_content_override",
                    object().set("events", object().put("org.test", 0))))
        .granted()
        .path("room_id")
        .textValue();
  }

  static String path(String room) {
    return "/rooms/" + encoded(room);
  }
}
