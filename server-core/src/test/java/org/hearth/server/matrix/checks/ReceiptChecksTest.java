package org.hearth.server.matrix.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.server.matrix.auth.AuthRule;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.testkit.EventRecipe;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The checks in their order, each failing alone and before the next.
class ReceiptChecksTest {
  private static final KeyId KEY = TestKeys.of(BOB.server()).id();
  private static final ServerName OTHER = ServerName.parse("other.example");

  static Stream<RoomVersion> versions() {
    return RoomVersions.all().stream();
  }

  static Stream<RoomVersion> versionsWithServerInEventId() {
    return Stream.of(RoomVersions.V1, RoomVersions.V2);
  }

  static Stream<RoomVersion> versionsWithoutKeyValidity() {
    return versions().filter(each -> !each.has(RoomRule.KEY_VALIDITY_ENFORCED));
  }

  static Stream<RoomVersion> versionsWithKeyValidity() {
    return versions().filter(each -> each.has(RoomRule.KEY_VALIDITY_ENFORCED));
  }

  static Stream<RoomVersion> versionsWhoseRedactionDropsThirdPartyInvites() {
    return versions().filter(each -> !each.has(RoomRule.CREATOR_IS_SENDER));
  }

  private static EventRecipe message(RoomFixture room) {
    return room.message(BOB, EventTypes.MESSAGE, "{\"body\":\"Hello\"}");
  }

  @ParameterizedTest
  @MethodSource("versions")
  void acceptsAnOrdinaryEvent(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event = message(room).build();

    Received received = ReceiptChecks.receive(event.canonicalBytes(), version, Peers.ALL_KEYS);

    assertThat(received).isEqualTo(new Received.Intact(event, Set.of(BOB.server())));
    assertThat(ReceiptChecks.judge(event, SignedBy.servers(Set.of(BOB.server())), Peers.at(room)))
        .isEqualTo(new Outcome.Accepted());
  }

  @Test
  void dropsWhatIsNoEventBeforeLookingAtSignatures() {
    ObjectNode json = message(RoomFixture.withMembers(RoomVersions.V12)).build().json().deepCopy();
    json.remove("sender");

    Peers.assertDropped(
        DropRule.MEMBER_MISSING, ReceiptChecks.receive(json, RoomVersions.V12, Peers.NO_KEYS));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsUnsignedEvents(RoomVersion version) {
    Pdu event =
        message(RoomFixture.withMembers(version))
            .bendAfterSigning(json -> json.withObjectProperty("signatures").removeAll())
            .build();

    Peers.assertDropped(DropRule.NOT_SIGNED, ReceiptChecks.verify(event, Peers.ALL_KEYS));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsEventsSignedByAnotherServerOnly(RoomVersion version) {
    Pdu event =
        message(RoomFixture.withMembers(version))
            .signedAlsoBy(OTHER)
            .bendAfterSigning(
                json -> json.withObjectProperty("signatures").remove(BOB.server().value()))
            .build();

    Peers.assertDropped(DropRule.NOT_SIGNED, ReceiptChecks.verify(event, Peers.ALL_KEYS));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsEventsChangedInWhatIsSigned(RoomVersion version) {
    Pdu event =
        message(RoomFixture.withMembers(version))
            .bendAfterSigning(json -> json.put("depth", 3))
            .build();

    Peers.assertDropped(DropRule.SIGNATURE_WRONG, ReceiptChecks.verify(event, Peers.ALL_KEYS));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void dropsEventsByKeysThatNobodyKnows(RoomVersion version) {
    Pdu event = message(RoomFixture.withMembers(version)).build();

    Peers.assertDropped(DropRule.KEYS_UNKNOWN, ReceiptChecks.verify(event, Peers.NO_KEYS));
    assertThat(SignatureKeys.wanted(event)).isEqualTo(Map.of(BOB.server(), Set.of(KEY)));
  }

  @ParameterizedTest
  @MethodSource("versionsWithKeyValidity")
  void dropsEventsLaterThanTheirKeyIsValidSinceVersion5(RoomVersion version) {
    Pdu event = message(RoomFixture.withMembers(version)).build();
    long time = event.originServerTs();

    Peers.assertDropped(DropRule.KEYS_UNKNOWN, ReceiptChecks.verify(event, bobsKeyUntil(time - 1)));
    Peers.intact(ReceiptChecks.verify(event, bobsKeyUntil(time)));
  }

  @ParameterizedTest
  @MethodSource("versionsWithoutKeyValidity")
  void doesNotAskHowLongAKeyIsValidUntilVersion4(RoomVersion version) {
    Pdu event = message(RoomFixture.withMembers(version)).build();

    Peers.intact(ReceiptChecks.verify(event, bobsKeyUntil(event.originServerTs() - 1)));
  }

  private static ServerKeys bobsKeyUntil(long validUntilTs) {
    return Peers.of(
        BOB.server(), Map.of(KEY, new PublishedKey.Current(Peers.key(BOB.server()), validUntilTs)));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void skipsKeysThatHadExpiredBeforeTheEvent(RoomVersion version) {
    Pdu event = message(RoomFixture.withMembers(version)).build();
    long time = event.originServerTs();

    Peers.assertDropped(
        DropRule.KEYS_UNKNOWN, ReceiptChecks.verify(event, bobsOldKeyUntil(time - 1)));
    Peers.intact(ReceiptChecks.verify(event, bobsOldKeyUntil(time)));
  }

  private static ServerKeys bobsOldKeyUntil(long expiredTs) {
    return Peers.of(
        BOB.server(), Map.of(KEY, new PublishedKey.Old(Peers.key(BOB.server()), expiredTs)));
  }

  @ParameterizedTest
  @MethodSource("versionsWithServerInEventId")
  void wantsTheSignatureOfTheEventIdsServerTooUntilVersion2(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    EventRecipe recipe = message(room).bend(json -> json.put("event_id", "$e:" + OTHER));
    Pdu without = recipe.build();
    Pdu with = recipe.signedAlsoBy(OTHER).build();

    Peers.assertDropped(DropRule.NOT_SIGNED, ReceiptChecks.verify(without, Peers.ALL_KEYS));
    assertThat(ReceiptChecks.verify(with, Peers.ALL_KEYS))
        .isEqualTo(new Received.Intact(with, Set.of(BOB.server(), OTHER)));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void redactsEventsWhoseContentWasChanged(RoomVersion version) {
    Pdu event =
        message(RoomFixture.withMembers(version))
            .bendAfterSigning(json -> json.withObjectProperty("content").put("body", "Bye"))
            .build();

    Received received = ReceiptChecks.verify(event, Peers.ALL_KEYS);

    assertThat(received)
        .isInstanceOfSatisfying(
            Received.Redacted.class,
            redacted -> {
              assertThat(redacted.event().content()).isEmpty();
              assertThat(redacted.event().eventId()).isEqualTo(event.eventId());
              assertThat(redacted.signers()).containsExactly(BOB.server());
            });
  }

  @ParameterizedTest
  @MethodSource("versions")
  void takesARedactedCopyForWhatItIs(RoomVersion version) {
    Pdu event = message(RoomFixture.withMembers(version)).build();

    Received received =
        ReceiptChecks.receive(event.redacted().canonicalBytes(), version, Peers.ALL_KEYS);

    assertThat(received).isEqualTo(new Received.Redacted(event.redacted(), Set.of(BOB.server())));
  }

  /// An invite of Charlie in Bob's name, made by Charlie's server.
  private static EventRecipe answeredByCharlie(RoomFixture room) {
    return room.member(BOB, CHARLIE, "invite")
        .bendContent(content ->
            content.set(
                "third_party_invite",
                RoomFixture.json(
                    "{\"signed\":{\"mxid\":\"%s\",\"token\":\"t\"}}".formatted(CHARLIE))))
        .signedAlsoBy(CHARLIE.server())
        .bendAfterSigning(
            json -> json.withObjectProperty("signatures").remove(BOB.server().value()));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void wantsNoSignatureOfTheSenderOfThirdPartyInvites(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event =
        answeredByCharlie(room)
            .bend(json ->
                Optional.ofNullable(json.get("event_id"))
                    .ifPresent(_ -> json.put("event_id", "$e:" + CHARLIE.server())))
            .build();

    assertThat(ReceiptChecks.verify(event, Peers.ALL_KEYS)).isInstanceOf(Received.Intact.class);
  }

  @ParameterizedTest
  @MethodSource("versionsWhoseRedactionDropsThirdPartyInvites")
  void doesNotTurnAThirdPartyInviteIntoAnInviteThatItsSenderNeverSigned(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event =
        answeredByCharlie(room)
            .bend(json ->
                Optional.ofNullable(json.get("event_id"))
                    .ifPresent(_ -> json.put("event_id", "$e:" + CHARLIE.server())))
            .bendAfterSigning(json -> json.withObjectProperty("hashes").put("sha256", "AAAA"))
            .signedAlsoBy(CHARLIE.server())
            .build();

    Peers.assertDropped(DropRule.NOT_SIGNED, ReceiptChecks.verify(event, Peers.ALL_KEYS));
  }

  @Test
  void rejectsRestrictedJoinsThatTheAuthorisingServerHasNotSigned() {
    RoomFixture room = RoomFixture.of(RoomVersions.V12);
    room.joinRule("restricted").add();
    EventRecipe recipe =
        room.join(BOB)
            .bendContent(content -> content.put("join_authorised_via_users_server", ALICE.value()));
    Pdu without = recipe.build();
    Pdu with = recipe.signedAlsoBy(ALICE.server()).build();

    assertThat(judgeAll(room, without))
        .isInstanceOfSatisfying(
            Outcome.Rejected.class,
            rejected -> {
              assertThat(rejected.check()).isEqualTo(Check.AUTH_EVENTS);
              assertThat(rejected.rule()).isEqualTo(AuthRule.MEMBER_AUTHORISING_SIGNATURE);
            });
    assertThat(judgeAll(room, with)).isEqualTo(new Outcome.Accepted());
  }

  private static Outcome judgeAll(RoomFixture room, Pdu event) {
    return switch (ReceiptChecks.verify(event, Peers.ALL_KEYS)) {
      case Received.Intact(var intact, var signers) ->
          ReceiptChecks.judge(intact, SignedBy.servers(signers), Peers.at(room));
      case Received.Redacted(_, _), Received.Dropped(_, _) ->
          throw new AssertionError("it is intact");
    };
  }

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsByAuthEventsBeforeAskingForTheStateBefore(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu leave = room.member(BOB, BOB, "leave").add();
    Pdu event =
        message(room)
            .citing(
                Stream.of(room.events().getFirst(), leave)
                    .filter(
                        each -> !each.isCreate() || !version.has(RoomRule.ROOM_ID_IS_CREATE_HASH))
                    .toArray(Pdu[]::new))
            .build();
    Place place =
        new Place() {
          @Override
          public AuthState stateBefore() {
            throw new AssertionError("asked for the state before");
          }

          @Override
          public Optional<AuthState> currentState() {
            throw new AssertionError("asked for the current state");
          }

          @Override
          public Optional<KnownEvent> find(EventId id) {
            return room.known().find(id);
          }
        };

    assertRejected(Check.AUTH_EVENTS, AuthRule.SENDER_NOT_JOINED, event, place);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void rejectsByTheStateBefore(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event = message(room).build();
    room.member(ALICE, BOB, "leave").in(room.state()).add();

    assertRejected(Check.STATE_BEFORE, AuthRule.SENDER_NOT_JOINED, event, Peers.at(room));
  }

  /// The example of "Soft failure": B is a ban of a user who sends C after A, the event before the
  /// ban.
  @ParameterizedTest
  @MethodSource("versions")
  void softFailsByTheCurrentState(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.usualPowerLevels().add();
    Pdu a = room.topic(ALICE, "A").add();
    room.member(ALICE, BOB, "ban").after(a).add();
    Pdu c = message(room).after(a).build();
    AuthState before = AuthState.of(room.stateAfter(a));

    Outcome outcome =
        ReceiptChecks.judge(c, SignedBy.CHECKED_BEFORE, Peers.in(room, before, room.authState()));

    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.SoftFailed.class,
            failed -> assertThat(failed.rule()).isEqualTo(AuthRule.SENDER_NOT_JOINED));
  }

  @Test
  void doesNotAskOldEventsWhatTheyAreToTheCurrentState() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);
    Pdu event = message(room).build();
    AuthState before = room.authState();
    Place history =
        new Place() {
          @Override
          public AuthState stateBefore() {
            return before;
          }

          @Override
          public Optional<AuthState> currentState() {
            return Optional.empty();
          }

          @Override
          public Optional<KnownEvent> find(EventId id) {
            return room.known().find(id);
          }
        };

    assertThat(ReceiptChecks.judge(event, SignedBy.CHECKED_BEFORE, history))
        .isEqualTo(new Outcome.Accepted());
  }

  private static void assertRejected(Check check, AuthRule rule, Pdu event, Place place) {
    assertThat(ReceiptChecks.judge(event, SignedBy.CHECKED_BEFORE, place))
        .isInstanceOfSatisfying(
            Outcome.Rejected.class,
            rejected -> {
              assertThat(rejected.check()).isEqualTo(check);
              assertThat(rejected.rule()).as(rejected.detail()).isEqualTo(rule);
            });
  }

  @Test
  void everyCheckThatDropsHasARule() {
    assertThat(List.of(DropRule.values()))
        .extracting(DropRule::check)
        .containsOnly(Check.FORMAT, Check.SIGNATURES);
  }

  @Test
  void keysAreValidForSevenDaysAtMost() {
    long day = 24L * 60 * 60 * 1000;
    var key = Peers.key(BOB.server());

    assertThat(PublishedKey.Current.obtained(key, 100 * day, day).validUntilTs())
        .isEqualTo(8 * day);
    assertThat(PublishedKey.Current.obtained(key, 2 * day, day).validUntilTs()).isEqualTo(2 * day);
  }
}
