package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.services.account.AccountOptions.RegistrationMode;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Registration closed, with guests and a shared secret.
class ConfiguredRegistrationTest {
  private static final String REGISTER = "/_matrix/client/v3/register";
  private static final String SHARED = "/_synapse/admin/v1/register";
  private static final String SECRET = "sesame";

  @RegisterExtension
  private final ServicesExtension services =
      new ServicesExtension(
          options -> options.withRegistration(RegistrationMode.CLOSED, true, Optional.of(SECRET)));

  private static String mac(String nonce, String name, String password, boolean admin)
      throws Exception {
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
    String text = String.join("\0", nonce, name, password, admin ? "admin" : "notadmin");
    return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
  }

  private String nonce() {
    return services.client().get(SHARED).expect(200).text("nonce");
  }

  private Answer share(String nonce, String name, boolean admin, String mac) {
    return services
        .client()
        .post(
            SHARED,
            "{'nonce': '%s', 'username': '%s', 'password': 'long enough', 'admin': %s, 'displayname': 'The %s', 'mac': '%s'}"
                .formatted(nonce, name, admin, name, mac));
  }

  @Test
  void closedRegistrationIsRefused() {
    services.client().post(REGISTER, "{}").expect(403, "M_FORBIDDEN");
    services.client().get(REGISTER + "/available?username=alice").expect(403, "M_FORBIDDEN");
    services
        .client()
        .get("/_matrix/client/v1/register/m.login.registration_token/validity?token=x")
        .expect(403, "M_FORBIDDEN");
  }

  @Test
  void whoKnowsTheSecretMakesAccounts() throws Exception {
    String nonce = nonce();

    Answer answer =
        share(nonce, "alice", true, mac(nonce, "alice", "long enough", true)).expect(200);

    assertThat(answer.text("user_id")).isEqualTo("@alice:hearth.test");
    services
        .client()
        .as(answer.text("access_token"))
        .get("/_matrix/client/v3/account/whoami")
        .expect(200);
    assertThat(services.tables().isAdmin(user("alice"))).isTrue();
    assertThat(services.happenings())
        .extracting(Happening::kind)
        .containsExactly(Kind.ACCOUNT_MADE, Kind.OWNER_MADE);
    assertThat(services.profiles().profile(user("alice")).displayName()).contains("The alice");
  }

  @Test
  void wrongSecretsOldNoncesAndOtherWordsAreRefused() throws Exception {
    String nonce = nonce();
    String right = mac(nonce, "alice", "long enough", false);

    share(nonce, "alice", true, right).expect(403, "M_FORBIDDEN");
    share(nonce, "alice", false, right).expect(400, "M_UNKNOWN");
    share(nonce(), "alice", false, "00").expect(403, "M_FORBIDDEN");
    share(nonce(), "alice", false, "not hex").expect(403, "M_FORBIDDEN");
    share("made up", "alice", false, right).expect(400, "M_UNKNOWN");
    assertThat(services.tables().exists(user("alice"))).isFalse();
  }

  @Test
  void guestsGetAnAccountThatCanDoLittle() {
    Answer registered =
        services
            .client()
            .post(REGISTER + "?kind=guest", "{'username': 'ignored', 'device_id': 'IGNORED'}")
            .expect(200);
    TestClient guest = services.client().as(registered.text("access_token"));

    Answer whoami = guest.get("/_matrix/client/v3/account/whoami").expect(200);

    assertThat(whoami.at("/is_guest").asBoolean()).isTrue();
    assertThat(registered.text("user_id")).isNotEqualTo("@ignored:hearth.test");
    assertThat(registered.text("device_id")).isNotEqualTo("IGNORED");
    guest.post("/_matrix/client/v3/delete_devices", "{}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    guest.post("/_matrix/client/v3/account/deactivate", "{}").expect(403);
    String profile = "/_matrix/client/v3/profile/" + registered.text("user_id");
    guest.put(profile + "/displayname", "{'displayname': 'Guest'}").expect(200);
    guest
        .put(profile + "/avatar_url", "{'avatar_url': 'mxc://hearth.test/a'}")
        .expect(403, "M_FORBIDDEN");
  }
}
