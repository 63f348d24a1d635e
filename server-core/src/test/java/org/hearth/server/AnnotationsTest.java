package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Test;

/// Of annotations that are alike only the first is taken.
@WholeServer.Started
final class AnnotationsTest {
  private static final String V3 = "/_matrix/client/v3";
  private static final String THUMB = "\\ud83d\\udc4d";

  private final WholeServer server;
  private final TestClient alice;
  private final TestClient bob;
  private final String bobsToken;
  private final String room;
  private final String message;

  AnnotationsTest(WholeServer server) {
    this.server = server;
    alice = server.register("alice");
    bobsToken = server.newAccount("bob").text("access_token");
    bob = server.client().as(bobsToken);
    String id =
        alice.post(V3 + "/createRoom", "{'preset': 'public_chat'}").expect(200).text("room_id");
    room = V3 + "/rooms/" + encoded(id);
    bob.post(room + "/join", "{}").expect(200);
    message = alice.put(room + "/send/m.room.message/1", "{}").expect(200).text("event_id");
  }

  private Answer annotate(TestClient client, String type, String target, String key, String txn) {
    return client.put(
        room + "/send/" + type + "/" + txn,
        "{'m.relates_to': {'rel_type': 'm.annotation', 'event_id': '%s', 'key': '%s'}}"
            .formatted(target, key));
  }

  private Answer react(TestClient client, String key, String txn) {
    return annotate(client, "m.reaction", message, key, txn);
  }

  @Test
  void refusesTheSecondOfTheSameUserAfterARestartToo() throws StartFailedException {
    react(bob, THUMB, "a").expect(200);

    react(bob, THUMB, "b").expect(400, "M_DUPLICATE_ANNOTATION");

    server.stop();
    server.start();
    react(server.client().as(bobsToken), THUMB, "c").expect(400, "M_DUPLICATE_ANNOTATION");
  }

  /// The events of all others are damaged: whoever reads one fails.
  @Test
  void asksForTheOneAnnotationThatIsAlike() throws StartFailedException {
    react(bob, "other", "b").expect(200);
    react(alice, THUMB, "c").expect(200);
    react(bob, THUMB, "a").expect(200);
    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()).withMinimumFreeBytes(0))) {
      RowChange damage =
          RowChange.of(
              new Table("room_event", "a test's", "the test"),
              "UPDATE room_event SET json = X'7B7B' WHERE transaction_id IN ('b', 'c')",
              (_, _) -> {});
      var _ = store.committer().commit("test", List.of(damage), List.of());
    }
    server.start();

    react(server.client().as(bobsToken), THUMB, "d").expect(400, "M_DUPLICATE_ANNOTATION");
    react(server.client().as(bobsToken), "another", "e").expect(200);
  }

  @Test
  void takesWhatDiffersInUserKeyTypeOrEvent() {
    String other = alice.put(room + "/send/m.room.message/2", "{}").expect(200).text("event_id");
    react(bob, THUMB, "a").expect(200);

    react(alice, THUMB, "b").expect(200);
    react(bob, "no", "c").expect(200);
    annotate(bob, "org.example.vote", message, THUMB, "d").expect(200);
    annotate(bob, "m.reaction", other, THUMB, "e").expect(200);
  }

  @Test
  void takesWhatIsNoAnnotationWithAKeyTwice() {
    int sent = 0;
    for (String relation :
        List.of(
            "{'rel_type': 'm.thread', 'event_id': '%s', 'key': 'x'}",
            "{'rel_type': 'm.annotation', 'event_id': '%s'}",
            "{'rel_type': 'm.annotation', 'event_id': '%s', 'key': 7}",
            "{'rel_type': 'm.annotation', 'event_id': 'nonsense', 'key': 'x'}",
            "{'rel_type': 'm.annotation', 'key': 'x'}")) {
      for (int i = 0; i < 2; i++) {
        bob.put(
                room + "/send/m.reaction/" + sent++,
                "{'m.relates_to': " + relation.formatted(message) + "}")
            .expect(200);
      }
    }
  }

  @Test
  void answersARequestThatIsSentAgainAsItWas() {
    String first = react(bob, THUMB, "a").expect(200).text("event_id");

    assertThat(react(bob, THUMB, "a").expect(200).text("event_id")).isEqualTo(first);
  }

  @Test
  void takesItAgainWhenTheFirstIsRedacted() {
    String first = react(bob, THUMB, "a").expect(200).text("event_id");
    bob.put(room + "/redact/" + encoded(first) + "/b", "{}").expect(200);

    react(bob, THUMB, "c").expect(200);
    react(bob, THUMB, "d").expect(400, "M_DUPLICATE_ANNOTATION");
  }

  @Test
  void takesOneOfManySentAtOnce() throws Exception {
    List<Callable<Integer>> requests = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      String txn = "at-once-" + i;
      requests.add(() -> react(bob, THUMB, txn).status());
    }

    List<Integer> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newFixedThreadPool(16)) {
      for (Future<Integer> each : clients.invokeAll(requests)) {
        answers.add(each.get());
      }
    }

    assertThat(answers).containsOnly(200, 400).containsOnlyOnce(200);
  }
}
