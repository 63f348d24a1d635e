package org.hearth.server.servers.room.server;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.store.Store;

/// What the Room Server costs: processor time for an event, time to join a room of another server,
/// time to load a large room, memory for idle rooms, disk for states.
///
/// ```
/// RoomServerFigures FOLDER [OUT [append] [send] [receive] [load] [idle] [disk]]
/// ```
///
/// FOLDER gets the databases, about a gigabyte, or has those of a run before; OUT the figures as
/// JSON, all of them or those that are named.
public final class RoomServerFigures {
  private static final List<String> KINDS =
      List.of("append", "send", "receive", "load", "idle", "disk");
  private static final List<String> SIGNED =
      List.of(
          "events_per_second_signed_and_settled_1_signer",
          "events_per_second_signed_and_settled_2_signers");
  private static final int LARGE_ROOM = 50_000;
  private static final int EVENTS = 50_000;
  private static final int WARM_UP = 2;
  private static final int ROUNDS = 7;
  private static final int STATE_EVENTS = 100_000;
  private static final int IDLE_ROOMS = 1_000;
  private static final int IDLE_MEMBERS = 100;
  private static final int LONG_ROOM_EVENTS = 200_000;
  private static final int LONG_ROOM_CHANGES = 10_000;

  /// The tables that hold states and nothing else.
  private static final List<String> STATE_TABLES =
      List.of("ROOM_STATE", "ROOM_STATE_KEY", "ROOM_CURRENT", "ROOM_MEMBER", "ROOM_AUTH");

  private static final String ALL_TABLES =
      "SELECT SUM(s.numallocatedpages * s.pagesize) FROM sys.systables t,"
          + " TABLE (SYSCS_DIAG.SPACE_TABLE(t.tablename)) AS s WHERE t.tabletype = 'T'";

  private RoomServerFigures() {}

  /// Measures.
  ///
  /// @param arguments as above
  /// @throws Exception if a server does not do what it should
  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    figures.put(
        "machine",
        "%d processors, Java %s, -Xmx%d MiB"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                Runtime.version(),
                Runtime.getRuntime().maxMemory() >> 20));
    List<String> wanted =
        arguments.length > 2 ? List.of(arguments).subList(2, arguments.length) : KINDS;
    for (String kind : wanted) {
      Path database = folder.resolve(kind);
      figures.set(
          kind,
          switch (kind) {
            case "append" -> append(database);
            case "send" -> SendFigures.measure(database);
            case "receive" -> ReceiveFigures.measure(database);
            case "load" -> coldLoad(database);
            case "idle" -> idleRooms(database);
            case "disk" -> stateOnDisk(database);
            default -> throw new IllegalArgumentException(kind + " is none of " + KINDS);
          });
    }
    ObjectMapper json = new ObjectMapper();
    String text = json.writerWithDefaultPrettyPrinter().writeValueAsString(figures);
    System.out.println(text);
    if (arguments.length > 1) {
      Files.writeString(Path.of(arguments[1]), text + "\n");
    }
  }

  /// Events a second on one shard, without commits.
  private static ObjectNode append(Path folder) throws InterruptedException {
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    try (BenchedRooms server = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      if (server.rooms().isEmpty()) {
        server.room(10);
        server.room(LARGE_ROOM);
      }
      RoomId small = server.rooms().getFirst();
      RoomId large = server.rooms().getLast();
      for (int round = 0; round < ROUNDS; round++) {
        append(server.store(), small, 10, round, figures.withObject("11_members"));
        append(server.store(), large, 500, round, figures.withObject("50001_members"));
      }
      figures.put("microseconds_of_signing_in_each", Math.round(signingMicros() * 10) / 10.0);
    }
    return figures;
  }

  private static void append(Store store, RoomId room, int senders, int round, ObjectNode figures)
      throws InterruptedException {
    // The first rounds are the compiler's.
    ObjectNode kept = round >= WARM_UP ? figures : JsonNodeFactory.instance.objectNode();
    for (int signers = 1; signers <= 2; signers++) {
      try (ShardAlone shard = new ShardAlone(store, signers)) {
        shard.load(room);
        if (signers == 1) {
          kept.withArray("events_per_second_of_the_shard_thread")
              .add(Math.round(shard.decide(room, senders, EVENTS)));
        }
        kept.withArray(SIGNED.get(signers - 1))
            .add(Math.round(shard.sendAndSign(room, senders, EVENTS)));
      }
    }
  }

  private static double signingMicros() {
    byte[] message = new byte[600];
    int count = 20_000;
    for (int i = 0; i < count; i++) {
      BenchedRooms.KEY.sign(message);
    }
    long began = System.nanoTime();
    for (int i = 0; i < count; i++) {
      BenchedRooms.KEY.sign(message);
    }
    return (System.nanoTime() - began) / 1e3 / count;
  }

  /// From a server that has just opened its database to the room's whole current state, and to a
  /// message in it that is committed. The first of the times is that of a cold machine too, if the
  /// database was there before.
  private static ObjectNode coldLoad(Path folder) throws InterruptedException {
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    boolean filled;
    try (BenchedRooms server = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      filled = !server.rooms().isEmpty();
      if (!filled) {
        RoomId room = server.room(1);
        for (int i = 0; i < STATE_EVENTS; i++) {
          server.setState(room, i);
        }
        server.finish();
      }
    }
    figures.put("database_was_there_before", filled);
    for (int i = 0; i < 5; i++) {
      try (BenchedRooms server = BenchedRooms.on(folder, RoomServerOptions.standard())) {
        RoomId room = server.rooms().getFirst();
        long began = System.nanoTime();
        RoomState state = server.queries().currentState(room).orElseThrow();
        figures.withArray("milliseconds_to_the_state").add((System.nanoTime() - began) / 1_000_000);
        figures.put("state_events", state.size());
      }
      try (BenchedRooms server = BenchedRooms.on(folder, RoomServerOptions.standard())) {
        RoomId room = server.rooms().getFirst();
        long began = System.nanoTime();
        server.say(room, 0, i);
        server.finish();
        figures
            .withArray("milliseconds_to_the_first_message")
            .add((System.nanoTime() - began) / 1_000_000);
      }
    }
    return figures;
  }

  /// What stays in the heap for rooms that were asked for once.
  private static ObjectNode idleRooms(Path folder) throws InterruptedException {
    List<RoomId> rooms;
    try (BenchedRooms server = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      for (int i = server.rooms().size(); i < IDLE_ROOMS; i++) {
        server.room(IDLE_MEMBERS);
      }
      rooms = server.rooms();
    }
    // Room for all of them, and for nothing else that would be counted with them.
    RoomServerOptions all = new RoomServerOptions(2, 400L << 20, 0, 0, 0, 0, 0);
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    try (BenchedRooms server = BenchedRooms.on(folder, all)) {
      server.queries().joinedUsers(rooms.getFirst());
      long before = usedBytes();
      for (RoomId room : rooms) {
        server.queries().joinedUsers(room);
      }
      figures.put("rooms", IDLE_ROOMS).put("members", IDLE_MEMBERS + 1);
      figures.put("heap_mib", Math.round((usedBytes() - before) / 1048576.0 * 10) / 10.0);
      figures.put("rooms_known", server.queries().roomCount());
    }
    return figures;
  }

  private static long usedBytes() {
    long used = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      used = Math.min(used, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return used;
  }

  /// The bytes of states beside the bytes of the events.
  private static ObjectNode stateOnDisk(Path folder) throws InterruptedException {
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    try (BenchedRooms server = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      if (server.rooms().isEmpty()) {
        longRoom(server);
      }
      long json = bytes(server.store(), "SELECT SUM(CAST(LENGTH(json) AS BIGINT)) FROM room_event");
      figures.put("events", bytes(server.store(), "SELECT COUNT(*) FROM room_event"));
      figures.put(
          "membership_changes",
          bytes(
              server.store(),
              "SELECT COUNT(*) FROM room_event e JOIN room_state_key k ON k.room_nid = e.room_nid"
                  + " AND k.key_nid = e.key_nid WHERE k.type = 'm.room.member'"));
      figures.put("event_json_bytes", json);
      long states = 0;
      for (String table : STATE_TABLES) {
        long size =
            bytes(
                server.store(),
                "SELECT SUM(numallocatedpages * pagesize) FROM TABLE (SYSCS_DIAG.SPACE_TABLE('"
                    + table
                    + "')) AS t");
        figures.put(table.toLowerCase(java.util.Locale.ROOT) + "_bytes", size);
        states += size;
      }
      figures.put("states_by_json", Math.round(100.0 * states / json) / 100.0);
      long all = bytes(server.store(), ALL_TABLES);
      figures.put("all_tables_and_indexes_bytes", all);
      figures.put("all_by_json", Math.round(100.0 * all / json) / 100.0);
    }
    return figures;
  }

  /// A room in which people come and go while others talk.
  private static void longRoom(BenchedRooms server) throws InterruptedException {
    int members = 1_000;
    RoomId room = server.room(members);
    int every = LONG_ROOM_EVENTS / (LONG_ROOM_CHANGES - members);
    for (int i = 0; i < LONG_ROOM_EVENTS; i++) {
      if (i % (2 * every) == 0) {
        int who = i / every % (members - 10) + 10;
        server.change(room, BenchedRooms.user(who), Membership.LEAVE);
        server.change(room, BenchedRooms.user(who), Membership.JOIN);
      } else {
        server.say(room, i % 10, i);
      }
    }
    server.finish();
  }

  private static long bytes(Store store, String sql) {
    return store
        .reads()
        .read(connection -> {
          try (PreparedStatement statement = connection.prepareStatement(sql);
              ResultSet rows = statement.executeQuery()) {
            rows.next();
            return rows.getLong(1);
          }
        });
  }
}
