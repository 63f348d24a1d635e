package org.hearth.server.matrix.checks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyServerTest {
  private static final ServerName NAME = ServerName.parse("policy.example");
  private static final SigningKey KEY =
      new SigningKey(
          KeyId.parse("ed25519:policy_server"),
          Arrays.copyOf("policies".getBytes(UTF_8), SigningKey.SEED_BYTES));
  private static final PolicyServer POLICY = new PolicyServer(NAME, Optional.of(KEY.verifyKey()));

  private static Pdu event(String type, String stateKey, String content) {
    String json =
        ("{'type':'%s',%s'sender':'@alice:%s','room_id':'!r:a.example','content':%s,"
                + "'origin_server_ts':5,'depth':5,'prev_events':[],'auth_events':[]}")
            .formatted(type, stateKey, NAME, content);
    return Pdu.parse(
        EventSignatures.hashAndSign(
            MatrixJson.parseObject(json.replace('\'', '"').getBytes(UTF_8)),
            RoomVersions.V11,
            NAME,
            TestKeys.of(NAME)),
        RoomVersions.V11);
  }

  private static Pdu message() {
    return event("m.room.message", "", "{'body':'Hello'}");
  }

  private static Optional<PolicyServer> in(String content) {
    return PolicyServer.in(event("m.room.policy", "'state_key':'',", content));
  }

  @Test
  void aStateEventNamesServerAndKey() {
    String key = KEY.publicKeyBase64();
    String urlSafe = key.replace('+', '-').replace('/', '_');

    for (String each : new String[] {key, urlSafe, key + "="}) {
      assertThat(in("{'via':'policy.example','public_keys':{'ed25519':'%s'}}".formatted(each)))
          .contains(POLICY);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'via':'policy.example'}",
        "{'public_keys':{'ed25519':'x'}}",
        "{'via':'policy.example','public_keys':{}}",
        "{'via':'policy.example','public_keys':['ed25519']}",
        "{'via':'policy.example','public_keys':{'ed25519':7}}",
        "{'via':['policy.example'],'public_keys':{'ed25519':'x'}}",
        "{'via':'no server','public_keys':{'ed25519':'x'}}"
      })
  void whatIsNotValidNamesNone(String content) {
    assertThat(in(content)).isEmpty();
  }

  /// It is valid by the specification's words, and nobody can sign by it.
  @Test
  void byATextThatIsNoKeyNothingIsSigned() {
    PolicyServer policy =
        in("{'via':'policy.example','public_keys':{'ed25519':'no key'}}").orElseThrow();

    assertThat(policy.key()).isEmpty();
    assertThat(policy.hasSigned(signed())).isFalse();
  }

  private static Pdu signed() {
    Pdu message = message();
    return Pdu.parse(
        EventSignatures.sign(message.json(), message.version(), NAME, KEY), message.version());
  }

  @Test
  void itIsAskedAboutAllButTheEventThatNamesIt() {
    assertThat(PolicyServer.isAskedAbout(event("m.room.policy", "'state_key':'',", "{}")))
        .isFalse();
    assertThat(PolicyServer.isAskedAbout(event("m.room.policy", "'state_key':'x',", "{}")))
        .isTrue();
    assertThat(PolicyServer.isAskedAbout(event("m.room.policy", "", "{}"))).isTrue();
    assertThat(PolicyServer.isAskedAbout(message())).isTrue();
  }

  /// "Those existing signatures might not be returned by the policy server, but should be retained
  /// to validate the event."
  @Test
  void itsSignatureIsAddedToThoseThatAreThere() {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer
        .putObject(NAME.value())
        .put(
            "ed25519:policy_server",
            signed().json().at("/signatures/policy.example/ed25519:policy_server").asText())
        .put("ed25519:other", "taken by nobody");
    answer.putObject("other.example").put("ed25519:x", "taken by nobody");

    Pdu signed = POLICY.signed(message(), answer).orElseThrow();

    assertThat(POLICY.hasSigned(message())).isFalse();
    assertThat(POLICY.hasSigned(signed)).isTrue();
    assertThat(signed.json()).isEqualTo(signed().json());
    assertThat(signed).isEqualTo(message());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'policy.example':{}}",
        "{'policy.example':[]}",
        "{'policy.example':{'ed25519:policy_server':7}}",
        "{'policy.example':{'ed25519:policy_server':'AAAA'}}",
        "{'other.example':{'ed25519:policy_server':'AAAA'}}"
      })
  void whatIsNoSignatureOfItsSignsNothing(String answer) {
    assertThat(
            POLICY.signed(
                message(), MatrixJson.parseObject(answer.replace('\'', '"').getBytes(UTF_8))))
        .isEmpty();
  }

  /// "In particular, the policy server key is not expected to be published and therefore should be
  /// skipped at this stage": check 2.
  @Test
  void itsKeyIsNoKeyOfItsServer() {
    ServerKeys keys =
        (_, id) ->
            Optional.of(
                new PublishedKey.Current(
                    id.equals(KEY.id()) ? KEY.verifyKey() : TestKeys.of(NAME).verifyKey(),
                    Long.MAX_VALUE));
    Pdu signed = signed();
    ObjectNode alone = signed.json().deepCopy();
    ((ObjectNode) alone.at("/signatures/policy.example")).remove("ed25519:test");

    assertThat(SignatureKeys.wanted(signed).get(NAME)).containsExactly(TestKeys.of(NAME).id());
    assertThat(ReceiptChecks.receive(signed.json(), RoomVersions.V11, keys))
        .isInstanceOf(Received.Intact.class);
    assertThat(ReceiptChecks.receive(alone, RoomVersions.V11, keys))
        .isInstanceOf(Received.Dropped.class);
  }
}
