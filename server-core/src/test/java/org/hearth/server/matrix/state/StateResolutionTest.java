package org.hearth.server.matrix.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Forks that have a name: the examples of the specification and of the proposals that changed the
/// algorithm.
class StateResolutionTest {
  private static final StateKey TOPIC = StateKey.of(EventTypes.TOPIC);
  private static final StateKey LEVELS = StateKey.of(EventTypes.POWER_LEVELS);
  private static final StateKey JOIN_RULES = StateKey.of(EventTypes.JOIN_RULES);
  private static final UserId EVE = UserId.parse("@eve:e.example");

  static Stream<RoomVersion> versions() {
    return RoomVersions.all().stream();
  }

  static Stream<RoomVersion> versionsSince2() {
    return RoomVersions.since(RoomVersions.V2);
  }

  /// A room in which Bob has 50 and Charlie and Eve nothing.
  private static RoomFixture roomOfFour(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.join(EVE).add();
    room.usualPowerLevels("\"users\":{\"%s\":50}".formatted(BOB)).add();
    return room;
  }

  private static Map<StateKey, Pdu> resolve(RoomFixture room, Pdu... tips) {
    return room.stateBefore(List.of(tips));
  }

  private static StateKey member(UserId user) {
    return StateKey.member(user.value());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void keepsWhatAllStatesAgreeOn(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu root = room.events().getLast();
    Map<StateKey, Pdu> before = room.state();
    Pdu one = room.message(BOB, EventTypes.MESSAGE, "{}").after(root).add();
    Pdu other = room.message(ALICE, EventTypes.MESSAGE, "{}").after(root).add();

    assertThat(resolve(room, one, other)).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void keepsWhatOnlyOneStateHas(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu root = room.events().getLast();
    Pdu topic = room.topic(BOB, "x").after(root).add();
    Pdu name = room.state(ALICE, EventTypes.NAME, "", "{}").after(root).add();

    assertThat(resolve(room, topic, name))
        .containsEntry(TOPIC, topic)
        .containsEntry(StateKey.of(EventTypes.NAME), name);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void doesNotDependOnTheOrderOfTheStates(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu root = room.events().getLast();
    Pdu one = room.topic(BOB, "one").after(root).add();
    Pdu two = room.topic(ALICE, "two").after(root).add();
    Pdu three = room.topic(BOB, "three").after(root).add();

    assertThat(resolve(room, one, two, three))
        .isEqualTo(resolve(room, three, one, two))
        .isEqualTo(resolve(room, two, two, three, one));
  }

  @ParameterizedTest
  @MethodSource("versionsSince2")
  void takesTheLaterOfTwoTopicsUnderTheSamePowerLevels(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu root = room.events().getLast();
    long time = root.originServerTs();
    Pdu later = room.topic(BOB, "later").after(root).at(time + 2).add();
    Pdu earlier = room.topic(ALICE, "earlier").after(root).at(time + 1).add();

    assertThat(resolve(room, earlier, later)).containsEntry(TOPIC, later);
  }

  @ParameterizedTest
  @MethodSource("versionsSince2")
  void takesTheTopicUnderTheNewerPowerLevelsWhateverItsClockSays(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu root = room.events().getLast();
    Pdu levels =
        room.usualPowerLevels("\"users\":{\"%s\":50}".formatted(BOB), "\"ban\":60")
            .after(root)
            .add();
    Pdu newer = room.topic(BOB, "newer").after(levels).at(1).add();
    Pdu older = room.topic(ALICE, "older").after(root).at(levels.originServerTs() + 1000).add();

    assertThat(resolve(room, newer, older)).containsEntry(TOPIC, newer);
  }

  /// The example of "Soft failure" in the specification: B bans a user who, on the other branch,
  /// sets the topic, C. "In the original version of the algorithm C would be in the resolved state,
  /// whereas in latter versions the algorithm tries to prioritise the ban over the topic change."
  @ParameterizedTest
  @MethodSource("versions")
  void prefersABanToWhatTheBannedDoMeanwhile(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu before = room.topic(ALICE, "before").add();
    Pdu ban = room.member(ALICE, BOB, "ban").after(before).add();
    Pdu topic = room.topic(BOB, "evading").after(before).add();

    Map<StateKey, Pdu> resolved = resolve(room, ban, topic);

    assertThat(resolved).containsEntry(member(BOB), ban);
    assertThat(resolved).containsEntry(TOPIC, before);
  }

  /// As above, but there was no topic before: version 1 sees no conflict then.
  @ParameterizedTest
  @MethodSource("versions")
  void letsTheBannedAddStateMeanwhileOnlyInVersion1(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu root = room.events().getLast();
    Pdu ban = room.member(ALICE, BOB, "ban").after(root).add();
    Pdu topic = room.topic(BOB, "evading").after(root).add();

    assertThat(resolve(room, ban, topic).containsKey(TOPIC))
        .isEqualTo(version.equals(RoomVersions.V1));
  }

  @ParameterizedTest
  @MethodSource("versionsSince2")
  void undoesWhatADemotedUserDidMeanwhile(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu root = room.events().getLast();
    Pdu demotion = room.usualPowerLevels("\"users\":{\"%s\":0}".formatted(BOB)).after(root).add();
    Pdu promotion =
        room.powerLevels(BOB, withUser(room, root, CHARLIE, 50)).after(root).at(1).add();
    Pdu kick = room.member(CHARLIE, EVE, "leave").after(promotion).at(2).add();

    Map<StateKey, Pdu> resolved = resolve(room, demotion, kick);

    assertThat(resolved).containsEntry(LEVELS, demotion);
    assertThat(resolved.get(member(EVE))).isNotEqualTo(kick);
  }

  @ParameterizedTest
  @MethodSource("versionsSince2")
  void prefersTheBanOfTheMorePowerfulOfTwoWhoBanEachOther(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    room.powerLevels(withUser(room, room.events().getLast(), CHARLIE, 75)).add();
    Pdu root = room.events().getLast();
    Pdu byCharlie = room.member(CHARLIE, BOB, "ban").after(root).add();
    Pdu byBob = room.member(BOB, EVE, "ban").after(root).at(1).add();

    Map<StateKey, Pdu> resolved = resolve(room, byBob, byCharlie);

    assertThat(resolved).containsEntry(member(BOB), byCharlie);
    assertThat(resolved.get(member(EVE))).isNotEqualTo(byBob);
  }

  /// What version 1 "is known" for, and MSC1442 mended: "admins and moderators could lose their
  /// power level". A branch that lacks events has the old power levels; the newer ones win, since
  /// they stand on the old.
  @ParameterizedTest
  @MethodSource("versionsSince2")
  void doesNotFallBackToThePowerLevelsBefore(RoomVersion version) {
    RoomFixture room = roomOfFour(version);
    Pdu root = room.events().getLast();
    Pdu promotion = room.powerLevels(withUser(room, root, CHARLIE, 50)).after(root).add();
    Pdu stale = room.topic(BOB, "x").after(root).at(promotion.originServerTs() + 5000).add();

    assertThat(resolve(room, promotion, stale)).containsEntry(LEVELS, promotion);
  }

  /// MSC1442, example 1, "Mainline": "This gives the resolved state at Message 2 to be P2 and Topic
  /// 2", whatever the order of the topics' clocks; and then "the resolved state at Message 3 to be
  /// Topic 4", since P2 comes after P1 in the mainline.
  @ParameterizedTest
  @MethodSource("versionsSince2")
  void agreesWithTheMainlineExampleOfMsc1442(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.usualPowerLevels().add();
    room.message(ALICE, EventTypes.MESSAGE, "{}").add();
    room.topic(ALICE, "1").add();
    Pdu p1 = room.usualPowerLevels("\"users\":{\"%s\":50}".formatted(BOB)).add();
    long time = p1.originServerTs();
    Pdu topic2 = room.topic(ALICE, "2").after(p1).at(time + 1000).add();
    Pdu p2 = room.usualPowerLevels("\"users\":{\"%s\":0}".formatted(BOB)).after(topic2).add();
    Pdu p3 = room.powerLevels(BOB, withUser(room, p1, CHARLIE, 50)).after(p1).at(1).add();
    Pdu topic3 = room.topic(BOB, "3").after(p3).at(time + 2000).add();

    Map<StateKey, Pdu> atMessage2 = resolve(room, p2, topic3);
    Pdu message2 = room.message(ALICE, EventTypes.MESSAGE, "{}").after(p2, topic3).add();
    Pdu topic4 = room.topic(ALICE, "4").after(message2).at(1).add();

    assertThat(atMessage2).containsEntry(LEVELS, p2).containsEntry(TOPIC, topic2);
    assertThat(resolve(room, message2, topic4)).containsEntry(TOPIC, topic4);
  }

  /// MSC1442, example 2, "Rejected Events": D passes by its auth events, but was rejected by the
  /// state before it. "When we then go to resolve the topics against the partially resolved state,
  /// Bob has ops and so the resolved state includes the topic change D, even though it was
  /// initially rejected."
  @ParameterizedTest
  @MethodSource("versionsSince2")
  void agreesWithTheRejectedEventsExampleOfMsc1442(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu a = room.usualPowerLevels("\"users\":{\"%s\":50}".formatted(BOB)).add();
    room.usualPowerLevels("\"users\":{\"%s\":0}".formatted(BOB)).add();
    Pdu c = room.message(ALICE, EventTypes.MESSAGE, "{}").add();
    Pdu[] citedByD =
        AuthEventSelection.keysFor(room.topic(BOB, "D").build()).stream()
            .flatMap(key -> Optional.ofNullable(room.stateAfter(a).get(key)).stream())
            .toArray(Pdu[]::new);
    Pdu d = room.topic(BOB, "D").after(c).citing(citedByD).add();
    room.reject(d);
    Pdu e = room.usualPowerLevels("\"users\":{\"%s\":50}".formatted(BOB)).after(c).add();

    assertThat(AuthRules.check(d, AuthState.of(room.stateAfter(c))).isAllowed()).isFalse();
    assertThat(resolve(room, d, e)).containsEntry(LEVELS, e).containsEntry(TOPIC, d);
  }

  /// MSC1442 on why depth and undone changes matter: "Hotel California", where "left users get
  /// spontaneously rejoined". Leave A, join B, leave C: resolving A and C must give C.
  @ParameterizedTest
  @MethodSource("versionsSince2")
  void doesNotBringBackWhoHasLeftTwice(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu a = room.member(BOB, BOB, "leave").add();
    Pdu fork = room.topic(ALICE, "x").after(a).add();
    Pdu b = room.join(BOB).after(a).add();
    Pdu c = room.member(BOB, BOB, "leave").after(b).add();

    assertThat(resolve(room, fork, c)).containsEntry(member(BOB), c);
    assertThat(resolve(room, fork, b, c)).containsEntry(member(BOB), c);
  }

  /// MSC4297, problem A. Both branches agree that Alice has left, one has an outdated join rule.
  /// Both join rules are by Alice, so that starting from the unconflicted state neither is allowed.
  @ParameterizedTest
  @MethodSource("versionsSince2")
  void keepsTheJoinRulesOfWhoHasLeftSinceVersion12(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu outdated = room.joinRule("public").add();
    Pdu latest = room.joinRule("invite").add();
    Pdu left = room.member(ALICE, ALICE, "leave").add();
    Map<StateKey, Pdu> partial = new HashMap<>(room.state());
    partial.put(JOIN_RULES, outdated);

    Map<StateKey, Long> resolved =
        StateResolution.resolve(
            version, List.of(room.numbersAfter(left), room.numbers(partial)), room.source());

    if (version.equals(RoomVersions.V12)) {
      assertThat(resolved).containsEntry(JOIN_RULES, room.number(latest));
    } else {
      assertThat(resolved).doesNotContainKey(JOIN_RULES);
    }
  }

  /// MSC4297, problem B. Alice promotes Bob, Bob promotes Charlie; one branch has outdated power
  /// levels but knows the newer ones by Eve's join. The promotion in between is in every auth
  /// chain, so that only the conflicted state subgraph has it.
  @ParameterizedTest
  @MethodSource("versionsSince2")
  void keepsAPromotionThatNeedsAnotherSinceVersion12(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu outdated = room.usualPowerLevels("\"users_default\":0").add();
    Pdu ofBob = room.powerLevels(withUser(room, outdated, BOB, 50)).add();
    Pdu ofCharlie = room.powerLevels(BOB, withUser(room, ofBob, CHARLIE, 50)).add();
    Pdu join = room.join(EVE).add();
    Map<StateKey, Pdu> partial = new HashMap<>(room.state());
    partial.put(LEVELS, outdated);

    Map<StateKey, Long> resolved =
        StateResolution.resolve(
            version, List.of(room.numbersAfter(join), room.numbers(partial)), room.source());

    assertThat(resolved)
        .containsEntry(
            LEVELS, room.number(version.equals(RoomVersions.V12) ? ofCharlie : outdated));
  }

  @ParameterizedTest
  @MethodSource("versionsSince2")
  void doesNotTakeRejectedEventsForMissingState(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.usualPowerLevels("\"state_default\":0").add();
    Pdu join = room.join(EVE).add();
    room.state(EVE, EventTypes.NAME, "", "{}").add();
    // Her join is in no state, but by the name in every auth chain.
    Map<StateKey, Pdu> withoutEve = new HashMap<>(room.state());
    withoutEve.remove(member(EVE));
    Pdu topic = room.topic(EVE, "x").add();
    Map<StateKey, Pdu> withTopicOnly = new HashMap<>(withoutEve);
    withTopicOnly.put(TOPIC, topic);
    List<Map<StateKey, Long>> states =
        List.of(room.numbers(withoutEve), room.numbers(withTopicOnly));

    assertThat(StateResolution.resolve(version, states, room.source())).containsKey(TOPIC);

    room.reject(join);

    assertThat(StateResolution.resolve(version, states, room.source())).doesNotContainKey(TOPIC);
  }

  @Test
  void givesTheCreatorsPowerToTheOrderSinceVersion12() {
    RoomFixture room = roomOfFour(RoomVersions.V12);
    room.powerLevels(withUser(room, room.events().getLast(), BOB, 9007199254740991L)).add();
    Pdu root = room.events().getLast();
    Pdu byAlice = room.member(ALICE, BOB, "ban").after(root).add();
    Pdu byBob = room.powerLevels(BOB, "{}").after(root).at(1).add();

    Map<StateKey, Pdu> resolved = resolve(room, byAlice, byBob);

    assertThat(resolved).containsEntry(member(BOB), byAlice);
    assertThat(resolved.get(LEVELS)).isNotEqualTo(byBob);
  }

  @Test
  void stopsAtPowerLevelsThatThoseOfLowerDepthForbidInVersion1() {
    RoomFixture room = roomOfFour(RoomVersions.V1);
    Pdu root = room.events().getLast();
    Pdu demotion = room.usualPowerLevels("\"users\":{\"%s\":0}".formatted(BOB)).after(root).add();
    Pdu deeper =
        room.powerLevels(BOB, withUser(room, root, CHARLIE, 50))
            .after(root)
            .bend(json -> json.put("depth", 100))
            .add();

    assertThat(resolve(room, deeper, demotion)).containsEntry(LEVELS, demotion);
  }

  @Test
  void goesOnToPowerLevelsThatThoseOfLowerDepthAllowInVersion1() {
    RoomFixture room = roomOfFour(RoomVersions.V1);
    Pdu root = room.events().getLast();
    Pdu first = room.powerLevels(withUser(room, root, CHARLIE, 25)).after(root).add();
    Pdu deeper =
        room.powerLevels(BOB, withUser(room, root, EVE, 50))
            .after(root)
            .bend(json -> json.put("depth", 100))
            .add();

    assertThat(resolve(room, deeper, first)).containsEntry(LEVELS, deeper);
  }

  @Test
  void keepsABanAgainstADeeperJoinInVersion1() {
    RoomFixture room = roomOfFour(RoomVersions.V1);
    Pdu root = room.events().getLast();
    Pdu ban = room.member(ALICE, BOB, "ban").after(root).add();
    Pdu deeper = room.join(BOB).after(root).bend(json -> json.put("depth", 100)).add();

    assertThat(resolve(room, deeper, ban)).containsEntry(member(BOB), ban);
  }

  @Test
  void takesTheHighestDepthThenTheLowestHashInVersion1() {
    RoomFixture room = roomOfFour(RoomVersions.V1);
    Pdu root = room.topic(ALICE, "root").add();
    Pdu deep = room.topic(BOB, "deep").after(root).bend(json -> json.put("depth", 100)).add();
    List<Pdu> others = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      others.add(room.topic(BOB, "flat").after(root).bend(json -> json.put("depth", 99)).add());
    }

    assertThat(resolve(room, others.getFirst(), deep, others.getLast())).containsEntry(TOPIC, deep);
    Pdu lowest = others.stream().min(Comparator.comparing(StateResolutionTest::hash)).orElseThrow();
    assertThat(room.stateBefore(others)).containsEntry(TOPIC, lowest);
  }

  private static String hash(Pdu event) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-1").digest(event.eventId().value().getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void givesBackASingleState() {
    RoomFixture room = roomOfFour(RoomVersions.V12);
    Map<StateKey, Long> state = room.numbers(room.state());

    assertThat(StateResolution.resolve(RoomVersions.V12, List.of(state, state), room.source()))
        .isEqualTo(state);
  }

  @Test
  void refusesToResolveNothing() {
    RoomFixture room = roomOfFour(RoomVersions.V12);

    assertThatThrownBy(() -> StateResolution.resolve(RoomVersions.V12, List.of(), room.source()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void letsTheCallerSeeThatAnEventIsMissing() {
    RoomFixture room = roomOfFour(RoomVersions.V12);
    Map<StateKey, Long> one = room.numbers(room.state());
    Map<StateKey, Long> other = new HashMap<>(one);
    other.remove(member(EVE));
    EventSource without =
        new EventSource() {
          @Override
          public long[] authEvents(long event) {
            throw new NoSuchElementException("event " + event);
          }

          @Override
          public Pdu event(long event) {
            throw new NoSuchElementException("event " + event);
          }

          @Override
          public boolean isRejected(long event) {
            return false;
          }

          @Override
          public Pdu createEvent() {
            return room.events().getFirst();
          }
        };

    assertThatThrownBy(
            () -> StateResolution.resolve(RoomVersions.V12, List.of(one, other), without))
        .isInstanceOf(NoSuchElementException.class);
  }

  /// The power levels after an event, with another level for one user.
  private static String withUser(RoomFixture room, Pdu after, UserId user, long level) {
    var content = room.stateAfter(after).get(LEVELS);
    var changed = content == null ? RoomFixture.json("{}") : content.content().deepCopy();
    changed.withObjectProperty("users").put(user.value(), level);
    return changed.toString();
  }
}
