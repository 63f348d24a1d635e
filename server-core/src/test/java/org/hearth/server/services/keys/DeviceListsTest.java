package org.hearth.server.services.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;

/// Who is told, and when, that the devices of a user are others.
class DeviceListsTest extends TwoUsers {
  private static final String ROOMS = "/_matrix/client/v3/rooms/";

  private static List<String> changed(JsonNode answer) {
    return KeyClient.texts(answer.at("/device_lists/changed"));
  }

  private static List<String> left(JsonNode answer) {
    return KeyClient.texts(answer.at("/device_lists/left"));
  }

  private static JsonNode changes(KeyClient who, String from, String to) {
    return who.http().get(KeyClient.KEYS + "changes?from=" + from + "&to=" + to).expect(200).json();
  }

  @Test
  void newKeysAreToldToThoseWhoShareARoomAndToTheUser() {
    join(bob, room());
    KeyClient carol = KeyClient.register(server, "carol");
    String aliceBefore = KeyClient.next(alice.sync(""));
    String bobBefore = KeyClient.next(bob.sync(""));
    String carolBefore = KeyClient.next(carol.sync(""));

    bob.uploadDeviceKeys();

    JsonNode told = alice.sync(aliceBefore);
    assertThat(changed(told)).containsExactly(bob.user());
    assertThat(changed(alice.sync(KeyClient.next(told)))).isEmpty();
    assertThat(changed(bob.sync(bobBefore))).containsExactly(bob.user());
    assertThat(changed(carol.sync(carolBefore))).isEmpty();
    assertThat(KeyClient.texts(changes(alice, aliceBefore, aliceBefore).path("changed")))
        .containsExactly(bob.user());
    bob.uploadDeviceKeys();
    assertThat(changed(alice.sync(KeyClient.next(told)))).as("the same keys again").isEmpty();
  }

  @Test
  void newKeysWakeWhoWaits() throws Exception {
    join(bob, room());
    String before = KeyClient.next(alice.sync(""));
    try (ExecutorService waiters = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<JsonNode> waiting = waiters.submit(() -> alice.await(before));
      bob.uploadDeviceKeys();

      assertThat(changed(waiting.get(30, TimeUnit.SECONDS))).containsExactly(bob.user());
    }
  }

  @Test
  void whoComesIsToldAndOfWhomOneComesTo() {
    bob.uploadDeviceKeys();
    String room = room();
    String aliceBefore = KeyClient.next(alice.sync(""));
    String bobBefore = KeyClient.next(bob.sync(""));

    join(bob, room);

    assertThat(changed(alice.sync(aliceBefore))).containsExactly(bob.user());
    assertThat(changed(bob.sync(bobBefore))).containsExactly(alice.user());
    assertThat(KeyClient.texts(changes(alice, aliceBefore, aliceBefore).path("changed")))
        .containsExactly(bob.user());
  }

  @Test
  void whoLeavesTheLastSharedRoomIsToldAsLeftAndOnlyThen() {
    String one = room();
    String two = room();
    join(bob, one);
    join(bob, two);
    JsonNode before = alice.sync("");
    String bobBefore = KeyClient.next(bob.sync(""));

    leave(bob, one);
    JsonNode between = alice.sync(KeyClient.next(before));
    assertThat(left(between)).isEmpty();
    leave(bob, two);

    JsonNode after = alice.sync(KeyClient.next(between));
    assertThat(left(after)).containsExactly(bob.user());
    assertThat(changed(after)).isEmpty();
    assertThat(left(bob.sync(bobBefore))).containsExactly(alice.user());
    assertThat(KeyClient.texts(changes(alice, KeyClient.next(before), "s0").path("left")))
        .containsExactly(bob.user());
    bob.uploadDeviceKeys();
    assertThat(changed(alice.sync(KeyClient.next(after)))).as("no longer shared").isEmpty();
    join(bob, one);
    assertThat(changed(alice.sync(KeyClient.next(after)))).containsExactly(bob.user());
  }

  @Test
  void whoIsInvitedOrWithdrawsIsNeither() {
    String room = room();
    String before = KeyClient.next(alice.sync(""));
    invite(room, bob);

    JsonNode invited = alice.sync(before);
    leave(bob, room);
    JsonNode withdrawn = alice.sync(KeyClient.next(invited));

    assertThat(changed(invited)).isEmpty();
    assertThat(left(invited)).isEmpty();
    assertThat(changed(withdrawn)).isEmpty();
    assertThat(left(withdrawn)).isEmpty();
    assertThat(KeyClient.texts(changes(alice, before, "s0").path("left"))).isEmpty();
  }

  /// Alice invites a user.
  private void invite(String room, KeyClient user) {
    alice
        .http()
        .post(
            ROOMS + TestClient.encoded(room) + "/invite",
            "{'user_id': '%s'}".formatted(user.user()))
        .expect(200);
  }

  @Test
  void whoLeftAndIsInvitedAgainOrKnocksIsToldAsLeft() {
    KeyClient carol = KeyClient.register(server, "carol");
    String room = room();
    join(bob, room);
    join(carol, room);
    String before = KeyClient.next(alice.sync(""));
    leave(bob, room);
    leave(carol, room);
    invite(room, bob);
    alice
        .http()
        .put(
            ROOMS + TestClient.encoded(room) + "/state/m.room.join_rules", "{'join_rule': 'knock'}")
        .expect(200);
    carol.http().post("/_matrix/client/v3/knock/" + TestClient.encoded(room), "{}").expect(200);

    JsonNode answer = alice.sync(before);

    assertThat(left(answer)).containsExactlyInAnyOrder(bob.user(), carol.user());
    assertThat(changed(answer)).isEmpty();
    assertThat(left(alice.sync(KeyClient.next(answer)))).isEmpty();
  }

  @Test
  void whoComesBackIsToldOfThoseWhoWentMeanwhile() {
    KeyClient carol = KeyClient.register(server, "carol");
    String room = room();
    join(bob, room);
    join(carol, room);
    String before = KeyClient.next(bob.sync(""));
    leave(bob, room);
    leave(carol, room);
    join(bob, room);

    JsonNode answer = bob.sync(before);

    assertThat(left(answer)).containsExactly(carol.user());
    assertThat(changed(answer)).containsExactly(alice.user());
  }

  @Test
  void whoCameAndWentBetweenTwoSyncsIsNeither() {
    String room = room();
    String before = KeyClient.next(alice.sync(""));
    join(bob, room);
    leave(bob, room);

    JsonNode answer = alice.sync(before);

    assertThat(changed(answer)).isEmpty();
    assertThat(left(answer)).isEmpty();
  }

  @Test
  void aDeviceThatComesGoesOrIsRenamedIsAChange() {
    join(bob, room());
    String first = KeyClient.next(alice.sync(""));
    KeyClient phone = KeyClient.logIn(server, "bob", "PHONE");
    assertThat(changed(alice.sync(first))).containsExactly(bob.user());
    phone.uploadDeviceKeys();
    String before = KeyClient.next(alice.sync(""));

    phone.http().put("/_matrix/client/v3/devices/PHONE", "{'display_name': 'Another'}").expect(200);
    JsonNode renamed = alice.sync(before);
    assertThat(changed(renamed)).containsExactly(bob.user());
    assertThat(
            alice
                .query(bob.user())
                .at("/device_keys/@bob:hearth.test/PHONE/unsigned/device_display_name")
                .textValue())
        .isEqualTo("Another");
    phone.http().post("/_matrix/client/v3/logout", "{}").expect(200);

    assertThat(changed(alice.sync(KeyClient.next(renamed)))).containsExactly(bob.user());
  }

  @Test
  void changesOutliveARestartAndAFirstSyncHasNone() throws Exception {
    join(bob, room());
    JsonNode first = alice.sync("");
    assertThat(first.has("device_lists")).isFalse();
    bob.uploadDeviceKeys();
    restart();

    assertThat(changed(alice.sync(KeyClient.next(first)))).containsExactly(bob.user());
    alice.http().get(KeyClient.KEYS + "changes?from=x&to=s0").expect(400, "M_INVALID_PARAM");
    alice.http().get(KeyClient.KEYS + "changes?from=s0").expect(400, "M_MISSING_PARAM");
  }

  @Test
  void aDamagedRowCostsItsUserOnly() throws Exception {
    String room = room();
    KeyClient carol = KeyClient.register(server, "carol");
    join(bob, room);
    join(carol, room);
    String before = KeyClient.next(alice.sync(""));
    bob.uploadDeviceKeys();
    damage("UPDATE device_list SET user_id = 'nobody' WHERE user_id = '%s'".formatted(bob.user()));
    carol = carol.at(server);

    carol.uploadDeviceKeys();

    JsonNode told = alice.sync(before);
    assertThat(changed(told)).containsExactly(carol.user());
    assertThat(changed(alice.sync(KeyClient.next(told)))).isEmpty();
    assertThat(KeyClient.texts(changes(alice, before, before).path("changed")))
        .containsExactly(carol.user());
  }
}
