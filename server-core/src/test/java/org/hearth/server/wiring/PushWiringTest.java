package org.hearth.server.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Push in a whole server: from a message to a gateway at home, and what becomes of pushers.
@Tag("long")
class PushWiringTest {
  private static final String PUSHERS = "/_matrix/client/v3/pushers";

  @TempDir private Path folder;
  private final BlockingQueue<JsonNode> told = new LinkedBlockingQueue<>();
  private HttpServer gateway;

  @BeforeEach
  void startGateway() throws IOException {
    gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    gateway.createContext(
        "/_matrix/push/v1/notify",
        exchange -> {
          try (exchange) {
            told.add(new ObjectMapper().readTree(exchange.getRequestBody()).path("notification"));
            byte[] answer = "{\"rejected\": []}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
          }
        });
    gateway.start();
  }

  @AfterEach
  void stopGateway() {
    gateway.stop(0);
  }

  private JsonNode next() throws InterruptedException {
    return Objects.requireNonNull(told.poll(60, TimeUnit.SECONDS), "nothing has come");
  }

  private TestClient.Answer set(TestClient client, String pushkey) {
    return client.post(
        PUSHERS + "/set",
        """
        {'kind': 'http', 'app_id': 'org.test.app', 'pushkey': '%s', 'app_display_name': 'App',
         'device_display_name': 'Phone', 'lang': 'en',
         'data': {'url': 'http://127.0.0.1:%d/_matrix/push/v1/notify'}}\
        """
            .formatted(pushkey, gateway.getAddress().getPort()));
  }

  private static List<String> pushkeys(TestClient client) {
    return client.get(PUSHERS).expect(200).json().findValuesAsText("pushkey");
  }

  private static TestClient logIn(WholeServer server, String name, String device) {
    return server
        .client()
        .as(
            server
                .client()
                .post(
                    "/_matrix/client/v3/login",
                    "{'type':'m.login.password','user':'%s','password':'%s','device_id':'%s'}"
                        .formatted(name, WholeServer.PASSWORD, device))
                .expect(200)
                .text("access_token"));
  }

  @Test
  void aMessageAndWhatIsReadAreToldToAGatewayAtHomeOverARestart() throws Exception {
    String event;
    String token;
    String path;
    try (WholeServer server =
        new WholeServer(folder, "outbound: { allowed-hosts: [ 127.0.0.1 ] }\n")) {
      server.start();
      TestClient alice = server.register("alice");
      token = server.newAccount("bob").text("access_token");
      TestClient bob = server.client().as(token);
      String room =
          alice
              .post("/_matrix/client/v3/createRoom", "{'preset':'public_chat','name':'Lounge'}")
              .expect(200)
              .text("room_id");
      path = "/_matrix/client/v3/rooms/" + TestClient.encoded(room);
      bob.post(path + "/join", "{}").expect(200);
      set(bob, "key").expect(200);

      event =
          alice
              .put(
                  path + "/send/m.room.message/1",
                  "{'msgtype':'m.text','body':'hello','m.mentions':{'user_ids':['@bob:hearth.test']}}")
              .expect(200)
              .text("event_id");

      JsonNode notification = next();
      assertThat(notification.path("event_id").asText()).isEqualTo(event);
      assertThat(notification.path("room_name").asText()).isEqualTo("Lounge");
      assertThat(notification.at("/counts/unread").asInt()).isEqualTo(1);
      assertThat(notification.at("/devices/0/tweaks/highlight").asBoolean()).isTrue();
      WiringPicture picture = server.homeserver().admin().orElseThrow().wiring();
      assertThat(picture.nodes())
          .contains(
              new WiringPicture.Node("ClientPush", WiringPicture.Kind.READER, "Wakes phones"));
      assertThat(picture.arrows())
          .contains(new WiringPicture.Arrow("notification-output", "ClientPush"));
    }
    try (WholeServer server =
        new WholeServer(folder, "outbound: { allowed-hosts: [ 127.0.0.1 ] }\n")) {
      server.start();
      TestClient bob = server.client().as(token);
      assertThat(pushkeys(bob)).containsExactly("key");

      bob.post(path + "/receipt/m.read/" + event, "{}").expect(200);

      // What the gateway had taken when the server ended may come again, since its answer was lost.
      JsonNode badge = next();
      while (badge.path("event_id").asText().equals(event)) {
        badge = next();
      }
      assertThat(badge.has("event_id")).isFalse();
      assertThat(badge.at("/counts/unread").asInt(-1)).isZero();
    }
  }

  @Test
  void pushersGoWithLoggingOutANewPasswordAndTheAccount() throws Exception {
    try (WholeServer server =
        new WholeServer(folder, "outbound: { allowed-hosts: [ 127.0.0.1 ] }\n")) {
      server.start();
      server.register("bob");
      TestClient phone = logIn(server, "bob", "PHONE");
      TestClient tablet = logIn(server, "bob", "TABLET");
      TestClient laptop = logIn(server, "bob", "LAPTOP");
      set(phone, "phone").expect(200);
      set(tablet, "tablet").expect(200);
      set(laptop, "laptop").expect(200);

      phone.post("/_matrix/client/v3/logout", "{}").expect(200);
      assertThat(pushkeys(laptop)).containsExactly("tablet", "laptop");

      laptop
          .post(
              "/_matrix/client/v3/account/password",
              "{'new_password':'another long one','auth':%s}"
                  .formatted(WholeServer.auth("bob", WholeServer.PASSWORD)))
          .expect(200);
      assertThat(pushkeys(laptop)).containsExactly("laptop");

      WholeServer.closeAccount(laptop, "bob", "another long one");
      TestClient alice = server.register("alice");
      set(alice, "laptop").expect(200);
      assertThat(pushkeys(alice)).containsExactly("laptop");
    }
  }

  @Test
  void aGatewayAtHomeIsRefusedWhereItsOwnerDoesNotAllowIt() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient bob = server.register("bob");

      set(bob, "key").expect(400, "M_INVALID_PARAM");
    }
  }
}
