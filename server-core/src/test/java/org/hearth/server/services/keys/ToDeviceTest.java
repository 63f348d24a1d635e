package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.Test;

/// Messages to devices, from the call that sends them to the `/sync` of the device, on a whole
/// server.
class ToDeviceTest extends TwoUsers {

  private TestClient.Answer send(String transaction, String device, String content) {
    return alice
        .http()
        .put(
            "/_matrix/client/v3/sendToDevice/m.test/" + transaction,
            "{'messages': {'@bob:hearth.test': {'%s': %s}}}".formatted(device, content));
  }

  private void send(int number) {
    send("txn" + number, bob.device(), "{'n': %d}".formatted(number)).expect(200);
  }

  private static List<Integer> numbers(JsonNode answer) {
    List<Integer> all = new ArrayList<>();
    answer.at("/to_device/events").forEach(each -> all.add(each.at("/content/n").intValue()));
    return all;
  }

  private KeyClient secondDevice() {
    return KeyClient.logIn(server, "bob", "SECOND");
  }

  @Test
  void aMessageIsToldWithItsSenderAndTypeUntilTheNextTokenSaysThatItCame() {
    String before = KeyClient.next(bob.sync(""));
    send(1);
    send(2);

    JsonNode answer = bob.sync(before);

    JsonNode event = answer.at("/to_device/events/0");
    assertThat(event.path("sender").textValue()).isEqualTo("@alice:hearth.test");
    assertThat(event.path("type").textValue()).isEqualTo("m.test");
    assertThat(numbers(answer)).containsExactly(1, 2);
    assertThat(numbers(bob.sync(before))).as("a retried token").containsExactly(1, 2);
    JsonNode after = bob.sync(KeyClient.next(answer));
    assertThat(numbers(after)).isEmpty();
    send(3);
    assertThat(numbers(bob.sync(KeyClient.next(after)))).containsExactly(3);
    assertThat(numbers(bob.sync(""))).as("what came before is deleted").containsExactly(3);
  }

  @Test
  void aRepeatedTransactionSendsOnceAndAlsoAfterARestart() throws Exception {
    send(1);
    send(1);
    restart();
    send(1);

    assertThat(numbers(bob.sync(""))).containsExactly(1);
  }

  @Test
  void aStarReachesAllDevicesAndUnknownOnesAreLeftOut() {
    KeyClient second = secondDevice();
    send("all", "*", "{'n': 7}").expect(200);
    send("none", "NOWHERE", "{'n': 8}").expect(200);
    alice
        .http()
        .put(
            "/_matrix/client/v3/sendToDevice/m.test/strangers",
            "{'messages': {'@none:hearth.test': {'*': {}}, '@bob:elsewhere.test': {'*': {}}}}")
        .expect(200);

    assertThat(numbers(bob.sync(""))).containsExactly(7);
    assertThat(numbers(second.sync(""))).containsExactly(7);
  }

  @Test
  void anAnswerHasAHundredAndTheNextTheRest() {
    String before = KeyClient.next(bob.sync(""));
    for (int i = 0; i < 205; i++) {
      send(i);
    }
    List<Integer> all = new ArrayList<>();
    JsonNode first = bob.sync(before);
    assertThat(numbers(first)).hasSize(100);
    assertThat(numbers(bob.sync(before))).isEqualTo(numbers(first));
    all.addAll(numbers(first));
    JsonNode second = bob.sync(KeyClient.next(first));
    assertThat(numbers(second)).hasSize(100);
    all.addAll(numbers(second));
    JsonNode third = bob.sync(KeyClient.next(second));
    all.addAll(numbers(third));

    assertThat(all).hasSize(205).isSorted().doesNotHaveDuplicates();
    assertThat(numbers(bob.sync(KeyClient.next(third)))).isEmpty();
  }

  /// A hundred of the largest would be six megabytes.
  @Test
  void anAnswerHasABoundedNumberOfBytesAndTheNextTheRest() {
    String before = KeyClient.next(bob.sync(""));
    for (int i = 0; i < 40; i++) {
      send("large" + i, bob.device(), "{'n': %d, 'a': '%s'}".formatted(i, "x".repeat(60_000)))
          .expect(200);
    }
    List<Integer> all = new ArrayList<>();
    String since = before;
    for (int answers = 0; answers < 3; answers++) {
      JsonNode answer = bob.sync(since);
      assertThat(numbers(answer)).hasSizeBetween(1, 18);
      assertThat(numbers(bob.sync(since))).isEqualTo(numbers(answer));
      all.addAll(numbers(answer));
      since = KeyClient.next(answer);
    }

    assertThat(all).hasSize(40).isSorted().doesNotHaveDuplicates();
    assertThat(numbers(bob.sync(since))).isEmpty();
  }

  @Test
  void itWakesTheDeviceThatWaits() throws Exception {
    String before = KeyClient.next(bob.sync(""));
    try (ExecutorService waiters = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<JsonNode> waiting = waiters.submit(() -> bob.await(before));
      send(1);
      assertThat(numbers(waiting.get(30, TimeUnit.SECONDS))).containsExactly(1);
    }
  }

  @Test
  void aMessageThatWasNotAcknowledgedOutlivesARestart() throws Exception {
    String before = KeyClient.next(bob.sync(""));
    send(1);
    JsonNode told = bob.sync(before);
    restart();

    assertThat(numbers(bob.sync(before))).containsExactly(1);
    assertThat(numbers(bob.sync(KeyClient.next(told)))).isEmpty();
  }

  @Test
  void aDeviceThatIsRemovedTakesItsMessagesAlong() {
    KeyClient second = secondDevice();
    send("all", "SECOND", "{'n': 7}").expect(200);
    second.http().post("/_matrix/client/v3/logout", "{}").expect(200);

    assertThat(numbers(secondDevice().sync(""))).isEmpty();
  }

  @Test
  void whatIsTooLargeIsRefused() {
    send("large", bob.device(), "{'a': '%s'}".formatted("x".repeat(65_536)))
        .expect(413, "M_TOO_LARGE");
    send("huge", bob.device(), "{'a': '%s'}".formatted("x".repeat(10 << 20)))
        .expect(413, "M_TOO_LARGE");
    StringBuilder many = new StringBuilder("'@u0:hearth.test': {}");
    for (int i = 1; i <= 1_000; i++) {
      many.append(", '@u%d:hearth.test': {}".formatted(i));
    }
    alice
        .http()
        .put("/_matrix/client/v3/sendToDevice/m.test/many", "{'messages': {%s}}".formatted(many))
        .expect(413, "M_TOO_LARGE");
    send("text", bob.device(), "'text'").expect(400, "M_BAD_JSON");
    alice
        .http()
        .put("/_matrix/client/v3/sendToDevice/m.test/x", "{}")
        .expect(400, "M_MISSING_PARAM");
    alice
        .http()
        .put("/_matrix/client/v3/sendToDevice/m.test/x", "{'messages': {'bob': {}}}")
        .expect(400, "M_INVALID_PARAM");

    assertThat(numbers(bob.sync(""))).isEmpty();
  }

  @Test
  void aDamagedMessageCostsItselfAndGoesWithTheOthers() throws Exception {
    String before = KeyClient.next(bob.sync(""));
    send(1);
    send(2);
    send(3);
    damage(DAMAGE_MESSAGES);

    JsonNode answer = bob.sync(before);
    assertThat(numbers(answer)).containsExactly(2);
    JsonNode after = bob.sync(KeyClient.next(answer));
    assertThat(numbers(after)).isEmpty();
    send(4);
    assertThat(numbers(bob.sync(KeyClient.next(after)))).containsExactly(4);
    assertThat(numbers(bob.sync(""))).containsExactly(4);
  }

  @Test
  void damagedMessagesAloneAreDeletedToo() throws Exception {
    String before = KeyClient.next(bob.sync(""));
    send(1);
    damage(DAMAGE_MESSAGES);

    JsonNode answer = bob.sync(before);
    assertThat(numbers(answer)).isEmpty();
    var _ = bob.sync(KeyClient.next(answer));

    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      assertThat(store.reads().select("SELECT position FROM device_message", row -> row.getLong(1)))
          .isEmpty();
    }
  }
}
