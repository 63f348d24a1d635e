package org.hearth.bench.start;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.servers.room.RoomServer;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;

/// Makes a data folder with many events, by the product's own code: accounts and rooms over HTTP,
/// then, with the server stopped, messages by commands to a Room Server on the same store, each
/// authorised, hashed, signed and committed as always.
final class ManyEvents {
  private static final int PEOPLE = 10;
  private static final int ROOMS = 50;
  private static final int UNDER_WAY = 64;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private ManyEvents() {}

  /// Makes the folder; if it is there already, says so and leaves it.
  ///
  /// @param launcher starts a server
  /// @param messages how many
  static void make(List<String> launcher, Path folder, int messages)
      throws IOException, InterruptedException {
    if (Files.exists(folder)) {
      System.out.println("There is " + folder + " already; it is used as it is.");
      return;
    }
    List<People.Account> people;
    List<String> rooms;
    try (Launched server = Launched.start(launcher, folder)) {
      people = People.register(server.address(), "writer", PEOPLE);
      rooms = People.makeRooms(server.address(), people, ROOMS);
    }
    long begun = System.nanoTime();
    try (Store store = Store.open(StoreOptions.of(folder));
        RoomServer server =
            new RoomServer(
                store,
                ServerName.parse("bench.example"),
                key(folder),
                InstantSource.system(),
                new SecureRandom(),
                RoomServerOptions.standard())) {
      LogSet logs = new LogSet(server.logs());
      logs.start(store.head());
      LogWriter<RoomInput, RoomReply> writer = server.input().writer("Bench");
      List<Future<?>> writers = new ArrayList<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (String room : rooms) {
          writers.add(
              threads.submit(() -> {
                write(writer, RoomId.parse(room), people, messages / ROOMS);
                return null;
              }));
        }
      }
      for (Future<?> each : writers) {
        each.get();
      }
      logs.drainAndStop(PATIENCE);
    } catch (ExecutionException e) {
      throw new IOException("the messages could not be written", e.getCause());
    }
    System.out.printf(
        "%,d messages in %d rooms, %d s%n",
        messages, ROOMS, (System.nanoTime() - begun) / 1_000_000_000);
  }

  private static void write(
      LogWriter<RoomInput, RoomReply> writer,
      RoomId room,
      List<People.Account> people,
      int messages)
      throws InterruptedException {
    Deque<Reply<RoomReply>> underWay = new ArrayDeque<>();
    for (int i = 0; i < messages; i++) {
      if (underWay.size() == UNDER_WAY) {
        require(underWay.removeFirst().await(PATIENCE));
      }
      UserId sender = UserId.parse(people.get(i % people.size()).id());
      ObjectNode content = JSON.objectNode();
      content.put("msgtype", "m.text");
      content.put(
          "body", "Message %d of this room, about as long as people write them.".formatted(i));
      underWay.add(
          writer.submit(
              new RoomInput.SendEvent(
                  room, EventDraft.message(room, sender, "m.room.message", content), null),
              PATIENCE));
    }
    for (Reply<RoomReply> reply : underWay) {
      require(reply.await(PATIENCE));
    }
  }

  private static void require(RoomReply reply) {
    if (reply instanceof RoomReply.Refused refused) {
      throw new IllegalStateException("the Room Server refused: " + refused);
    }
  }

  /// The key that the server made at its first start: one line `ed25519 VERSION SEED`.
  private static SigningKey key(Path folder) throws IOException {
    String[] words =
        Files.readString(folder.resolve("keys").resolve("signing.key")).strip().split(" ", -1);
    return new SigningKey(
        KeyId.parse(words[0] + ":" + words[1]), Base64.getDecoder().decode(words[2]));
  }
}
