package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.services.account.AccountOptions.RegistrationMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class GuestsTest {
  private static final String REGISTER = "/_matrix/client/v3/register";
  private static final String WHOAMI = "/_matrix/client/v3/account/whoami";

  @RegisterExtension
  private final ServicesExtension services =
      new ServicesExtension(
          options -> options.withRegistration(RegistrationMode.OPEN, true, Optional.empty()));

  @Test
  void guestBecomesAUserWithTheSameName() {
    Answer guest = services.client().post(REGISTER + "?kind=guest", "{}").expect(200);
    String name = guest.text("user_id").substring(1).replaceFirst(":.*", "");
    String body =
        "{'username': '%s', 'password': 'long enough', 'guest_access_token': '%s', 'auth': {'type': 'm.login.dummy'}}";

    services
        .client()
        .post(REGISTER, body.formatted("another", guest.text("access_token")))
        .expect(400, "M_INVALID_PARAM");
    Answer user =
        services
            .client()
            .post(REGISTER, body.formatted(name, guest.text("access_token")))
            .expect(200);

    assertThat(user.text("user_id")).isEqualTo(guest.text("user_id"));
    TestClient client = services.client().as(user.text("access_token"));
    assertThat(client.get(WHOAMI).expect(200).at("/is_guest").asBoolean()).isFalse();
    services
        .client()
        .post(REGISTER, body.formatted(name, guest.text("access_token")))
        .expect(403, "M_FORBIDDEN");
    services
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': '%s', 'password': 'long enough'}".formatted(name))
        .expect(200);
  }
}
