package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.Verdicts.assertAllowed;
import static org.hearth.server.matrix.auth.Verdicts.assertRefused;
import static org.hearth.server.matrix.auth.Verdicts.withBobAt;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The rules of invites, of users and of third-party identifiers.
class InviteRulesTest {
  private static final UserId DORA = UserId.parse("@dora:d.example");
  private static final SigningKey IDENTITY_SERVER = TestKeys.named("identity.example");
  private static final SigningKey OTHER = TestKeys.named("other.example");

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsMembersInvite(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertAllowed(room, room.member(BOB, DORA, "invite").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesInviteByWhoIsNotInTheRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);

    assertRefused(
        AuthRule.INVITE_SENDER_NOT_JOINED, room, room.member(BOB, DORA, "invite").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesInviteOfMembersAndOfTheBanned(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.member(ALICE, DORA, "ban").add();

    assertRefused(
        AuthRule.INVITE_TARGET_JOINED_OR_BANNED, room, room.member(BOB, CHARLIE, "invite").build());
    assertRefused(
        AuthRule.INVITE_TARGET_JOINED_OR_BANNED, room, room.member(BOB, DORA, "invite").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesInviteBelowTheInviteLevel(RoomVersion version) {
    RoomFixture room = withBobAt(version, 49, "\"invite\":50");

    assertRefused(AuthRule.INVITE_POWER, room, room.member(BOB, DORA, "invite").build());
    assertAllowed(room, room.member(ALICE, DORA, "invite").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsNobodyInviteThirdPartyIdentifiersBelowTheInviteLevel(RoomVersion version) {
    RoomFixture room = withBobAt(version, 49, "\"invite\":50");

    assertRefused(
        AuthRule.THIRD_PARTY_INVITE_POWER,
        room,
        room.state(BOB, EventTypes.THIRD_PARTY_INVITE, "token", "{}").build());
    assertAllowed(room, room.state(ALICE, EventTypes.THIRD_PARTY_INVITE, "token", "{}").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void needsOnlyTheInviteLevelForThirdPartyInvites(RoomVersion version) {
    RoomFixture room = withBobAt(version, 0, "\"state_default\":100");

    assertAllowed(room, room.state(BOB, EventTypes.THIRD_PARTY_INVITE, "@token", "{}").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsAThirdPartyInviteBeAnsweredByItsSigner(RoomVersion version) {
    RoomFixture room = invited(version);

    assertAllowed(room, answer(room, signed(DORA, "token", IDENTITY_SERVER)));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void looksForTheKeyAmongThePublicKeysToo(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    ObjectNode content = RoomFixture.json("{\"public_key\":\"no key\"}");
    content
        .putArray("public_keys")
        .add(1)
        .add(RoomFixture.json("{\"public_key\":\"" + OTHER.publicKeyBase64() + "\"}"))
        .add(RoomFixture.json("{\"public_key\":\"" + IDENTITY_SERVER.publicKeyBase64() + "\"}"));
    room.state(ALICE, EventTypes.THIRD_PARTY_INVITE, "token", content.toString()).add();

    assertAllowed(room, answer(room, signed(DORA, "token", IDENTITY_SERVER)));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesAnsweredThirdPartyInviteOfTheBanned(RoomVersion version) {
    RoomFixture room = invited(version);
    room.member(ALICE, DORA, "ban").add();

    assertRefused(
        AuthRule.THIRD_PARTY_INVITE_TARGET_BANNED,
        room,
        answer(room, signed(DORA, "token", IDENTITY_SERVER)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "null", "[]", "\"signed\"", "{\"signed\":null}", "{\"signed\":\"x\"}"})
  void refusesThirdPartyInviteThatIsNotSigned(String thirdPartyInvite) {
    RoomFixture room = invited(RoomVersions.V12);
    Pdu event =
        room.state(
                ALICE,
                EventTypes.MEMBER,
                DORA.value(),
                "{\"membership\":\"invite\",\"third_party_invite\":" + thirdPartyInvite + "}")
            .build();

    assertRefused(AuthRule.THIRD_PARTY_INVITE_NOT_SIGNED, room, event);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"mxid\":\"@dora:d.example\"}",
        "{\"token\":\"token\"}",
        "{\"mxid\":\"@dora:d.example\",\"token\":7}",
        "{\"mxid\":null,\"token\":\"token\"}"
      })
  void refusesThirdPartyInviteWithoutMxidOrToken(String signed) {
    RoomFixture room = invited(RoomVersions.V12);

    assertRefused(
        AuthRule.THIRD_PARTY_INVITE_WITHOUT_MXID_OR_TOKEN,
        room,
        answer(room, RoomFixture.json(signed)));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesThirdPartyInviteSignedForAnother(RoomVersion version) {
    RoomFixture room = invited(version);

    assertRefused(
        AuthRule.THIRD_PARTY_INVITE_OTHER_MXID,
        room,
        answer(room, signed(BOB, "token", IDENTITY_SERVER)));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesThirdPartyInviteThatTheRoomDoesNotKnow(RoomVersion version) {
    RoomFixture room = invited(version);

    assertRefused(
        AuthRule.THIRD_PARTY_INVITE_UNKNOWN_TOKEN,
        room,
        answer(room, signed(DORA, "another", IDENTITY_SERVER)));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesThirdPartyInviteSentByAnother(RoomVersion version) {
    RoomFixture room = invited(version);
    Pdu event = answer(room, BOB, signed(DORA, "token", IDENTITY_SERVER));

    assertRefused(AuthRule.THIRD_PARTY_INVITE_OTHER_SENDER, room, event);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesThirdPartyInviteSignedByAnotherKey(RoomVersion version) {
    RoomFixture room = invited(version);

    assertRefused(
        AuthRule.THIRD_PARTY_INVITE_SIGNATURE, room, answer(room, signed(DORA, "token", OTHER)));
  }

  @Test
  void refusesThirdPartyInviteChangedAfterSigning() {
    RoomFixture room = invited(RoomVersions.V12);
    ObjectNode changed = signed(DORA, "token", IDENTITY_SERVER).put("more", 1);

    assertRefused(AuthRule.THIRD_PARTY_INVITE_SIGNATURE, room, answer(room, changed));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "[]",
        "{\"identity.example\":[]}",
        "{\"identity.example\":{\"ed25519:test\":null}}",
        "{\"identity.example\":{\"ed25519:test\":\"\"}}",
        "{\"identity.example\":{\"ed25519:test\":\"****\"}}",
        "{\"identity.example\":{\"ed25519:test\":\"AAAA\"}}"
      })
  void refusesThirdPartyInviteWithSignaturesThatAreNone(String signatures) {
    RoomFixture room = invited(RoomVersions.V12);
    ObjectNode signed = signed(DORA, "token", IDENTITY_SERVER);
    signed.setAll(RoomFixture.json("{\"signatures\":" + signatures + "}"));

    assertRefused(AuthRule.THIRD_PARTY_INVITE_SIGNATURE, room, answer(room, signed));
  }

  @Test
  void triesOnlySoManySignatures() {
    RoomFixture room = invited(RoomVersions.V12);
    ObjectNode signed = signed(DORA, "token", IDENTITY_SERVER);
    ObjectNode right = signed.withObjectProperty("signatures").deepCopy();
    ObjectNode many = signed.putObject("signatures");
    String wrong =
        signed(DORA, "token", OTHER).at("/signatures/identity.example/ed25519:test").asText();
    for (int i = 0; i < 64; i++) {
      many.putObject("server" + i + ".example").put("ed25519:test", wrong);
    }
    many.setAll(right);

    assertRefused(AuthRule.THIRD_PARTY_INVITE_SIGNATURE, room, answer(room, signed));

    many.remove("server0.example");
    assertAllowed(room, answer(room, signed));
  }

  /// A room into which Alice has invited whoever can have `token` signed by the identity server.
  private static RoomFixture invited(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.state(
            ALICE,
            EventTypes.THIRD_PARTY_INVITE,
            "token",
            "{\"public_key\":\"" + IDENTITY_SERVER.publicKeyBase64() + "\"}")
        .add();
    return room;
  }

  private static ObjectNode signed(UserId user, String token, SigningKey key) {
    ObjectNode object = RoomFixture.json("{}").put("mxid", user.value()).put("token", token);
    return Signatures.sign(object, "identity.example", key);
  }

  private static Pdu answer(RoomFixture room, ObjectNode signed) {
    return answer(room, ALICE, signed);
  }

  private static Pdu answer(RoomFixture room, UserId sender, ObjectNode signed) {
    return room.member(sender, DORA, "invite")
        .bendContent(content -> content.putObject("third_party_invite").set("signed", signed))
        .build();
  }
}
