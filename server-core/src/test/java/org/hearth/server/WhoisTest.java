package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// From where and when devices were last seen, and who is told.
@Tag("long")
class WhoisTest {
  private static final String WHOIS = "/_matrix/client/v3/admin/whois/";

  @TempDir private Path folder;
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.ofEpochMilli(1_800_000_000_000L));
  private WholeServer server;

  @BeforeEach
  void start() throws StartFailedException {
    server = new WholeServer(folder, now::get);
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static JsonNode connection(TestClient.Answer answer, String device) {
    return answer.json().path("devices").path(device).at("/sessions/0/connections/0");
  }

  @Test
  void aUserSeesTheOwnDevicesAndWhenTheyCame() {
    TestClient.Answer account = server.newAccount("alice");
    TestClient alice = server.client().as(account.text("access_token"));
    alice.get("/_matrix/client/v3/joined_rooms").expect(200);
    long first = now.get().toEpochMilli();
    now.updateAndGet(each -> each.plusSeconds(3_600));
    TestClient.Answer second =
        server
            .client()
            .post(
                "/_matrix/client/v3/login",
                "{'type':'m.login.password','user':'alice','password':'%s'}"
                    .formatted(WholeServer.PASSWORD))
            .expect(200);

    TestClient.Answer told =
        server
            .client()
            .as(second.text("access_token"))
            .get(WHOIS + "@alice:hearth.test")
            .expect(200);

    assertThat(told.text("user_id")).isEqualTo("@alice:hearth.test");
    assertThat(told.at("/devices")).hasSize(2);
    JsonNode old = connection(told, account.text("device_id"));
    assertThat(old.path("ip").asText()).isEqualTo("127.0.0.1");
    assertThat(old.path("last_seen").asLong()).isEqualTo(first);
    JsonNode young = connection(told, second.text("device_id"));
    assertThat(young.path("last_seen").asLong()).isEqualTo(now.get().toEpochMilli());
  }

  @Test
  void whatAProgramLastCalledItselfIsToldAlsoAfterARestart() throws Exception {
    String ownersToken = server.newAccount("owner").text("access_token");
    TestClient owner = server.client().as(ownersToken);
    server.homeserver().admin().orElseThrow().setAdmin("@owner:hearth.test", true);
    TestClient.Answer account = server.newAccount("alice");

    for (String name : List.of("Old/1.0", "New/2.0 (of a test)", "x".repeat(10_000))) {
      askAs(account.text("access_token"), name);
      JsonNode told =
          connection(owner.get(WHOIS + "@alice:hearth.test"), account.text("device_id"));
      assertThat(told.path("user_agent").asText())
          .isEqualTo(name.substring(0, Math.min(name.length(), 255)));
    }

    server.stop();
    server.start();
    JsonNode told =
        connection(
            server.client().as(ownersToken).get(WHOIS + "@alice:hearth.test"),
            account.text("device_id"));
    assertThat(told.path("user_agent").asText()).isEqualTo("x".repeat(255));
  }

  /// A request with that token of a program that calls itself so.
  private void askAs(String token, String userAgent) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(server.base().resolve("/_matrix/client/v3/joined_rooms"))
            .header("Authorization", "Bearer " + token)
            .header("User-Agent", userAgent)
            .build();
    try (HttpClient http = HttpClient.newHttpClient()) {
      assertThat(http.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void onlyAnOwnerSeesOthersAndNobodyElseLearnsWhomThereIs() {
    TestClient alice = server.register("alice");
    TestClient bob = server.register("bob");
    bob.get("/_matrix/client/v3/joined_rooms").expect(200);

    assertThat(alice.get(WHOIS + "@bob:hearth.test").expect(403, "M_FORBIDDEN").json())
        .isEqualTo(alice.get(WHOIS + "@nobody:hearth.test").expect(403, "M_FORBIDDEN").json());

    server.homeserver().admin().orElseThrow().setAdmin("@alice:hearth.test", true);
    assertThat(alice.get(WHOIS + "@bob:hearth.test").expect(200).at("/devices")).hasSize(1);
    alice.get(WHOIS + "@nobody:hearth.test").expect(404, "M_NOT_FOUND");
    alice.get(WHOIS + "@bob:other.test").expect(404, "M_NOT_FOUND");
    alice.get(WHOIS + "bob").expect(400, "M_INVALID_PARAM");
  }
}
