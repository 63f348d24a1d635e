package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Test;

/// Messages to devices and changes of devices, from the call that makes them to the sliding sync of
/// the device, on a whole server.
class SlidingDevicesTest extends TwoUsers {
  private static final String SYNC = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";

  private void send(int number) {
    alice
        .http()
        .put(
            "/_matrix/client/v3/sendToDevice/m.test/txn" + number,
            "{'messages': {'@bob:hearth.test': {'%s': {'n': %d}}}}".formatted(bob.device(), number))
        .expect(200);
  }

  private JsonNode messages(String pos, String config) {
    return sync(bob.http(), pos, "'to_device':{'enabled':true%s}".formatted(config));
  }

  private static JsonNode sync(TestClient http, String pos, String extensions) {
    String target = SYNC + "?timeout=60000" + (pos.isEmpty() ? "" : "&pos=" + pos);
    return http.post(target, "{'conn_id':'encryption','extensions':{%s}}".formatted(extensions))
        .expect(200)
        .json();
  }

  private static String pos(JsonNode answer) {
    return answer.path("pos").asText();
  }

  private static String since(JsonNode answer) {
    return ",'since':'%s'".formatted(answer.at("/extensions/to_device/next_batch").asText());
  }

  private static List<Integer> numbers(JsonNode answer) {
    List<Integer> all = new ArrayList<>();
    answer
        .at("/extensions/to_device/events")
        .forEach(each -> all.add(each.at("/content/n").intValue()));
    return all;
  }

  @Test
  void aMessageIsToldUntilTheNextTokenSaysThatItCame() {
    send(1);
    send(2);

    JsonNode first = messages("", "");
    assertThat(numbers(first)).containsExactly(1, 2);
    assertThat(first.at("/extensions/to_device/events/0/sender").asText())
        .isEqualTo("@alice:hearth.test");
    send(3);
    JsonNode second = messages(pos(first), since(first));
    assertThat(numbers(second)).containsExactly(3);
    assertThat(numbers(messages(pos(first), since(first)))).as("asked again").containsExactly(3);
    send(4);

    // A new connection with the same token goes on from there.
    assertThat(numbers(messages("", since(second)))).containsExactly(4);
    assertThat(numbers(messages("", ""))).as("what came is deleted").containsExactly(4);
  }

  @Test
  void anAnswerHasAsManyAsAreAskedForAndTheNextTheRest() {
    for (int i = 0; i < 5; i++) {
      send(i);
    }

    JsonNode first = messages("", ",'limit':2");
    assertThat(numbers(first)).containsExactly(0, 1);
    JsonNode second = messages(pos(first), since(first) + ",'limit':2");
    assertThat(numbers(second)).containsExactly(2, 3);
    assertThat(numbers(messages(pos(second), since(second)))).containsExactly(4);
  }

  @Test
  void otherDevicesAndKeysThatAreLeftAreTold() {
    bob.uploadDeviceKeys();
    alice.uploadDeviceKeys();
    alice.uploadOneTimeKeys("signed_curve25519:A", "signed_curve25519:B").expect(200);
    join(bob, room());
    String e2ee = "'e2ee':{'enabled':true}";

    JsonNode first = sync(alice.http(), "", e2ee);
    JsonNode told = first.at("/extensions/e2ee");
    assertThat(told.at("/device_one_time_keys_count/signed_curve25519").asInt()).isEqualTo(2);
    assertThat(told.path("device_unused_fallback_key_types").isArray()).isTrue();
    assertThat(told.has("device_lists")).isFalse();

    KeyClient tablet = KeyClient.logIn(server, "bob", "TABLET");
    tablet.uploadDeviceKeys();
    JsonNode next = sync(alice.http(), pos(first), e2ee);
    assertThat(next.at("/extensions/e2ee/device_lists/changed/0").asText())
        .isEqualTo("@bob:hearth.test");
    assertThat(next.at("/extensions/e2ee/device_lists/left")).isEmpty();
    JsonNode again = sync(alice.http(), pos(first), e2ee);
    assertThat(again.at("/extensions/e2ee/device_lists"))
        .isEqualTo(next.at("/extensions/e2ee/device_lists"));
  }

  @Test
  void itIsAnnounced() {
    JsonNode versions = alice.http().get("/_matrix/client/versions").expect(200).json();

    assertThat(versions.at("/unstable_features/org.matrix.simplified_msc3575").asBoolean())
        .isTrue();
  }

  @Test
  void aDamagedMessageCostsItselfAndGoesWithTheOthers() throws Exception {
    send(1);
    send(2);
    send(3);
    damage(DAMAGE_MESSAGES);

    JsonNode first = messages("", "");
    assertThat(numbers(first)).containsExactly(2);
    send(4);
    assertThat(numbers(messages(pos(first), since(first)))).containsExactly(4);
    // What is acknowledged goes a moment later.
    Eventually.until("the second is gone", () -> numbers(messages("", "")).equals(List.of(4)));
  }
}
