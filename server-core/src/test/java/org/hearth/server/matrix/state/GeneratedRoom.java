package org.hearth.server.matrix.state;

import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.EventRecipe;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersion;

/// A room with a history that forks and joins at random, by a seed: members come, go, are banned
/// and promoted on all branches at once, with clocks that are wrong.
public final class GeneratedRoom {
  private static final UserId DORA = UserId.parse("@dora:d.example");
  private static final UserId EVE = UserId.parse("@eve:e.example");
  private static final List<UserId> USERS = List.of(ALICE, BOB, CHARLIE, DORA, EVE);
  private static final List<String> JOIN_RULES =
      List.of("public", "public", "invite", "knock", "restricted");
  private static final List<Integer> LEVELS = List.of(0, 25, 50, 75, 100);
  private static final int MOST_BRANCHES = 4;

  private final RoomFixture room;
  private final SplittableRandom random;
  private final List<Pdu> tips = new ArrayList<>();

  private GeneratedRoom(RoomVersion version, long seed) {
    room = RoomFixture.of(version);
    random = new SplittableRandom(seed);
  }

  /// A room with this many events tried; those that the rules refuse are not in it.
  public static GeneratedRoom of(RoomVersion version, long seed, int tries) {
    GeneratedRoom generated = new GeneratedRoom(version, seed);
    generated.room.joinRule("public").add();
    generated
        .room
        .usualPowerLevels("\"users\":{\"%s\":100,\"%s\":50}".formatted(BOB, CHARLIE))
        .add();
    generated.tips.add(generated.room.join(BOB).add());
    for (int i = 0; i < tries; i++) {
      generated.step();
    }
    return generated;
  }

  public RoomFixture room() {
    return room;
  }

  /// The ends of all branches.
  public List<Pdu> tips() {
    return List.copyOf(tips);
  }

  /// The states after the ends of all branches.
  public List<Map<StateKey, Pdu>> states() {
    List<Map<StateKey, Pdu>> states = new ArrayList<>();
    tips.forEach(tip -> states.add(room.stateAfter(tip)));
    return states;
  }

  private void step() {
    Set<Pdu> previous = new HashSet<>();
    previous.add(pick(tips));
    while (random.nextInt(4) == 0) {
      previous.add(pick(tips));
    }
    // Sometimes not from the end of a branch, but from the middle: another branch.
    if (tips.size() < MOST_BRANCHES && random.nextInt(5) == 0) {
      previous = Set.of(pick(room.events().subList(2, room.events().size())));
    }
    Pdu[] after = previous.toArray(Pdu[]::new);
    Map<StateKey, Pdu> state = room.stateBefore(List.of(after));
    EventRecipe recipe = recipe(state).after(after).in(state);
    recipe.at(1_700_000_000_000L + room.events().size() * 1000L + random.nextInt(-5, 6) * 1000L);
    if (AuthRules.check(recipe.build(), AuthState.of(state)).isAllowed()) {
      Pdu event = recipe.add();
      tips.removeAll(previous);
      tips.add(event);
    }
  }

  private EventRecipe recipe(Map<StateKey, Pdu> state) {
    UserId sender = pick(USERS);
    UserId target = pick(USERS);
    return switch (random.nextInt(12)) {
      case 0, 1 -> room.topic(sender, "topic " + room.events().size());
      case 2 -> room.state(sender, EventTypes.NAME, "", "{\"name\":\"x\"}");
      case 3, 4 -> room.powerLevels(sender, promoted(state, target).toString());
      case 5 ->
          room.state(
              sender, EventTypes.JOIN_RULES, "", "{\"join_rule\":\"" + pick(JOIN_RULES) + "\"}");
      case 6 -> room.member(sender, target, "ban");
      case 7 -> room.member(sender, target, "leave");
      case 8 -> room.member(sender, target, "invite");
      case 9 -> room.member(sender, sender, "leave");
      default -> room.join(sender);
    };
  }

  private ObjectNode promoted(Map<StateKey, Pdu> state, UserId user) {
    Pdu levels = state.get(StateKey.of(EventTypes.POWER_LEVELS));
    ObjectNode content = levels == null ? RoomFixture.json("{}") : levels.content().deepCopy();
    if (random.nextInt(4) == 0) {
      content.put("events_default", pick(LEVELS));
    } else {
      content.withObjectProperty("users").put(user.value(), pick(LEVELS));
    }
    return content;
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
