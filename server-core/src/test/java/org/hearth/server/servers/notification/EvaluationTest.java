package org.hearth.server.servers.notification;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.push.PushEvent;
import org.hearth.server.matrix.push.PushOutcome;
import org.hearth.server.matrix.push.PushRule;
import org.hearth.server.matrix.push.PushRuleKind;
import org.hearth.server.matrix.push.PushRuleset;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.store.StoreExtension;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Members who are asked together are told what each would be told alone.
class EvaluationTest {
  private static final ServerName NAME = ServerName.parse("hearth.test");
  private static final RoomId ROOM = RoomId.parse("!room:hearth.test");
  private static final int USERS = 40;
  private static final String[] WORDS = {"cake", "pie", "ca?e", "p*", "größe", "two words", "u1"};
  private static final String[] NAMES = {"Cake", "Wonder Woman", "u2", "*", " ", "Pie"};

  private static final String[] CONDITIONS = {
    "{'kind':'event_match','key':'content.body','pattern':'%s'}",
    "{'kind':'event_match','key':'room_id','pattern':'!room:hearth.test'}",
    "{'kind':'event_match','key':'room_id','pattern':'!other:*'}",
    "{'kind':'event_match','key':'type','pattern':'m.room.*'}",
    "{'kind':'event_property_is','key':'content.msgtype','value':'m.notice'}",
    "{'kind':'contains_display_name'}",
    "{'kind':'room_member_count','is':'0'}",
    "{'kind':'unknown'}",
  };

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final RoomCounts room = new RoomCounts(ROOM, 0);
  private final Map<UserId, PushRuleset> rules = new HashMap<>();
  private final Map<UserId, Set<String>> ignored = new HashMap<>();
  private final Map<UserId, @Nullable String> names = new HashMap<>();
  private RoomServer rooms;
  private AccountData accountData;
  private Evaluation evaluation;

  @BeforeEach
  void open() {
    rooms =
        new RoomServer(
            stores.store(),
            NAME,
            TestKeys.of(NAME),
            InstantSource.system(),
            new SplittableRandom(1),
            RoomServerOptions.standard());
    accountData = new AccountData(stores.store().reads());
    evaluation = new Evaluation(rooms.queries(), new UserRules(accountData));
  }

  private static UserId user(int number) {
    return UserId.parse("@u" + number + ":hearth.test");
  }

  private void join(UserId user, @Nullable String name) {
    var _ = room.join(user, name, false);
    names.put(user, name);
  }

  private void leave(UserId user) {
    var _ = room.leave(user);
    names.remove(user);
  }

  private PushRuleset rulesOf(UserId user) {
    return rules.getOrDefault(user, PushRuleset.defaults(user));
  }

  private Set<String> ignoredBy(UserId user) {
    return ignored.getOrDefault(user, Set.of());
  }

  private void set(UserId user, PushRuleset own) {
    rules.put(user, own);
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.set("global", own.toJson());
    set(user, AccountDataQueries.PUSH_RULES, content);
  }

  private void ignore(UserId user, Set<String> whom) {
    ignored.put(user, whom);
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    ObjectNode list = content.putObject("ignored_users");
    whom.forEach(list::putObject);
    set(user, AccountDataQueries.IGNORED_USERS, content);
  }

  private void set(UserId user, String type, ObjectNode content) {
    var _ =
        stores
            .store()
            .committer()
            .commit(
                "test", AccountData.set(user, null, type, MatrixJson.write(content)), List.of());
    accountData.noteRuleChange(user);
  }

  private static PushRule rule(PushRuleKind kind, String id, String json) {
    return PushRule.parse(kind, id, json(json));
  }

  private static Pdu message(UserId sender, String content) {
    return event(sender, "m.room.message", null, json(content));
  }

  private static Pdu event(
      UserId sender, String type, @Nullable String stateKey, ObjectNode content) {
    ObjectNode event =
        json(
            "{'auth_events':[],'depth':1,'hashes':{'sha256':'x'},'origin_server_ts':1,"
                + "'prev_events':[],'signatures':{}}");
    event.put("room_id", ROOM.value()).put("sender", sender.value()).put("type", type);
    event.set("content", content);
    if (stateKey != null) {
      event.put("state_key", stateKey);
    }
    return Pdu.parse(event, RoomVersions.V11);
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /// How an event notifies members, by their ids.
  private Map<String, String> told(Evaluation asked, Pdu event) {
    Map<String, String> told = new TreeMap<>();
    for (Way way : asked.ofMembers(event, room)) {
      assertThat(way.members().isEmpty()).isFalse();
      room.forEachMember(member -> {
        if (way.members().get(member.number())) {
          String before = told.put(member.user().value(), way.actions() + " " + way.highlight());
          assertThat(before).as("a member is told in one way").isNull();
        }
      });
    }
    return told;
  }

  private Map<String, String> told(Pdu event) {
    return told(evaluation, event);
  }

  /// What the members' rules say one by one.
  private Map<String, String> wanted(Pdu event) {
    Map<String, String> wanted = new TreeMap<>();
    names.forEach((user, name) -> {
      PushOutcome outcome = rulesOf(user).evaluate(new PushEvent(event, 0, _ -> false), name);
      boolean hidden = !event.isState() && ignoredBy(user).contains(event.sender().value());
      if (outcome.notifies() && !hidden) {
        wanted.put(user.value(), outcome.actions() + " " + outcome.highlights());
      }
    });
    return wanted;
  }

  private static PushRuleset withCake(UserId user) {
    return PushRuleset.defaults(user)
        .withRule(
            rule(
                PushRuleKind.CONTENT,
                "cake",
                "{'pattern':'cake','actions':['notify',{'set_tweak':'highlight'}]}"),
            null,
            null);
  }

  private List<String> highlighted(Pdu event) {
    Map<String, String> told = told(event);
    assertThat(told).isEqualTo(wanted(event));
    return told.entrySet().stream()
        .filter(each -> each.getValue().endsWith("true"))
        .map(Map.Entry::getKey)
        .toList();
  }

  @Test
  void aChangeOfOneIsNoneOfThoseWhoHadSetTheSame() {
    for (int i = 1; i <= 4; i++) {
      join(user(i), null);
      set(user(i), withCake(user(i)));
    }
    Pdu cake = message(user(4), "{'body':'a CAKE'}");
    assertThat(highlighted(cake))
        .containsExactly("@u1:hearth.test", "@u2:hearth.test", "@u3:hearth.test");

    set(user(1), withCake(user(1)).withEnabled(PushRuleKind.CONTENT, "cake", false));
    assertThat(highlighted(cake)).containsExactly("@u2:hearth.test", "@u3:hearth.test");

    set(user(1), withCake(user(1)));
    ArrayNode quietly = JsonNodeFactory.instance.arrayNode().add("notify");
    set(user(2), withCake(user(2)).withActions(PushRuleKind.CONTENT, "cake", quietly));
    ignore(user(3), Set.of("@u4:hearth.test"));
    assertThat(highlighted(cake)).containsExactly("@u1:hearth.test");
    assertThat(told(cake)).containsOnlyKeys("@u1:hearth.test", "@u2:hearth.test");
  }

  @Test
  void oneOfThoseWhoHaveSetTheSameIsNamed() {
    for (int i = 1; i <= 4; i++) {
      join(user(i), "Member " + i);
      set(user(i), withCake(user(i)));
    }

    assertThat(
            highlighted(
                message(user(4), "{'body':'x','m.mentions':{'user_ids':['@u2:hearth.test']}}")))
        .containsExactly("@u2:hearth.test");
    assertThat(highlighted(message(user(4), "{'body':'hello member 3!'}")))
        .containsExactly("@u3:hearth.test");
    assertThat(highlighted(message(user(4), "{'body':'hello u1'}")))
        .containsExactly("@u1:hearth.test");
    join(user(3), "Renamed");
    assertThat(highlighted(message(user(4), "{'body':'hello member 3!'}"))).isEmpty();
    leave(user(1));
    join(user(1), "Member 3");
    assertThat(highlighted(message(user(4), "{'body':'hello member 3!'}")))
        .containsExactly("@u1:hearth.test");
  }

  /// A rule of their own that looks for the name is asked also where the default one is not.
  @Test
  void rulesOfTheirOwnMayLookForEachName() {
    for (int i = 1; i <= 3; i++) {
      join(user(i), "Member " + i);
      set(
          user(i),
          PushRuleset.defaults(user(i))
              .withRule(
                  rule(
                      PushRuleKind.OVERRIDE,
                      "name",
                      "{'conditions':[{'kind':'contains_display_name'}],'actions':['notify',{'set_tweak':'highlight'}]}"),
                  null,
                  null));
    }

    assertThat(highlighted(message(user(3), "{'body':'for member 2','m.mentions':{}}")))
        .containsExactly("@u2:hearth.test");
  }

  /// Nothing is kept: all is read for each event, as it is when there is too much to keep.
  @Test
  void agreesWithEachMembersRulesAlone() {
    Evaluation keepsNothing = new Evaluation(rooms.queries(), new UserRules(accountData, 0, 0));
    long seed = 20261130;
    Random random = new Random(seed);
    for (int i = 0; i < USERS; i++) {
      join(user(i), any(random, NAMES));
    }

    for (int round = 0; round < 60; round++) {
      change(random);
      for (int i = 0; i < 4; i++) {
        Pdu event = randomEvent(random);

        Map<String, String> told = told(event);

        assertThat(told)
            .as("seed %d, round %d: %s", seed, round, event.content())
            .isEqualTo(wanted(event));
        assertThat(told(keepsNothing, event)).isEqualTo(told);
      }
    }
  }

  private void change(Random random) {
    for (int i = 0; i < 5; i++) {
      UserId user = user(random.nextInt(USERS));
      switch (random.nextInt(8)) {
        case 0 -> join(user, any(random, NAMES));
        case 1 -> leave(user);
        case 2 -> ignore(user, random.nextBoolean() ? Set.of() : Set.of(user(0).value()));
        case 3 -> set(user, PushRuleset.defaults(user));
        default -> set(user, changed(rulesOf(user), random));
      }
    }
  }

  private static PushRuleset changed(PushRuleset own, Random random) {
    PushRuleKind[] kinds = PushRuleKind.values();
    PushRuleKind kind = kinds[random.nextInt(kinds.length)];
    List<PushRule> present = own.rules(kind);
    if (!present.isEmpty() && random.nextInt(3) == 0) {
      PushRule one = present.get(random.nextInt(present.size()));
      return random.nextBoolean()
          ? own.withEnabled(kind, one.id(), (random.nextInt(4) == 0) == one.id().endsWith("master"))
          : own.withActions(kind, one.id(), actions(random));
    }
    String word = any(random, WORDS);
    ObjectNode rule = JsonNodeFactory.instance.objectNode();
    rule.set("actions", actions(random));
    String id =
        switch (kind) {
          case ROOM -> random.nextBoolean() ? ROOM.value() : "!other:hearth.test";
          case SENDER -> user(random.nextInt(3)).value();
          case CONTENT -> {
            rule.put("pattern", word);
            yield word;
          }
          case OVERRIDE, UNDERRIDE -> {
            ArrayNode conditions = rule.putArray("conditions");
            String condition = any(random, CONDITIONS).formatted(word);
            conditions.add(json(condition));
            if (random.nextBoolean()) {
              conditions.add(json(any(random, CONDITIONS).formatted(word)));
            }
            yield "own" + random.nextInt(3);
          }
        };
    return own.withRule(PushRule.parse(kind, id, rule), null, null);
  }

  private static ArrayNode actions(Random random) {
    ArrayNode actions = JsonNodeFactory.instance.arrayNode();
    if (random.nextInt(3) > 0) {
      actions.add("notify");
    }
    if (random.nextBoolean()) {
      actions.addObject().put("set_tweak", "highlight");
    }
    return actions;
  }

  private static Pdu randomEvent(Random random) {
    UserId sender = user(random.nextInt(3));
    if (random.nextInt(6) == 0) {
      String membership = random.nextBoolean() ? "invite" : "join";
      return event(
          sender,
          "m.room.member",
          user(random.nextInt(USERS)).value(),
          json("{'membership':'" + membership + "'}"));
    }
    StringBuilder body = new StringBuilder("Hello");
    for (int i = random.nextInt(4); i > 0; i--) {
      body.append(random.nextBoolean() ? " " : "_")
          .append(any(random, random.nextBoolean() ? WORDS : NAMES));
    }
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("body", body.toString());
    content.put("msgtype", random.nextInt(5) == 0 ? "m.notice" : "m.text");
    if (random.nextBoolean()) {
      ArrayNode mentioned = content.putObject("m.mentions").putArray("user_ids");
      Set<Integer> numbers = new HashSet<>();
      for (int i = random.nextInt(3); i > 0; i--) {
        numbers.add(random.nextInt(USERS));
      }
      numbers.forEach(each -> mentioned.add(user(each).value()));
    }
    return event(sender, "m.room.message", null, content);
  }

  private static String any(Random random, String[] texts) {
    return texts[random.nextInt(texts.length)];
  }
}
