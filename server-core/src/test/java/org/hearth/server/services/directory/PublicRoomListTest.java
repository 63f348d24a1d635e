package org.hearth.server.services.directory;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.servers.room.server.CountedQueries;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// How often the published rooms are read, and what their pages say meanwhile.
final class PublicRoomListTest {
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private final AtomicLong nanos = new AtomicLong();
  private RunningRooms rooms;
  private CountedQueries counted;
  private int published;
  private PublicRoomList list;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    counted = new CountedQueries(rooms.queries());
    list =
        new PublicRoomList(
            new Directory(
                stores.store().reads(),
                RunningRooms.SERVER,
                rooms.peerQueries(),
                new RemoteAliases(
                    request -> new FederationReply.NotAllowed(request.destination()))),
            counted.queries(),
            nanos::get);
    publish();
    publish();
    publish();
  }

  @AfterEach
  void stop() {
    rooms.close();
  }

  private void publish() {
    RoomId room = RoomId.parse("!room" + published++ + ":hearth.test");
    ObjectNode create = JsonNodeFactory.instance.objectNode().put("room_version", "11");
    ObjectNode join = JsonNodeFactory.instance.objectNode().put("membership", "join");
    RoomReply made =
        rooms.submit(
            new RoomInput.CreateRoom(
                room,
                "11",
                1_000,
                EventDraft.create(room, ALICE, create),
                List.of(EventDraft.state(room, ALICE, StateKey.member(ALICE.value()), join))));
    assertThat(made).isInstanceOf(RoomReply.Done.class);
    var _ =
        stores
            .store()
            .committer()
            .commit("test", List.of(Directory.publish(room, Instant.EPOCH)), List.of());
  }

  private ObjectNode page(int limit, Optional<String> since) {
    return list.page(
        new PublicRoomList.Wish(
            Optional.of((long) limit), since, Optional.empty(), Optional.empty()));
  }

  private static int count(ObjectNode page) {
    return page.path("total_room_count_estimate").asInt();
  }

  @Test
  void roomsAreReadOnceForAllWhoAskWithinASecond() {
    ObjectNode first = page(2, Optional.empty());
    ObjectNode second = page(2, Optional.of(first.path("next_batch").asText()));
    for (int i = 0; i < 10; i++) {
      assertThat(count(page(500, Optional.empty()))).isEqualTo(3);
    }

    assertThat(first.path("chunk")).hasSize(2);
    assertThat(second.path("chunk")).hasSize(1);
    assertThat(counted.of("currentState")).isEqualTo(3);

    nanos.addAndGet(PublicRoomList.LIFE.toNanos());
    assertThat(count(page(500, Optional.empty()))).isEqualTo(3);
    assertThat(counted.of("currentState")).isEqualTo(6);
  }

  @Test
  void whatIsPublishedIsSeenAtOnce() {
    ObjectNode first = page(2, Optional.empty());
    publish();
    list.changed();

    assertThat(count(page(500, Optional.empty()))).isEqualTo(4);
    assertThat(page(500, Optional.of(first.path("next_batch").asText())).path("chunk"))
        .doesNotContain(first.path("chunk").get(0), first.path("chunk").get(1));
  }
}
