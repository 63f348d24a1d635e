package org.hearth.server.services.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.services.account.ServicesExtension;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MemberEventsTest {
  @RegisterExtension private final ServicesExtension services = ServicesExtension.withRooms();

  private ObjectNode member(RoomId room, String name) {
    return services
        .roomQueries()
        .currentState(room)
        .orElseThrow()
        .event(StateKey.member(user(name).value()))
        .orElseThrow()
        .pdu()
        .content();
  }

  @Test
  void newProfileIsInTheMemberEventsOfAllRooms() {
    TestClient alice = services.register("alice");
    RoomId one = services.roomWriter().create(user("alice"), "{}");
    RoomId two = services.roomWriter().create(user("bob"), "{}");
    services.roomWriter().join(two, user("alice"));

    alice
        .put(
            "/_matrix/client/v3/profile/@alice:hearth.test/displayname", "{'displayname': 'Alice'}")
        .expect(200);

    assertThat(member(one, "alice").path("displayname").asText()).isEqualTo("Alice");
    assertThat(member(two, "alice").path("displayname").asText()).isEqualTo("Alice");
    assertThat(member(two, "bob").has("displayname")).isFalse();
    assertThat(services.profiles().spreading()).isEmpty();
  }

  @Test
  void whoClosesTheAccountLeavesAllRooms() throws InterruptedException {
    services.register("alice");
    RoomId one = services.roomWriter().create(user("alice"), "{}");
    RoomId two = services.roomWriter().create(user("bob"), "{}");
    services.roomWriter().join(two, user("alice"));

    services.accounts().deactivate(user("alice"), false);
    services.restart();
    // Who has not left before the end leaves after the start.
    Eventually.until(
        "left",
        () ->
            !services.roomQueries().isJoined(one, user("alice"))
                && !services.roomQueries().isJoined(two, user("alice")));

    assertThat(member(one, "alice").path("membership").asText()).isEqualTo("leave");
    assertThat(member(two, "alice").path("membership").asText()).isEqualTo("leave");
    assertThat(services.roomQueries().isJoined(two, user("alice"))).isFalse();
  }
}
