package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.push.PushEvent;
import org.hearth.server.matrix.push.PushRule;
import org.hearth.server.matrix.push.PushRuleKind;
import org.hearth.server.matrix.push.PushRuleset;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.BenchedRooms;

/// What push rules cost: how many rulesets are evaluated in a second, and what an event takes in a
/// room of many members of this server, of the threads of NotificationServer and of the room's
/// shard.
///
/// ```
/// EvaluationFigures FOLDER [OUT]
/// ```
///
/// FOLDER gets the database, which is made anew: it must be empty. OUT gets the figures as JSON.
public final class EvaluationFigures {
  private static final int FEW = 100;
  private static final int MORE = 1_000;
  private static final int MANY = 10_000;
  private static final int WARM_UP = 1_000;
  private static final int EVENTS = 2_000;
  private static final int EVENTS_OF_OWN_RULES = 200;
  private static final int FEW_EVENTS = 20;
  private static final int RULESETS = 1_000;
  private static final int ROUNDS = 200;
  private static final int WARM_UP_ROUNDS = 100;
  private static final Duration PATIENCE = Duration.ofMinutes(30);
  private static final String KEYWORD = "holiday";
  private static final int MOST_WORDS = 10;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private EvaluationFigures() {}

  /// Measures.
  ///
  /// @param arguments as above
  /// @throws Exception if a server does not do what it should
  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    requireEmpty(folder);
    ObjectNode figures = object();
    figures.put(
        "machine",
        "%d processors, Java %s, -Xmx%d MiB"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                Runtime.version(),
                Runtime.getRuntime().maxMemory() >> 20));
    fill(folder);
    ObjectNode alone = figures.putObject("shard_micros_per_event_without_the_box");
    try (BenchedRooms rooms = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      for (RoomId each : rooms.rooms()) {
        say(rooms, each, WARM_UP, true);
        rooms.finish();
        Cpu before = Cpu.now();
        say(rooms, each, EVENTS, true);
        rooms.finish();
        alone.put(members(rooms, each) + "_members", Cpu.now().minus(before).shards() / EVENTS);
      }
    }
    try (CountingRooms counting = new CountingRooms(folder)) {
      counting.setRules(0, MANY, EvaluationFigures::defaults);
      ArrayNode of = figures.putArray("rooms");
      for (RoomId each : counting.rooms().rooms()) {
        of.add(measure(counting, each, "none", 0, true, EVENTS));
        of.add(measure(counting, each, "none", 0, false, EVENTS));
      }
      RoomId large = counting.rooms().rooms().getLast();
      String same = "a word that all have";
      counting.setRules(0, MORE, EvaluationFigures::withKeyword);
      of.add(measure(counting, large, same, MORE, true, EVENTS));
      counting.setRules(MORE, MANY, EvaluationFigures::withKeyword);
      of.add(measure(counting, large, same, MANY, true, EVENTS_OF_OWN_RULES));
      for (OwnRules each : OWN) {
        counting.setRules(0, MANY, each.rules());
        of.add(measure(counting, large, each.name(), MANY, true, each.events()));
      }
    }
    // After the rooms, which then have the code compiled as it is in a server.
    figures.set("rulesets_evaluated_per_second_of_one_core", rulesets());
    String text = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures);
    System.out.println(text);
    if (arguments.length > 1) {
      Files.writeString(Path.of(arguments[1]), text + "\n");
    }
  }

  private static void requireEmpty(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      if (entries.findAny().isPresent()) {
        throw new IllegalArgumentException(folder + " must be empty");
      }
    }
  }

  private static void fill(Path folder) throws InterruptedException {
    try (BenchedRooms rooms = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      for (int members : new int[] {FEW, MORE, MANY}) {
        rooms.room(members);
      }
    }
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static PushRuleset defaults(int user) {
    return PushRuleset.defaults(BenchedRooms.user(user));
  }

  /// Rules that all members of a room have set, none the same as another.
  private record OwnRules(String name, int events, IntFunction<PushRuleset> rules) {}

  private static final List<OwnRules> OWN =
      List.of(
          new OwnRules("a word each", EVENTS_OF_OWN_RULES, user -> withWords(user, 1, "holiday%d")),
          new OwnRules(
              "three words each and two rooms muted",
              EVENTS_OF_OWN_RULES,
              EvaluationFigures::withRooms),
          new OwnRules(
              "a pattern with wildcards each",
              EVENTS_OF_OWN_RULES,
              user -> withWords(user, 1, "h?liday%d*")),
          new OwnRules(
              "a word each, and a rule that looks for the name",
              EVENTS_OF_OWN_RULES,
              EvaluationFigures::withName),
          new OwnRules(
              "ten words each", FEW_EVENTS, user -> withWords(user, MOST_WORDS, "holiday%d")));

  /// The default rules and a word at which the user wants to be notified.
  private static PushRuleset withKeyword(int user) {
    return with(defaults(user), KEYWORD);
  }

  private static PushRuleset with(PushRuleset rules, String pattern) {
    ObjectNode rule = object().put("pattern", pattern);
    rule.putArray("actions").add("notify").addObject().put("set_tweak", "highlight");
    return rules.withRule(PushRule.parse(PushRuleKind.CONTENT, pattern, rule), null, null);
  }

  private static PushRuleset withWords(int user, int words, String pattern) {
    PushRuleset rules = defaults(user);
    for (int i = 0; i < words; i++) {
      rules = with(rules, pattern.formatted(user * MOST_WORDS + i));
    }
    return rules;
  }

  private static PushRuleset withRooms(int user) {
    PushRuleset rules = withWords(user, 3, "holiday%d");
    for (String each : List.of("a", "b")) {
      ObjectNode rule = object();
      rule.putArray("actions");
      String room = "!" + each + user + ":bench.example";
      rules = rules.withRule(PushRule.parse(PushRuleKind.ROOM, room, rule), null, null);
    }
    return rules;
  }

  private static PushRuleset withName(int user) {
    ObjectNode rule = object();
    rule.putArray("conditions").addObject().put("kind", "contains_display_name");
    rule.putArray("actions").add("notify");
    return withWords(user, 1, "holiday%d")
        .withRule(PushRule.parse(PushRuleKind.OVERRIDE, "name", rule), null, null);
  }

  // --- events in a room

  private static int members(BenchedRooms rooms, RoomId room) {
    // Without the creator.
    return rooms.queries().joinedUsers(room).size() - 1;
  }

  private static void say(BenchedRooms rooms, RoomId room, int events, boolean saysWhomItMentions)
      throws InterruptedException {
    for (int i = 0; i < events; i++) {
      rooms.say(room, i % FEW, content(i, saysWhomItMentions));
    }
  }

  private static ObjectNode content(int number, boolean saysWhomItMentions) {
    ObjectNode content =
        object()
            .put("msgtype", "m.text")
            .put("body", "Message " + number + ": dinner is at seven, bring the children along");
    if (saysWhomItMentions) {
      content.putObject("m.mentions");
    }
    return content;
  }

  /// Processor time in microseconds.
  private record Cpu(long notifications, long shards) {
    static Cpu now() {
      long notifications = 0;
      long shards = 0;
      for (long id : THREADS.getAllThreadIds()) {
        ThreadInfo thread = THREADS.getThreadInfo(id);
        if (thread == null) {
          continue;
        }
        String name = thread.getThreadName();
        long micros = THREADS.getThreadCpuTime(id) / 1_000;
        if (name.startsWith("notification-")
            || name.equals("room-output/" + NotificationQueries.READER)) {
          notifications += micros;
        } else if (name.startsWith("room-input-")) {
          shards += micros;
        }
      }
      return new Cpu(notifications, shards);
    }

    Cpu minus(Cpu before) {
      return new Cpu(notifications - before.notifications, shards - before.shards);
    }
  }

  /// @param rules what members have set
  /// @param ownRules how many members have
  private static ObjectNode measure(
      CountingRooms counting,
      RoomId room,
      String rules,
      int ownRules,
      boolean saysWhomItMentions,
      int events)
      throws InterruptedException {
    BenchedRooms rooms = counting.rooms();
    Cpu start = Cpu.now();
    say(rooms, room, 1, saysWhomItMentions);
    counting.awaitCounted(PATIENCE);
    long first = Cpu.now().minus(start).notifications();
    say(rooms, room, Math.min(WARM_UP, events), saysWhomItMentions);
    counting.awaitCounted(PATIENCE);

    Cpu before = Cpu.now();
    long began = System.nanoTime();
    say(rooms, room, events, saysWhomItMentions);
    counting.awaitCounted(PATIENCE);
    long took = System.nanoTime() - began;
    Cpu used = Cpu.now().minus(before);

    int members = members(rooms, room);
    return object()
        .put("members", members)
        .put("of_whom_with_rules_of_their_own", ownRules)
        .put("rules_of_their_own", rules)
        .put("event_says_whom_it_mentions", saysWhomItMentions)
        .put("notification_micros_of_first_event", first)
        .put("notification_micros_per_event", used.notifications() / events)
        .put(
            "evaluations_per_second_of_one_core",
            Math.round(1e6 * events * members / used.notifications()))
        .put("shard_micros_per_event", used.shards() / events)
        .put("events_per_second", Math.round(1e9 * events / took));
  }

  // --- rulesets alone

  /// One event after the other, of each of which many rulesets are asked.
  private static ObjectNode rulesets() {
    ObjectNode figures = object();
    figures.put("default_rules", rulesets(EvaluationFigures::defaults));
    figures.put("default_rules_and_a_keyword", rulesets(EvaluationFigures::withKeyword));
    return figures;
  }

  private static long rulesets(IntFunction<PushRuleset> rules) {
    List<PushRuleset> all = IntStream.range(0, RULESETS).mapToObj(rules).toList();
    long notified = 0;
    long began = 0;
    for (int i = -WARM_UP_ROUNDS; i < ROUNDS; i++) {
      if (i == 0) {
        began = THREADS.getCurrentThreadCpuTime();
      }
      PushEvent event = new PushEvent(event(i), RULESETS, _ -> false);
      for (PushRuleset each : all) {
        notified += each.evaluate(event, null).notifies() ? 1 : 0;
      }
    }
    long nanos = THREADS.getCurrentThreadCpuTime() - began;
    if (notified != (long) RULESETS * (ROUNDS + WARM_UP_ROUNDS)) {
      throw new IllegalStateException("a message notifies all who have not sent it");
    }
    return Math.round(1e9 * ROUNDS * RULESETS / nanos);
  }

  private static Pdu event(int number) {
    ObjectNode event =
        object()
            .put("type", "m.room.message")
            .put("room_id", "!room:bench.example")
            .put("sender", "@somebody:bench.example")
            .put("origin_server_ts", 1)
            .put("depth", 1);
    event.set("content", content(number, true));
    event.putArray("prev_events");
    event.putArray("auth_events");
    EventId id = EventId.parse("$event" + number + ":bench.example");
    return Pdu.restore(
        id,
        MatrixJson.write(event.put("event_id", id.value())),
        RoomVersions.of("1").orElseThrow());
  }
}
