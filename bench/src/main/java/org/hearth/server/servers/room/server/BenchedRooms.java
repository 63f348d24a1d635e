package org.hearth.server.servers.room.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;

/// A Room Server on a store of its own, filled by its own commands, so that every event in it is
/// made, signed, authorised and committed as any other.
///
/// **thread**: one.
public final class BenchedRooms implements AutoCloseable {
  public static final ServerName SERVER = ServerName.parse("bench.example");
  static final UserId CREATOR = UserId.parse("@creator:bench.example");
  public static final SigningKey KEY =
      new SigningKey(
          KeyId.parse("ed25519:1"), "a seed for benchmarks, 32 bytes ".getBytes(US_ASCII));

  private static final RoomVersion VERSION = RoomVersions.of("12").orElseThrow();
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration PATIENCE_FOR_MANY = Duration.ofMinutes(10);
  private static final int AHEAD = 256;

  private final Store store;
  private final RoomServer server;
  private final LogWriter<RoomInput, RoomReply> writer;
  private final Deque<Reply<RoomReply>> waiting = new ArrayDeque<>();
  private LogSet logs = new LogSet(List.of());

  private BenchedRooms(Store store, RoomServerOptions options) {
    this.store = store;
    this.server =
        new RoomServer(
            store, SERVER, KEY, InstantSource.system(), new SplittableRandom(1), options);
    this.writer = server.input().writer("Bench");
  }

  /// Opens the database of that folder and starts.
  public static BenchedRooms on(Path folder, RoomServerOptions options) {
    BenchedRooms opened = open(folder, options);
    opened.start(List.of());
    return opened;
  }

  /// Opens the database of that folder, for other boxes beside the Room Server.
  public static BenchedRooms open(Path folder, RoomServerOptions options) {
    return new BenchedRooms(Store.open(StoreOptions.of(folder)), options);
  }

  /// Starts what was opened.
  ///
  /// @param beside logs of the other boxes
  public void start(List<Log> beside) {
    logs = new LogSet(Stream.concat(server.logs().stream(), beside.stream()).toList());
    logs.start(store.head());
    server.start();
  }

  public Store store() {
    return store;
  }

  /// What the rooms announce.
  public OutputLog<RoomOutput> output() {
    return server.output();
  }

  /// The rooms that are in the database already, in the order in which they were made.
  public List<RoomId> rooms() {
    return store
        .reads()
        .read(connection -> {
          try (PreparedStatement statement =
                  connection.prepareStatement("SELECT room_id FROM room ORDER BY room_nid");
              ResultSet rows = statement.executeQuery()) {
            List<RoomId> rooms = new ArrayList<>();
            while (rows.next()) {
              rooms.add(RoomId.parse(rows.getString(1)));
            }
            return rooms;
          }
        });
  }

  public RoomQueries queries() {
    return server.queries();
  }

  /// One of the members.
  public static UserId user(int number) {
    return UserId.parse("@user%d:bench.example".formatted(number));
  }

  /// A public room in which anybody may set state, with that many members besides its creator.
  public RoomId room(int members) throws InterruptedException {
    long now = System.currentTimeMillis();
    EventDraft create =
        EventDraft.create(null, CREATOR, object().put("room_version", VERSION.id()));
    RoomId room = queries().newRoomId(VERSION, create, now);
    List<EventDraft> events = new ArrayList<>();
    events.add(state(room, EventTypes.MEMBER, CREATOR.value(), object().put("membership", "join")));
    ObjectNode levels = object().put("state_default", 0);
    levels.putObject("users");
    events.add(state(room, EventTypes.POWER_LEVELS, "", levels));
    events.add(state(room, EventTypes.JOIN_RULES, "", object().put("join_rule", "public")));
    submit(new RoomInput.CreateRoom(room, VERSION.id(), now, create, events));
    finish();
    for (int i = 0; i < members; i++) {
      change(room, user(i), Membership.JOIN);
    }
    finish();
    return room;
  }

  private static EventDraft state(RoomId room, String type, String key, ObjectNode content) {
    return EventDraft.state(room, CREATOR, new StateKey(type, key), content);
  }

  void change(RoomId room, UserId user, Membership membership) throws InterruptedException {
    submit(
        new RoomInput.ChangeMembership(
            room, user, user, membership, object(), Set.of(Membership.values()), null));
  }

  void setState(RoomId room, int number) throws InterruptedException {
    submit(
        new RoomInput.SendEvent(
            room,
            state(room, "org.example.setting", "key " + number, object().put("value", number)),
            null));
  }

  /// Sends a message, and waits only if too many are under way.
  public void say(RoomId room, int sender, String body) throws InterruptedException {
    submit(RoomInputs.message(room, sender, body));
  }

  /// The same, with more than a body.
  public void say(RoomId room, int sender, ObjectNode content) throws InterruptedException {
    submit(RoomInputs.message(room, sender, content));
  }

  void say(RoomId room, int sender, int number) throws InterruptedException {
    submit(RoomInputs.message(room, sender, number));
  }

  /// Takes in events of another server, all of which must be accepted.
  void receive(RoomInput.ReceiveEvents command) throws InterruptedException {
    RoomReply reply = writer.submit(command, PATIENCE).await(PATIENCE_FOR_MANY);
    if (!(reply instanceof RoomReply.Received received)
        || !received.events().stream()
            .allMatch(each -> each.verdict() instanceof EventVerdict.Accepted)) {
      throw new IllegalStateException("the events were not accepted");
    }
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private void submit(RoomInput command) throws InterruptedException {
    waiting.add(writer.submit(command, PATIENCE));
    if (waiting.size() > AHEAD) {
      settle();
    }
  }

  private void settle() throws InterruptedException {
    RoomReply reply = waiting.removeFirst().await(PATIENCE);
    if (!(reply instanceof RoomReply.Done)) {
      throw new IllegalStateException("the room would not have it: " + reply);
    }
  }

  /// Waits until everything is committed.
  public void finish() throws InterruptedException {
    while (!waiting.isEmpty()) {
      settle();
    }
  }

  @Override
  public void close() {
    server.stop();
    try {
      logs.drainAndStop(PATIENCE);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    server.close();
    store.close();
  }
}
