package org.hearth.server.readers.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The endpoints of pushers, and what becomes of a pusher.
@Tag("long")
class PushersTest {
  private static final String SET = "/_matrix/client/v3/pushers/set";
  private static final String URL = "https://push.example.org/_matrix/push/v1/notify";

  @RegisterExtension private final PushServer server = new PushServer();

  @Test
  void whatIsSetIsListedAndReplacedAndDeleted() {
    TestClient bob = server.http("bob", "PHONE");
    assertThat(PushServer.pushkeys(bob)).isEmpty();

    server.set(bob, "one", URL, ", 'format': 'event_id_only', 'org.test': [1]").expect(200);
    server.set(bob, "two", URL, "").expect(200);

    JsonNode first = bob.get("/_matrix/client/v3/pushers").expect(200).at("/pushers/0");
    assertThat(first)
        .isEqualTo(
            PushServer.json(
                """
                {'kind': 'http', 'app_id': 'org.test.app', 'pushkey': 'one',
                 'app_display_name': 'App', 'device_display_name': 'Phone', 'lang': 'en',
                 'data': {'url': '%s', 'format': 'event_id_only', 'org.test': [1]}}\
                """
                    .formatted(URL)));
    assertThat(PushServer.pushkeys(server.http("alice", "PHONE"))).isEmpty();

    String other = URL.replace("push.", "other.");
    server.set(bob, "one", other, "").expect(200);
    assertThat(PushServer.pushkeys(bob)).containsExactly("one", "two");
    assertThat(bob.get("/_matrix/client/v3/pushers").expect(200).at("/pushers/0/data/url").asText())
        .isEqualTo(other);

    bob.post(SET, "{'kind': null, 'app_id': 'org.test.app', 'pushkey': 'one'}").expect(200);
    bob.post(SET, "{'kind': null, 'app_id': 'org.test.app', 'pushkey': 'unknown'}").expect(200);
    assertThat(PushServer.pushkeys(bob)).containsExactly("two");
  }

  @Test
  void aTagIsKept() {
    TestClient bob = server.http("bob", "PHONE");
    bob.post(
            SET,
            """
            {'kind': 'http', 'app_id': 'a', 'pushkey': 'k', 'app_display_name': 'App',
             'device_display_name': 'Phone', 'lang': 'en', 'profile_tag': 'work',
             'data': {'url': '%s'}}\
            """
                .formatted(URL))
        .expect(200);

    assertThat(
            bob.get("/_matrix/client/v3/pushers").expect(200).at("/pushers/0/profile_tag").asText())
        .isEqualTo("work");
  }

  /// What is short as text may be long as JSON: a control character is written as six.
  @Test
  void whatIsTooLongAsItIsKeptIsRefused() {
    String name = "\\u0001".repeat(255);
    server
        .http("bob", "PHONE")
        .post(
            SET,
            """
            {'kind': 'http', 'app_id': 'a', 'pushkey': 'k', 'app_display_name': '%s',
             'device_display_name': '%s', 'lang': '%s', 'profile_tag': '%s',
             'data': {'url': '%s', 'more': '%s'}}\
            """
                .formatted(name, name, name, name, URL, "x".repeat(3_900)))
        .expect(413, "M_TOO_LARGE");
  }

  @Test
  void whoSetsAPusherTakesItFromOthersUnlessItIsAppended() {
    TestClient alice = server.http("alice", "PHONE");
    TestClient bob = server.http("bob", "PHONE");
    TestClient carol = server.http("carol", "PHONE");
    server.set(alice, "shared", URL, "").expect(200);
    server.set(alice, "own", URL, "").expect(200);

    bob.post(
            SET,
            """
            {'kind': 'http', 'app_id': 'org.test.app', 'pushkey': 'shared',
             'app_display_name': 'App', 'device_display_name': 'Phone', 'lang': 'en',
             'append': true, 'data': {'url': '%s'}}\
            """
                .formatted(URL))
        .expect(200);
    assertThat(PushServer.pushkeys(alice)).containsExactly("shared", "own");

    server.set(carol, "shared", URL, "").expect(200);
    assertThat(PushServer.pushkeys(alice)).containsExactly("own");
    assertThat(PushServer.pushkeys(bob)).isEmpty();
    assertThat(PushServer.pushkeys(carol)).containsExactly("shared");
  }

  @Test
  void aPusherGoesWithItsDeviceAndTheAccountAndWhatItHadToTellWithIt() throws Exception {
    TestClient phone = server.http("bob", "PHONE");
    TestClient tablet = server.http("bob", "TABLET");
    try (Gateway gateway = new Gateway()) {
      gateway.says(500, "{}");
      server.set(phone, "phone", gateway.url(), "").expect(200);
      server.set(tablet, "tablet", gateway.url(), "").expect(200);
      RoomId room = server.room();
      server.say(room, "hello", 1);
      gateway.next();
      gateway.next();

      server.commit(server.pushers().clearing(PushServer.user("bob"), new DeviceId("PHONE")));
      server.pushers().devicesChanged(PushServer.user("bob"));
      assertThat(PushServer.pushkeys(tablet)).containsExactly("tablet");
      assertThat(server.queued()).isEqualTo(1);

      server.commit(server.pushers().closing(PushServer.user("bob"), true));
      server.pushers().changed(PushServer.user("bob"));
      assertThat(PushServer.pushkeys(tablet)).isEmpty();
      assertThat(server.queued()).isZero();
    }
  }

  @Test
  void aDeviceThatIsBeingRemovedLeavesNoPusherBehind() {
    TestClient bob = server.http("bob", "PHONE");
    server.change("DELETE FROM device WHERE device_id = ?", "PHONE");

    // The token was good when the request came.
    server.set(bob, "one", URL, "").expect(200);

    assertThat(PushServer.pushkeys(bob)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"url = 'ht tp:'", "definition = CAST(X'7B7B' AS BLOB)", "user_id = 'bob'"})
  void aDamagedPusherCostsItselfUntilItIsSetAgain(String damage) throws Exception {
    TestClient bob = server.http("bob", "PHONE");
    try (Gateway gateway = new Gateway()) {
      server.set(bob, "one", gateway.url(), "").expect(200);
      server.set(bob, "two", gateway.url(), "").expect(200);
      server.change("UPDATE pusher SET " + damage + " WHERE pushkey = ?", "one");
      server.restart();
      bob = server.http("bob", "PHONE");
      RoomId room = server.room();

      server.say(room, "hello", 1);
      assertThat(gateway.next().at("/devices/0/pushkey").asText()).isEqualTo("two");
      assertThat(PushServer.pushkeys(bob)).containsExactly("two");

      server.set(bob, "one", gateway.url(), "").expect(200);
      assertThat(PushServer.pushkeys(bob)).containsExactly("two", "one");
      server.say(room, "again", 2);
      assertThat(List.of(gateway.next(), gateway.next()))
          .extracting(each -> each.at("/devices/0/pushkey").asText())
          .containsExactlyInAnyOrder("one", "two");
    }
  }

  @Test
  void aUserHasFiftyPushersAndNoMore() {
    TestClient bob = server.http("bob", "PHONE");
    for (int i = 0; i < Pushers.MOST; i++) {
      server.set(bob, "key" + i, URL, "").expect(200);
    }

    server.set(bob, "further", URL, "").expect(400, "M_INVALID_PARAM");
    server.set(bob, "key0", URL, "").expect(200);
    server.set(server.http("alice", "PHONE"), "further", URL, "").expect(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http://push.example.org/_matrix/push/v1/notify | begin with https",
        "https://push.example.org/other | /_matrix/push/v1/notify",
        "https://push.example.org/_matrix/push/v1/notify/ | /_matrix/push/v1/notify",
        "https://push.example.org/_matrix/push/v1/notify#x | /_matrix/push/v1/notify",
        "https://10.1.2.3/_matrix/push/v1/notify | private address 10.1.2.3",
        "https://[::1]/_matrix/push/v1/notify | private address [::1]",
        "https://[::ffff:10.0.0.1]/_matrix/push/v1/notify | private address",
        "https://2130706433/_matrix/push/v1/notify | no host",
        "https://user:secret@push.example.org/_matrix/push/v1/notify | no https address",
        "ftp://push.example.org/_matrix/push/v1/notify | no https address",
        "mailto:bob@example.org | /_matrix/push/v1/notify",
        "https:///_matrix/push/v1/notify | no https address",
        "not an address | no https address",
      })
  void aUrlThatIsNoGatewaysIsRefusedWithASentence(String url, String sentence) {
    TestClient bob = server.http("bob", "PHONE");

    assertThat(server.set(bob, "one", url, "").expect(400, "M_INVALID_PARAM").text("error"))
        .contains(sentence);
    assertThat(PushServer.pushkeys(bob)).isEmpty();
  }

  @Test
  void mailComesLater() {
    assertThat(
            server
                .http("bob", "PHONE")
                .post(SET, "{'kind': 'email', 'app_id': 'm.email', 'pushkey': 'bob@example.org'}")
                .expect(400, "M_INVALID_PARAM")
                .text("error"))
        .contains("email yet");
  }
}
