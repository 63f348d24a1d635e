package org.hearth.bench.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.state.EventSource;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// A large room whose history has forked: two branches that change the same things.
///
/// Of a branch's events 2 in 5 are memberships renewed by their users, 2 in 5 other state set by
/// members, 3 in 20 bans by moderators, and 1 in 20 power levels, each citing the one before. All
/// are by the rules where they stand. Hashes and signatures are not real: nothing here asks for
/// them.
final class ForkedRoom implements EventSource {
  private static final long START = 1_700_000_000_000L;
  private static final int MODERATORS = 10;
  private static final String CREATOR = "@creator:bench.example";

  private final RoomVersion version;
  private final List<Pdu> events = new ArrayList<>();
  private final List<long[]> authEvents = new ArrayList<>();
  private final List<Map<StateKey, Long>> states;
  private final SplittableRandom random = new SplittableRandom(1);
  private final String roomId;

  private ForkedRoom(RoomVersion version, int members, int eventsPerBranch) {
    this.version = version;
    Map<StateKey, Long> state = new HashMap<>();
    ObjectNode create = json("{\"room_version\":\"" + version.id() + "\"}");
    if (!version.has(RoomRule.CREATOR_IS_SENDER)) {
      create.put("creator", CREATOR);
    }
    roomId = version.has(RoomRule.ROOM_ID_IS_CREATE_HASH) ? "" : "!room:bench.example";
    add(state, CREATOR, EventTypes.CREATE, "", create);
    add(state, CREATOR, EventTypes.MEMBER, CREATOR, json("{\"membership\":\"join\"}"));
    add(state, CREATOR, EventTypes.POWER_LEVELS, "", levels(0));
    add(state, CREATOR, EventTypes.JOIN_RULES, "", json("{\"join_rule\":\"public\"}"));
    for (int i = 0; i < members; i++) {
      add(state, user(i), EventTypes.MEMBER, user(i), json("{\"membership\":\"join\"}"));
    }
    states =
        List.of(branch(state, members, eventsPerBranch), branch(state, members, eventsPerBranch));
  }

  /// A room of that many members and a fork of that many events on each side.
  static ForkedRoom of(RoomVersion version, int members, int eventsPerBranch) {
    return new ForkedRoom(version, members, eventsPerBranch);
  }

  /// The states at the ends of the two branches.
  List<Map<StateKey, Long>> states() {
    return states;
  }

  private Map<StateKey, Long> branch(Map<StateKey, Long> from, int members, int count) {
    Map<StateKey, Long> state = new HashMap<>(from);
    int half = members / 2;
    for (int i = 0; i < count; i++) {
      int kind = i % 20;
      if (kind == 0) {
        add(state, CREATOR, EventTypes.POWER_LEVELS, "", levels(i));
      } else if (kind < 4) {
        // Those of the second half are banned, those of the first go on.
        String target = user(half + i % half);
        add(
            state,
            user(random.nextInt(MODERATORS)),
            EventTypes.MEMBER,
            target,
            json("{\"membership\":\"ban\"}"));
      } else if (kind < 12) {
        String member = user(MODERATORS + i % (half - MODERATORS));
        ObjectNode content = json("{\"membership\":\"join\"}").put("displayname", "name " + i);
        add(state, member, EventTypes.MEMBER, member, content);
      } else {
        String member = user(MODERATORS + random.nextInt(half - MODERATORS));
        add(state, member, "org.example.setting", "key " + i, json("{\"x\":1}").put("value", i));
      }
    }
    return state;
  }

  private ObjectNode levels(int change) {
    ObjectNode levels = json("{\"state_default\":0,\"events\":{}}").put("invite", change % 7);
    ObjectNode users = levels.putObject("users");
    if (!version.has(RoomRule.PRIVILEGED_CREATORS)) {
      users.put(CREATOR, 100);
    }
    for (int i = 0; i < MODERATORS; i++) {
      users.put(user(i), 50);
    }
    return levels;
  }

  private static String user(int number) {
    return "@user%d:bench.example".formatted(number);
  }

  private void add(
      Map<StateKey, Long> state, String sender, String type, String key, ObjectNode content) {
    long number = events.size();
    List<StateKey> cited =
        AuthEventSelection.keysFor(version, type, UserId.parse(sender), Optional.of(key), content);
    long[] edges = cited.stream().filter(state::containsKey).mapToLong(state::get).toArray();
    ArrayNode references = JsonNodeFactory.instance.arrayNode();
    for (long edge : edges) {
      references.add(events.get(Math.toIntExact(edge)).eventId().value());
    }
    ObjectNode event = json("{\"hashes\":{\"sha256\":\"\"},\"signatures\":{}}");
    event.set("auth_events", references);
    event.set("content", content);
    event.put("depth", number + 1);
    event.put("origin_server_ts", START + random.nextInt(1_000_000));
    event.set("prev_events", JsonNodeFactory.instance.arrayNode());
    event.put("sender", sender).put("state_key", key).put("type", type);
    if (!type.equals(EventTypes.CREATE) || !version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)) {
      event.put("room_id", roomId.isEmpty() ? createEvent().roomId().value() : roomId);
    }
    events.add(Pdu.parse(event, version));
    authEvents.add(edges);
    state.put(new StateKey(type, key), number);
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.getBytes(UTF_8));
  }

  @Override
  public long[] authEvents(long event) {
    return authEvents.get(Math.toIntExact(event));
  }

  @Override
  public Pdu event(long event) {
    return events.get(Math.toIntExact(event));
  }

  @Override
  public boolean isRejected(long event) {
    return false;
  }

  @Override
  public Pdu createEvent() {
    return events.getFirst();
  }
}
