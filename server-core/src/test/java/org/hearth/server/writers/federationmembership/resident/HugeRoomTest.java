package org.hearth.server.writers.federationmembership.resident;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A room of 50,000 members is joined through this server.
@Tag("long")
final class HugeRoomTest extends WithPeer {
  private static final int MEMBERS = 50_000;
  private static final int AT_ONCE = 1_000;

  @Test
  void allOfItIsTold() {
    RoomId room = publicRoom("11");
    for (int i = 0; i < MEMBERS; i += AT_ONCE) {
      server.joinMany(room, i, AT_ONCE);
    }
    Pdu join = made("join", room);
    JsonNode told = join(room, join).expect(200).json();

    assertThat(told.path("state")).hasSizeGreaterThan(MEMBERS);
    assertThat(told.path("auth_chain")).hasSizeLessThan(20);

    JsonNode omitted =
        peer.put(send(V2, "join", room, join) + "?omit_members=true", join.json())
            .expect(200)
            .json();
    assertThat(omitted.path("state")).hasSizeLessThan(20);
    assertThat(omitted.path("servers_in_room")).hasSize(101 + 1);
  }
}
