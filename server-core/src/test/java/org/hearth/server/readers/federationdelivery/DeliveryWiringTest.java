package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.SignedPeer;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// From the requests of clients to the transactions of a whole server.
@Timeout(120)
@Tag("long")
class DeliveryWiringTest {
  private static final String SEND = "/_matrix/federation/v1/send/";

  @TempDir private Path folder;
  private final List<Sent> sent = new CopyOnWriteArrayList<>();
  private SignedPeer peer;

  @BeforeEach
  void serve() throws IOException {
    peer = SignedPeer.start(Files.createDirectories(folder.resolve("peer")));
    peer.on(
        SEND,
        asked -> {
          sent.add(
              new Sent(
                  asked.target().substring(SEND.length()),
                  MatrixJson.parseObject(asked.body().getBytes(StandardCharsets.UTF_8))));
          return SignedPeer.Said.ok("{'pdus': {}}");
        });
  }

  @AfterEach
  void stop() throws IOException {
    peer.close();
  }

  private List<JsonNode> pdus() {
    return sent.stream().flatMap(each -> each.pdus().stream()).toList();
  }

  private List<JsonNode> edus(String type) {
    return sent.stream().flatMap(each -> each.edus(type).stream()).toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatUsersDoIsToldToAnotherServer(boolean presence) throws IOException {
    String settings = peer.settings(presence ? ", presence: true" : "");
    try (FederatedServer server = new FederatedServer(folder.resolve("data"), settings)) {
      TestClient alice = server.register("alice");
      RoomId room =
          RoomId.parse(
              alice
                  .post(
                      "/_matrix/client/v3/createRoom",
                      "{'preset': 'public_chat', 'room_version': '11'}")
                  .expect(200)
                  .text("room_id"));
      var _ = server.membership(room, peer.user("bob"), "join");
      String path = "/_matrix/client/v3/rooms/" + room.value();

      String event =
          alice
              .put(path + "/send/m.room.message/1", "{'msgtype': 'm.text', 'body': 'hello'}")
              .expect(200)
              .text("event_id");
      alice
          .put(path + "/typing/@alice:hearth.test", "{'typing': true, 'timeout': 30000}")
          .expect(200);
      alice.post(path + "/receipt/m.read/" + event, "{}").expect(200);
      alice
          .put(
              "/_matrix/client/v3/presence/@alice:hearth.test/status",
              "{'presence': 'online', 'status_msg': 'in a test'}")
          .expect(200);
      alice
          .put(
              "/_matrix/client/v3/sendToDevice/m.test/1",
              "{'messages': {'%s': {'PHONE': {'n': 1}}}}".formatted(peer.user("bob")))
          .expect(200);

      Eventually.until(
          "the message is told",
          () ->
              pdus().stream().anyMatch(each -> each.at("/content/body").asText().equals("hello")));
      Eventually.until("who types is told", () -> !edus("m.typing").isEmpty());
      Eventually.until("the receipt is told", () -> !edus("m.receipt").isEmpty());
      Eventually.until("the message is told", () -> !edus("m.direct_to_device").isEmpty());
      List<String> users = new ArrayList<>();
      edus("m.typing").forEach(each -> users.add(each.path("user_id").asText()));
      assertThat(users).containsOnly("@alice:hearth.test");
      assertThat(edus("m.receipt").getFirst().path(room.value()).path("m.read"))
          .singleElement()
          .satisfies(each -> assertThat(each.path("event_ids").path(0).asText()).isEqualTo(event));
      if (presence) {
        Eventually.until("presence is told", () -> !edus("m.presence").isEmpty());
      } else {
        assertThat(edus("m.presence")).isEmpty();
      }
      assertThat(sent)
          .allSatisfy(
              each -> assertThat(each.content().path("origin").asText()).isEqualTo("hearth.test"));
      ObjectNode last = sent.getLast().content();
      assertThat(last.path("pdus").isArray()).isTrue();
    }
  }
}
