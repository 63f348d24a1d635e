package org.hearth.server.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.hearth.server.http.TestClient;
import org.hearth.server.outbound.SignedPeer.Said;
import org.hearth.server.outbound.WithSignedPeer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Row 69 of the list of known attacks: a server that says to this one, of whatever a user wants of
/// it, that the token is unknown. A client that is told so logs out and throws its keys away.
class RelayedRefusalsTest extends WithSignedPeer {
  private static final String V3 = "/_matrix/client/v3";

  /// What is for a client of the own server and for nobody else.
  private static final Set<String> OWN =
      Set.of(
          "M_UNKNOWN_TOKEN",
          "M_MISSING_TOKEN",
          "M_UNAUTHORIZED",
          "M_USER_LOCKED",
          "M_USER_SUSPENDED",
          "M_USER_DEACTIVATED",
          "M_SOFT_LOGOUT");

  /// A call of which the other server is asked something.
  private record Call(String what, Function<TestClient, TestClient.Answer> made) {}

  private static Call get(String target) {
    return new Call("GET " + target, client -> client.get(target));
  }

  private static Call post(String target, String body) {
    return new Call("POST " + target, client -> client.post(target, body));
  }

  private List<Call> calls() {
    String own =
        alice.post(V3 + "/createRoom", "{'preset':'public_chat'}").expect(200).text("room_id");
    String room = encoded("!room:" + peer.name());
    String via = "?via=" + encoded(peer.name().value());
    List<Call> calls = new ArrayList<>();
    calls.add(post(V3 + "/join/" + room + via, "{}"));
    calls.add(post(V3 + "/rooms/" + encoded("!other:" + peer.name()) + "/join", "{}"));
    calls.add(post(V3 + "/join/" + encoded("#alias:" + peer.name()), "{}"));
    calls.add(post(V3 + "/knock/" + encoded("!third:" + peer.name()) + via, "{}"));
    calls.add(get(V3 + "/profile/" + encoded(peer.user("bob"))));
    calls.add(get(V3 + "/profile/" + encoded(peer.user("ben")) + "/displayname"));
    calls.add(get(V3 + "/directory/room/" + encoded("#another:" + peer.name())));
    calls.add(get(V3 + "/publicRooms?server=" + encoded(peer.name().value())));
    calls.add(
        post(
            V3 + "/publicRooms?server=" + encoded(peer.name().value()),
            "{'filter':{'generic_search_term':'x'}}"));
    calls.add(get("/_matrix/client/v1/room_summary/" + encoded("!a:" + peer.name()) + via));
    calls.add(post(V3 + "/keys/query", "{'device_keys':{'%s':[]}}".formatted(peer.user("q"))));
    calls.add(
        post(
            V3 + "/keys/claim",
            "{'one_time_keys':{'%s':{'D':'signed_curve25519'}}}".formatted(peer.user("c"))));
    calls.add(
        post(
            V3 + "/rooms/" + encoded(own) + "/invite",
            "{'user_id':'%s'}".formatted(peer.user("i"))));
    calls.add(post(V3 + "/createRoom", "{'invite':['%s']}".formatted(peer.user("j"))));
    calls.add(
        new Call(
            "an alias of the room",
            client ->
                client.put(
                    V3 + "/rooms/" + encoded(own) + "/state/m.room.canonical_alias",
                    "{'alt_aliases':['#main:%s']}".formatted(peer.name()))));
    return calls;
  }

  @ParameterizedTest
  @CsvSource({
    "401, M_UNKNOWN_TOKEN",
    "401, M_MISSING_TOKEN",
    "403, M_UNKNOWN_TOKEN",
    "401, M_USER_LOCKED",
    "400, M_USER_DEACTIVATED",
    "404, M_UNKNOWN_TOKEN",
    "429, M_UNKNOWN_TOKEN",
    "500, M_UNKNOWN_TOKEN"
  })
  void whatAnotherServerSaysOfTokensReachesNoClient(int status, String errcode) {
    peer.on(
        "/",
        _ ->
            new Said(
                status,
                "{\"errcode\":\"%s\",\"error\":\"words\",\"soft_logout\":true}"
                    .formatted(errcode)));

    for (Call each : calls()) {
      int before = peer.asked("/").size();

      TestClient.Answer answer = each.made().apply(alice);

      String what = each.what() + ": " + answer.status() + " " + answer.json();
      assertThat(peer.asked("/").size()).as(what).isGreaterThan(before);
      assertThat(answer.status()).as(what).isNotEqualTo(401);
      assertThat(OWN).as(what).doesNotContain(answer.errcode());
      assertThat(answer.json().toString()).as(what).doesNotContain("soft_logout", "TOKEN");
    }
    alice.get(V3 + "/account/whoami").expect(200);
  }
}
