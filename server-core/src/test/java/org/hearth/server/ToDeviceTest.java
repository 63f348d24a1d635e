package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Messages to devices, from the call that sends them to the `/sync` of the device, on a whole
/// server.
class ToDeviceTest {
  private static final String SYNC = "/_matrix/client/v3/sync";

  @TempDir Path folder;
  private WholeServer server;
  private TestClient alice;
  private TestClient.Answer bobAccount;
  private TestClient bob;

  @BeforeEach
  void start() throws Exception {
    server = new WholeServer(folder);
    server.start();
    alice = server.register("alice");
    bobAccount = server.newAccount("bob");
    bob = server.client().as(bobAccount.text("access_token"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String device() {
    return bobAccount.text("device_id");
  }

  private TestClient.Answer send(String transaction, String device, String content) {
    return alice.put(
        "/_matrix/client/v3/sendToDevice/m.test/" + transaction,
        "{'messages': {'@bob:hearth.test': {'%s': %s}}}".formatted(device, content));
  }

  private void send(int number) {
    send("txn" + number, device(), "{'n': %d}".formatted(number)).expect(200);
  }

  private static JsonNode sync(TestClient client, String since) {
    String target = since.isEmpty() ? SYNC : SYNC + "?since=" + since;
    return client.get(target).expect(200).json();
  }

  private static String next(JsonNode answer) {
    return answer.path("next_batch").textValue();
  }

  private static List<Integer> numbers(JsonNode answer) {
    List<Integer> all = new ArrayList<>();
    answer.at("/to_device/events").forEach(each -> all.add(each.at("/content/n").intValue()));
    return all;
  }

  private TestClient secondDevice() {
    return server
        .client()
        .as(
            server
                .client()
                .post(
                    "/_matrix/client/v3/login",
                    "{'type': 'm.login.password', 'device_id': 'SECOND', 'password': '%s', 'identifier': {'type': 'm.id.user', 'user': 'bob'}}"
                        .formatted(WholeServer.PASSWORD))
                .expect(200)
                .text("access_token"));
  }

  @Test
  void aMessageIsToldWithItsSenderAndTypeUntilTheNextTokenSaysThatItCame() {
    String before = next(sync(bob, ""));
    send(1);
    send(2);

    JsonNode answer = sync(bob, before);

    JsonNode event = answer.at("/to_device/events/0");
    assertThat(event.path("sender").textValue()).isEqualTo("@alice:hearth.test");
    assertThat(event.path("type").textValue()).isEqualTo("m.test");
    assertThat(numbers(answer)).containsExactly(1, 2);
    assertThat(numbers(sync(bob, before))).as("a retried token").containsExactly(1, 2);
    JsonNode after = sync(bob, next(answer));
    assertThat(numbers(after)).isEmpty();
    send(3);
    assertThat(numbers(sync(bob, next(after)))).containsExactly(3);
    assertThat(numbers(sync(bob, ""))).as("what came before is deleted").containsExactly(3);
  }

  @Test
  void aRepeatedTransactionSendsOnceAndAlsoAfterARestart() throws Exception {
    send(1);
    send(1);
    server.stop();
    server.start();
    alice = server.client().as(login("alice"));
    bob = server.client().as(bobAccount.text("access_token"));

    assertThat(numbers(sync(bob, ""))).containsExactly(1);
  }

  private String login(String user) {
    return server
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'password': '%s', 'identifier': {'type': 'm.id.user', 'user': '%s'}}"
                .formatted(WholeServer.PASSWORD, user))
        .expect(200)
        .text("access_token");
  }

  @Test
  void aStarReachesAllDevicesAndUnknownOnesAreLeftOut() {
    TestClient second = secondDevice();
    send("all", "*", "{'n': 7}").expect(200);
    send("none", "NOWHERE", "{'n': 8}").expect(200);
    alice
        .put(
            "/_matrix/client/v3/sendToDevice/m.test/strangers",
            "{'messages': {'@none:hearth.test': {'*': {}}, '@bob:elsewhere.test': {'*': {}}}}")
        .expect(200);

    assertThat(numbers(sync(bob, ""))).containsExactly(7);
    assertThat(numbers(sync(second, ""))).containsExactly(7);
  }

  @Test
  void anAnswerHasAHundredAndTheNextTheRest() {
    String before = next(sync(bob, ""));
    for (int i = 0; i < 205; i++) {
      send(i);
    }
    List<Integer> all = new ArrayList<>();
    JsonNode first = sync(bob, before);
    assertThat(numbers(first)).hasSize(100);
    assertThat(numbers(sync(bob, before))).isEqualTo(numbers(first));
    all.addAll(numbers(first));
    JsonNode second = sync(bob, next(first));
    assertThat(numbers(second)).hasSize(100);
    all.addAll(numbers(second));
    JsonNode third = sync(bob, next(second));
    all.addAll(numbers(third));

    assertThat(all).hasSize(205).isSorted().doesNotHaveDuplicates();
    assertThat(numbers(sync(bob, next(third)))).isEmpty();
  }

  @Test
  void itWakesTheDeviceThatWaits() throws Exception {
    String before = next(sync(bob, ""));
    try (ExecutorService waiters = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<JsonNode> waiting =
          waiters.submit(() -> bob.get(SYNC + "?timeout=60000&since=" + before).expect(200).json());
      send(1);
      assertThat(numbers(waiting.get(30, TimeUnit.SECONDS))).containsExactly(1);
    }
  }

  @Test
  void aMessageThatWasNotAcknowledgedOutlivesARestart() throws Exception {
    String before = next(sync(bob, ""));
    send(1);
    JsonNode told = sync(bob, before);
    server.stop();
    server.start();
    bob = server.client().as(bobAccount.text("access_token"));

    assertThat(numbers(sync(bob, before))).containsExactly(1);
    assertThat(numbers(sync(bob, next(told)))).isEmpty();
  }

  @Test
  void aDeviceThatIsRemovedTakesItsMessagesAlong() {
    TestClient second = secondDevice();
    send("all", "SECOND", "{'n': 7}").expect(200);
    second.post("/_matrix/client/v3/logout", "{}").expect(200);

    assertThat(numbers(sync(secondDevice(), ""))).isEmpty();
  }

  @Test
  void whatIsTooLargeIsRefused() {
    send("large", device(), "{'a': '%s'}".formatted("x".repeat(65_536))).expect(413, "M_TOO_LARGE");
    send("huge", device(), "{'a': '%s'}".formatted("x".repeat(10 << 20)))
        .expect(413, "M_TOO_LARGE");
    StringBuilder many = new StringBuilder("'@u0:hearth.test': {}");
    for (int i = 1; i <= 1_000; i++) {
      many.append(", '@u%d:hearth.test': {}".formatted(i));
    }
    alice
        .put("/_matrix/client/v3/sendToDevice/m.test/many", "{'messages': {%s}}".formatted(many))
        .expect(413, "M_TOO_LARGE");
    send("text", device(), "'text'").expect(400, "M_BAD_JSON");
    alice.put("/_matrix/client/v3/sendToDevice/m.test/x", "{}").expect(400, "M_MISSING_PARAM");
    alice
        .put("/_matrix/client/v3/sendToDevice/m.test/x", "{'messages': {'bob': {}}}")
        .expect(400, "M_INVALID_PARAM");

    assertThat(numbers(sync(bob, ""))).isEmpty();
  }
}
