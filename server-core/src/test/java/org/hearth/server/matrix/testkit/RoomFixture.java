package org.hearth.server.matrix.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.KnownEvents;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.state.EventSource;
import org.hearth.server.matrix.state.StateResolution;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// A room that a test builds event by event, signed and hashed as its version wants it.
///
/// ```
///   RoomFixture room = RoomFixture.of(RoomVersions.V12);       // Alice has created it and is in it
///   room.joinRule("public").add();
///   Pdu join = room.join(BOB).add();                           // after all that is there
///   Pdu fork = room.topic(ALICE, "x").after(join).build();     // not put into the room
///   Pdu bent = room.topic(ALICE, "x").bend(json -> json.remove("depth")).build();
/// ```
///
/// The fixture judges nothing: what is added is in, so that rooms can be as wrong as a test needs
/// them. Numbers of events are their places in the order of addition. Time goes on by one second an
/// event.
public final class RoomFixture {
  /// The creator.
  public static final UserId ALICE = UserId.parse("@alice:a.example");

  /// Somebody of another server.
  public static final UserId BOB = UserId.parse("@bob:b.example");

  /// Somebody of a third server.
  public static final UserId CHARLIE = UserId.parse("@charlie:c.example");

  private static final long START = 1_700_000_000_000L;

  private final RoomVersion version;
  private final List<Pdu> events = new ArrayList<>();
  private final Map<EventId, Integer> numbers = new HashMap<>();
  private final Map<EventId, Map<StateKey, Pdu>> statesAfter = new HashMap<>();
  private final Set<EventId> rejected = new HashSet<>();
  private List<Pdu> extremities = List.of();
  private RoomId roomId = RoomId.parse("!room:a.example");
  private int built;

  private RoomFixture(RoomVersion version) {
    this.version = version;
  }

  /// A room without events.
  public static RoomFixture empty(RoomVersion version) {
    return new RoomFixture(version);
  }

  /// A room that Alice has created and joined. It has no power levels, and only the invited come
  /// in.
  public static RoomFixture of(RoomVersion version) {
    RoomFixture room = new RoomFixture(version);
    room.create("{}").add();
    room.join(ALICE).add();
    return room;
  }

  /// As [#of], with join rule `public`, and Bob and Charlie in it.
  public static RoomFixture withMembers(RoomVersion version) {
    RoomFixture room = of(version);
    room.joinRule("public").add();
    room.join(BOB).add();
    room.join(CHARLIE).add();
    return room;
  }

  /// The JSON object of a text.
  public static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.getBytes(UTF_8));
  }

  /// The version.
  public RoomVersion version() {
    return version;
  }

  /// The room's id; in version 12 and later known when its create event was added.
  public RoomId roomId() {
    return roomId;
  }

  // What can be built.

  /// Any event that is not state.
  public EventRecipe message(UserId sender, String type, String content) {
    return new EventRecipe(this, sender, type, Optional.empty(), json(content));
  }

  /// Any state event.
  public EventRecipe state(UserId sender, String type, String stateKey, String content) {
    return new EventRecipe(this, sender, type, Optional.of(stateKey), json(content));
  }

  /// Alice's create event; what the version wants in its content is added.
  public EventRecipe create(String content) {
    EventRecipe recipe = state(ALICE, EventTypes.CREATE, "", content);
    return recipe.bendContent(json -> {
      if (!json.has("room_version")) {
        json.put("room_version", version.id());
      }
      if (!version.has(RoomRule.CREATOR_IS_SENDER) && !json.has("creator")) {
        json.put("creator", ALICE.value());
      }
    });
  }

  /// A membership.
  public EventRecipe member(UserId sender, UserId target, String membership) {
    return state(
        sender, EventTypes.MEMBER, target.value(), "{\"membership\":\"" + membership + "\"}");
  }

  /// A join.
  public EventRecipe join(UserId user) {
    return member(user, user, "join");
  }

  /// Alice sets the join rule.
  public EventRecipe joinRule(String rule) {
    return state(ALICE, EventTypes.JOIN_RULES, "", "{\"join_rule\":\"" + rule + "\"}");
  }

  /// Alice sets the power levels.
  public EventRecipe powerLevels(String content) {
    return powerLevels(ALICE, content);
  }

  /// Somebody sets the power levels.
  public EventRecipe powerLevels(UserId sender, String content) {
    return state(sender, EventTypes.POWER_LEVELS, "", content);
  }

  /// Alice makes the levels those that a new room has, with some changes: creators have 100 as long
  /// as versions list them.
  ///
  /// @param changes JSON members like `"ban": 70`
  public EventRecipe usualPowerLevels(String... changes) {
    ObjectNode content = json("{" + String.join(",", changes) + "}");
    if (!version.has(RoomRule.PRIVILEGED_CREATORS)) {
      ObjectNode users = content.withObjectProperty("users");
      if (!users.has(ALICE.value())) {
        users.put(ALICE.value(), 100);
      }
    }
    return powerLevels(ALICE, content.toString());
  }

  /// Somebody sets the topic.
  public EventRecipe topic(UserId sender, String topic) {
    return state(sender, EventTypes.TOPIC, "", "{}").bendContent(json -> json.put("topic", topic));
  }

  // What is there.

  /// The events in the order of addition; the place in it is an event's number.
  public List<Pdu> events() {
    return Collections.unmodifiableList(events);
  }

  /// The current state.
  public Map<StateKey, Pdu> state() {
    return stateBefore(extremities);
  }

  /// The current state, as the authorisation rules ask for it.
  public AuthState authState() {
    return AuthState.of(state());
  }

  /// The state after an event.
  public Map<StateKey, Pdu> stateAfter(Pdu event) {
    return Collections.unmodifiableMap(statesAfter.get(event.eventId()));
  }

  /// The state after an event, by number.
  public Map<StateKey, Long> numbersAfter(Pdu event) {
    return numbers(stateAfter(event));
  }

  /// The state after some events: their states, resolved.
  public Map<StateKey, Pdu> stateBefore(List<Pdu> previous) {
    if (previous.isEmpty()) {
      return Map.of();
    }
    if (previous.size() == 1) {
      return stateAfter(previous.getFirst());
    }
    Map<StateKey, Pdu> resolved = new LinkedHashMap<>();
    StateResolution.resolve(version, previous.stream().map(this::numbersAfter).toList(), source())
        .forEach((key, number) -> resolved.put(key, events.get(Math.toIntExact(number))));
    return resolved;
  }

  /// The number of an event.
  public long number(Pdu event) {
    return numberOf(event.eventId());
  }

  /// A state by number.
  public Map<StateKey, Long> numbers(Map<StateKey, Pdu> state) {
    Map<StateKey, Long> numbered = new HashMap<>();
    state.forEach((key, event) -> numbered.put(key, number(event)));
    return numbered;
  }

  /// The last events.
  public List<Pdu> extremities() {
    return extremities;
  }

  /// From now on all is built after these.
  public void continueAfter(Pdu... previous) {
    extremities = List.of(previous);
  }

  /// Marks an event as rejected; the state after it stays what the test made it.
  public void reject(Pdu event) {
    rejected.add(event.eventId());
  }

  /// The events as what can be cited.
  public KnownEvents known() {
    return id ->
        Optional.ofNullable(numbers.get(id))
            .map(number -> new KnownEvents.KnownEvent(events.get(number), rejected.contains(id)));
  }

  /// The events as state resolution asks for them.
  public EventSource source() {
    return new EventSource() {
      @Override
      public long[] authEvents(long event) {
        return event(event).authEvents().stream().mapToLong(RoomFixture.this::numberOf).toArray();
      }

      @Override
      public Pdu event(long event) {
        return events.get(Math.toIntExact(event));
      }

      @Override
      public boolean isRejected(long event) {
        return rejected.contains(event(event).eventId());
      }

      @Override
      public Pdu createEvent() {
        return events.getFirst();
      }
    };
  }

  // For EventRecipe.

  int nextTick() {
    return ++built;
  }

  long timestamp(int tick) {
    return START + tick * 1000L;
  }

  /// Puts an event into the room, with this state after it or else that which its place gives.
  Pdu add(Pdu event, List<Pdu> previous, Optional<Map<StateKey, Pdu>> stateBefore) {
    if (event.isCreate()) {
      roomId = event.roomId();
    }
    Map<StateKey, Pdu> after =
        new LinkedHashMap<>(stateBefore.orElseGet(() -> stateBefore(previous)));
    event.stateKeyPair().ifPresent(key -> after.put(key, event));
    numbers.put(event.eventId(), events.size());
    events.add(event);
    statesAfter.put(event.eventId(), after);
    List<Pdu> last = new ArrayList<>(extremities);
    last.removeAll(previous);
    last.add(event);
    extremities = List.copyOf(last);
    return event;
  }

  private long numberOf(EventId id) {
    Integer number = numbers.get(id);
    if (number == null) {
      throw new NoSuchElementException(id + " is not in the room");
    }
    return number;
  }

  @Override
  public String toString() {
    return "room of version " + version + " " + events;
  }
}
