package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;

import java.time.Duration;
import org.hearth.server.http.TestClient.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RefreshTest {
  private static final String WHOAMI = "/_matrix/client/v3/account/whoami";

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  private Answer logIn() {
    services.register("alice");
    return services
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': 'alice', 'password': '%s', 'refresh_token': true}"
                .formatted(PASSWORD))
        .expect(200);
  }

  private Answer refresh(Answer before) {
    return services
        .client()
        .post(
            "/_matrix/client/v3/refresh",
            "{'refresh_token': '%s'}".formatted(before.text("refresh_token")));
  }

  private Answer whoami(Answer login) {
    return services.client().as(login.text("access_token")).get(WHOAMI);
  }

  @Test
  void clientsThatCanRefreshGetTokensThatExpire() {
    Answer login = logIn();

    assertThat(login.at("/expires_in_ms").asLong()).isEqualTo(Duration.ofHours(1).toMillis());
    services.clock().advance(Duration.ofMinutes(59));
    whoami(login).expect(200);
    services.clock().advance(Duration.ofMinutes(1));
    Answer refused = whoami(login).expect(401, "M_UNKNOWN_TOKEN");
    assertThat(refused.at("/soft_logout").asBoolean()).isTrue();
  }

  @Test
  void refreshGivesNewTokensOfTheSameDevice() {
    Answer login = logIn();
    services.clock().advance(Duration.ofHours(2));

    Answer refreshed = refresh(login).expect(200);

    assertThat(refreshed.text("refresh_token")).isNotEqualTo(login.text("refresh_token"));
    assertThat(whoami(refreshed).expect(200).text("device_id")).isEqualTo(login.text("device_id"));
  }

  @Test
  void oldTokensStayValidUntilTheNewAccessTokenIsUsed() {
    Answer login = logIn();

    Answer refreshed = refresh(login).expect(200);

    whoami(login).expect(200);
    whoami(refreshed).expect(200);
    whoami(login).expect(401, "M_UNKNOWN_TOKEN");
    refresh(login).expect(401, "M_UNKNOWN_TOKEN");
    refresh(refreshed).expect(200);
  }

  @Test
  void oldTokensStayValidUntilTheNewRefreshTokenIsUsed() {
    Answer first = logIn();
    Answer second = refresh(first).expect(200);

    Answer third = refresh(second).expect(200);

    refresh(first).expect(401, "M_UNKNOWN_TOKEN");
    whoami(first).expect(401, "M_UNKNOWN_TOKEN");
    whoami(second).expect(200);
    whoami(third).expect(200);
    whoami(second).expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void whoNeverGotTheAnswerMayRefreshAgain() {
    Answer login = logIn();
    Answer lost = refresh(login).expect(200);

    Answer again = refresh(login).expect(200);

    whoami(lost).expect(401, "M_UNKNOWN_TOKEN");
    refresh(lost).expect(401, "M_UNKNOWN_TOKEN");
    whoami(again).expect(200);
  }

  @Test
  void refreshOutlivesARestart() throws InterruptedException {
    Answer login = logIn();
    Answer refreshed = refresh(login).expect(200);

    services.restart();

    whoami(refreshed).expect(200);
    refresh(login).expect(401, "M_UNKNOWN_TOKEN");
  }

  @Test
  void logoutEndsRefreshTokens() {
    Answer login = logIn();
    services
        .client()
        .as(login.text("access_token"))
        .post("/_matrix/client/v3/logout", "{}")
        .expect(200);

    Answer refused = refresh(login).expect(401, "M_UNKNOWN_TOKEN");

    assertThat(refused.at("/soft_logout").asBoolean()).isFalse();
  }

  @Test
  void refusesWhatIsNoRefreshToken() {
    Answer login = logIn();

    services
        .client()
        .post(
            "/_matrix/client/v3/refresh",
            "{'refresh_token': '%s'}".formatted(login.text("access_token")))
        .expect(401, "M_UNKNOWN_TOKEN");
    services.client().post("/_matrix/client/v3/refresh", "{}").expect(400, "M_MISSING_PARAM");
    services.client().as(login.text("refresh_token")).get(WHOAMI).expect(401, "M_UNKNOWN_TOKEN");
  }
}
