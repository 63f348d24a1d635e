package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.junit.jupiter.api.Test;

/// A join with proof that the user is who was invited by a third-party identifier.
@WholeServer.Started
final class ThirdPartySignedTest {
  private static final String V3 = "/_matrix/client/v3";
  private static final SigningKey IDENTITY_SERVER = TestKeys.named("identity");

  private final TestClient alice;
  private final TestClient bob;
  private String room;

  ThirdPartySignedTest(WholeServer server) {
    alice = server.register("alice");
    bob = server.register("bob");
    room =
        TestClient.encoded(
            alice
                .post(V3 + "/createRoom", "{'preset':'private_chat','room_version':'11'}")
                .expect(200)
                .text("room_id"));
  }

  private void invite(String token, String more) {
    alice
        .put(
            V3 + "/rooms/" + room + "/state/m.room.third_party_invite/" + token,
            "{'display_name':'b...','public_keys':[{'public_key':'%s'%s}]}"
                .formatted(IDENTITY_SERVER.publicKeyBase64(), more))
        .expect(200);
  }

  private static String signed(SigningKey key, String mxid, String token) {
    ObjectNode object =
        JsonNodeFactory.instance
            .objectNode()
            .put("sender", "@alice:hearth.test")
            .put("mxid", mxid)
            .put("token", token);
    return Signatures.sign(object, "identity.test", key).toString();
  }

  private TestClient.Answer join(String signed) {
    return bob.post(V3 + "/rooms/" + room + "/join", "{\"third_party_signed\":" + signed + "}");
  }

  @Test
  void letsInWhoeverProvesThatTheInviteIsTheirs() {
    invite("abc", "");
    bob.post(V3 + "/rooms/" + room + "/join", "{}").expect(403, "M_FORBIDDEN");

    join(signed(IDENTITY_SERVER, "@bob:hearth.test", "abc")).expect(200);

    ObjectNode member =
        (ObjectNode)
            alice
                .get(V3 + "/rooms/" + room + "/state/m.room.member/@bob:hearth.test")
                .expect(200)
                .json();
    assertThat(member.path("membership").asText()).isEqualTo("join");
    assertThat(member.has("third_party_signed")).isFalse();
  }

  @Test
  void refusesWhatDoesNotFitAPendingInvite() {
    invite("abc", "");

    join(signed(IDENTITY_SERVER, "@carol:hearth.test", "abc")).expect(403, "M_FORBIDDEN");
    join(signed(IDENTITY_SERVER, "@bob:hearth.test", "other")).expect(403, "M_FORBIDDEN");
    join(signed(TestKeys.named("other"), "@bob:hearth.test", "abc")).expect(403, "M_FORBIDDEN");
    join("{\"mxid\":\"@bob:hearth.test\"}").expect(400, "M_MISSING_PARAM");
    join("7").expect(400, "M_BAD_JSON");
  }

  @Test
  void refusesAnInviteWhoseKeysItWouldHaveToCheckWithAnIdentityServer() {
    invite("abc", ",'key_validity_url':'https://identity.test/valid'");

    join(signed(IDENTITY_SERVER, "@bob:hearth.test", "abc")).expect(403, "M_FORBIDDEN");
  }
}
