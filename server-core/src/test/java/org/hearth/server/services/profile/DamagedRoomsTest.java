package org.hearth.server.services.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.services.account.ServicesExtension;
import org.hearth.server.store.Eventually;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What is to be done in all rooms of a user is done in those that are whole, though the Room
/// Server can do nothing in the others.
class DamagedRoomsTest {
  private static final byte[] GARBAGE = "no JSON".getBytes(StandardCharsets.UTF_8);

  @RegisterExtension private final ServicesExtension services = ServicesExtension.withRooms();

  private final List<RoomId> whole = new ArrayList<>();

  @BeforeEach
  void damageEverySecondRoom() throws InterruptedException {
    services.register("alice");
    List<RoomId> damaged = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      damaged.add(joined());
      whole.add(joined());
    }
    damaged.forEach(this::damage);
    services.restart();
  }

  private RoomId joined() {
    RoomId room = services.roomWriter().create(user("bob"), "{}");
    services.roomWriter().join(room, user("alice"));
    return room;
  }

  private void damage(RoomId room) {
    RowChange change =
        RowChange.of(
            new Table("room_event", "a test's", "the test"),
            "UPDATE room_event SET json = ? WHERE room_nid = (SELECT room_nid FROM room WHERE room_id = ?)",
            (statement, _) -> {
              statement.setBytes(1, GARBAGE);
              statement.setString(2, room.value());
            });
    var _ = services.store().committer().commit("test", List.of(change), List.of());
  }

  private Set<String> inWholeRooms(String field) {
    return whole.stream()
        .map(room ->
            services
                .roomQueries()
                .currentState(room)
                .orElseThrow()
                .event(StateKey.member(user("alice").value()))
                .orElseThrow()
                .pdu()
                .content()
                .path(field)
                .asText())
        .collect(Collectors.toSet());
  }

  @Test
  void whoClosesTheAccountLeavesTheOthers() {
    services.accounts().deactivate(user("alice"), false);

    Eventually.until(
        "the whole rooms are left", () -> inWholeRooms("membership").equals(Set.of("leave")));
  }

  @Test
  void aNewProfileIsWrittenIntoTheOthersAndIsNotForgotten() {
    TestClient alice =
        services
            .client()
            .as(
                services
                    .client()
                    .post(
                        "/_matrix/client/v3/login",
                        "{'type': 'm.login.password', 'user': 'alice', 'password': '%s'}"
                            .formatted(ServicesExtension.PASSWORD))
                    .expect(200)
                    .text("access_token"));

    name(alice, "Alice");
    // The damaged rooms are parked now: their commands are not even taken.
    name(alice, "Queen Alice");

    assertThat(inWholeRooms("displayname")).containsExactly("Queen Alice");
    assertThat(services.profiles().spreading()).containsExactly(user("alice"));
  }

  private static void name(TestClient alice, String name) {
    alice
        .put(
            "/_matrix/client/v3/profile/@alice:hearth.test/displayname",
            "{'displayname': '%s'}".formatted(name))
        .expect(200);
  }
}
