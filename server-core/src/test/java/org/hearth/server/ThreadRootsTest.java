package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.junit.jupiter.api.Test;

/// From which events threads may be started; and that what relates to an event is still told after
/// a restart.
@WholeServer.Started
final class ThreadRootsTest {
  private static final String V3 = "/_matrix/client/v3";

  private final WholeServer server;
  private String token = "";
  private String room = "";
  private String id = "";
  private String message = "";
  private int transactions;

  ThreadRootsTest(WholeServer server) {
    this.server = server;
    token = server.newAccount("alice").text("access_token");
    id = alice().post(V3 + "/createRoom", "{}").expect(200).text("room_id");
    room = V3 + "/rooms/" + encoded(id);
    message = send("{'body': 'root'}").expect(200).text("event_id");
  }

  private TestClient alice() {
    return server.client().as(token);
  }

  private Answer send(String content) {
    return alice().put(room + "/send/m.room.message/" + transactions++, content);
  }

  private Answer relate(String relation, String target) {
    return send(
        "{'m.relates_to': {'rel_type': '%s', 'event_id': '%s'}}".formatted(relation, target));
  }

  @Test
  void whatRelatesToAnotherEventIsNoRoot() {
    String reply = relate("m.thread", message).expect(200).text("event_id");
    String reference = relate("m.reference", message).expect(200).text("event_id");

    relate("m.thread", reply).expect(400, "M_UNKNOWN");
    relate("m.thread", reference).expect(400, "M_UNKNOWN");
    relate("m.reference", reply).expect(200);
  }

  @Test
  void aRichReplyIsARootAndSoIsWhatIsNotHere() {
    String rich =
        send("{'m.relates_to': {'m.in_reply_to': {'event_id': '%s'}}}".formatted(message))
            .expect(200)
            .text("event_id");

    relate("m.thread", rich).expect(200);
    relate("m.thread", "$unknown").expect(200);
    relate("m.thread", "nonsense").expect(200);
  }

  @Test
  void whatRelatesIsToldAfterARestart() throws StartFailedException {
    String reply = relate("m.thread", message).expect(200).text("event_id");
    server.stop();
    server.start();

    String list = "/_matrix/client/v1/rooms/" + encoded(id);
    assertThat(alice().get(list + "/threads").expect(200).at("/chunk/0/event_id").asText())
        .isEqualTo(message);
    assertThat(
            alice()
                .get(list + "/relations/" + encoded(message) + "/m.thread")
                .expect(200)
                .at("/chunk/0/event_id")
                .asText())
        .isEqualTo(reply);
  }
}
