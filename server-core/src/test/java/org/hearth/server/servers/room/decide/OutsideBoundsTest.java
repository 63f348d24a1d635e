package org.hearth.server.servers.room.decide;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.read.RoomOutputStore;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.servers.room.state.OutsideRows;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// How much others can make this server keep of rooms in which it is not.
final class OutsideBoundsTest {
  private static final UserId DAVE = UserId.parse("@dave:hearth.test");
  private static final Table OUTSIDE = new Table("room_outside", "a test's", "the test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;
  private RoomFixture room;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.of(RoomVersions.V11);
  }

  @AfterEach
  void stop() {
    rooms.close();
  }

  private Pdu member(RoomId id, UserId user, String membership) {
    Consumer<ObjectNode> there = json -> json.put("room_id", id.value());
    return room.member(ALICE, user, membership).bend(there).build();
  }

  private RoomReply tell(RoomId id, UserId user, String membership, List<ObjectNode> state) {
    return rooms.submit(
        new RoomInput.OutsideMembership(
            id, "11", member(id, user, membership), state, ALICE.server()));
  }

  private static RoomId id(int number) {
    return RoomId.parse("!room%05d:a.example".formatted(number));
  }

  /// Rows as if they had been told, without a commit each.
  private void fill(int count, String user, int bytes) {
    fill(count, user, bytes, "s%d.example");
  }

  private void fill(int count, String user, int bytes, String via) {
    Pdu event = member(id(0), DAVE, "invite");
    List<RowChange> rows =
        IntStream.range(0, count)
            .mapToObj(i ->
                RowChange.of(
                    OUTSIDE,
                    "INSERT INTO room_outside (user_id, room_id, position, membership, version,"
                        + " via, event_id, event, stripped, size_bytes)"
                        + " VALUES (?, ?, 1, 2, '11', ?, ?, ?, ?, ?)",
                    (statement, _) -> {
                      statement.setString(1, user.formatted(i / OutsideCommands.MOST_OF_USER));
                      statement.setString(2, id(i).value());
                      statement.setString(3, via.formatted(i));
                      statement.setString(4, event.eventId().value());
                      statement.setBytes(5, event.canonicalBytes());
                      statement.setBytes(6, "{\"events\":[]}".getBytes(UTF_8));
                      statement.setInt(7, bytes);
                    }))
            .toList();
    var _ = stores.store().committer().commit("test", rows, List.of());
  }

  private int count() {
    return stores
        .store()
        .reads()
        .select("SELECT COUNT(*) FROM room_outside", row -> row.getInt(1))
        .getFirst();
  }

  private void assertTooMany(RoomReply reply) {
    assertThat(reply)
        .isInstanceOfSatisfying(
            RoomReply.Refused.class,
            each -> assertThat(each.refusal()).isEqualTo(Refusal.TOO_MANY));
  }

  @Test
  void aUserIsInvitedToSoManyRoomsAndNoMore() {
    fill(OutsideCommands.MOST_OF_USER - 1, DAVE.value(), 1);

    assertThat(tell(id(70_000), DAVE, "invite", List.of())).isInstanceOf(RoomReply.Done.class);
    assertTooMany(tell(id(70_001), DAVE, "invite", List.of()));
    // What is there is told anew and ended, and then there is room again.
    assertThat(tell(id(70_000), DAVE, "invite", List.of())).isInstanceOf(RoomReply.Done.class);
    assertThat(tell(id(70_000), DAVE, "leave", List.of())).isInstanceOf(RoomReply.Done.class);
    assertThat(tell(id(70_001), DAVE, "invite", List.of())).isInstanceOf(RoomReply.Done.class);
    UserId erin = UserId.parse("@erin:hearth.test");
    assertThat(tell(id(70_001), erin, "invite", List.of())).isInstanceOf(RoomReply.Done.class);
  }

  /// Whoever owns a domain has as many servers as they like.
  @Test
  void serversOfOneSiteLeaveRoomForTheInvitationsOfOthers() {
    fill(OutsideCommands.MOST_OF_SITE, DAVE.value(), 1, "s%d.a.example");

    assertTooMany(tell(id(70_000), DAVE, "invite", List.of()));
    assertThat(
            rooms.submit(
                new RoomInput.OutsideMembership(
                    id(70_000),
                    "11",
                    member(id(70_000), DAVE, "invite"),
                    List.of(),
                    ServerName.parse("b.example"))))
        .isInstanceOf(RoomReply.Done.class);
  }

  @Test
  void whatIsKeptOfAUserHasSoManyBytes() {
    fill(2, DAVE.value(), (int) (OutsideCommands.MOST_BYTES_OF_USER / 2) - 100);

    assertTooMany(tell(id(70_000), DAVE, "invite", List.of()));
  }

  @Test
  void whatIsKeptOfAllHasItsBoundsToo() {
    fill(100, "@user%d:hearth.test", (int) (OutsideCommands.MOST_BYTES / 100));

    assertTooMany(tell(id(70_000), DAVE, "invite", List.of()));
  }

  @Test
  void ofWhatIsOverTheNewestAreKept() {
    for (int i = 0; i < OutsideRows.MOST_OVER + 5; i++) {
      assertThat(tell(id(i), DAVE, "invite", List.of())).isInstanceOf(RoomReply.Done.class);
      assertThat(tell(id(i), DAVE, "leave", List.of())).isInstanceOf(RoomReply.Done.class);
    }

    assertThat(count()).isEqualTo(OutsideRows.MOST_OVER);
    assertThat(rooms.queries().membership(id(0), DAVE)).isEmpty();
    assertThat(rooms.queries().membership(id(OutsideRows.MOST_OVER + 4), DAVE)).isPresent();
    assertThat(rooms.queries().roomsOf(DAVE, Set.of(Membership.LEAVE)))
        .hasSize(OutsideRows.MOST_OVER);
  }

  /// Whatever a server gives as the state of a room, the row has its size.
  @Test
  void ofALargeStateThereIsWhatHasRoom() {
    ObjectNode event = RoomFixture.json("{\"type\":\"m.x\",\"state_key\":\"\"}");
    event.putObject("content").put("x", "y".repeat(20_000));

    assertThat(tell(id(1), DAVE, "invite", Collections.nCopies(50, event)))
        .isInstanceOf(RoomReply.Done.class);

    assertThat(rooms.queries().strippedState(id(1), DAVE)).hasSize(4);
  }

  @Test
  void theStoreTellsWhatTheLogHasTold() {
    assertThat(tell(id(1), DAVE, "invite", List.of())).isInstanceOf(RoomReply.Done.class);
    assertThat(tell(id(2), DAVE, "invite", List.of())).isInstanceOf(RoomReply.Done.class);
    List<Positioned<RoomOutput>> told = rooms.told();

    List<Positioned<RoomOutput>> again =
        new RoomOutputStore(
                stores.store().reads(), new StoredEvents(stores.store().reads(), 1 << 20))
            .read(LogPosition.ORIGIN, told.getLast().position(), 100);
    assertThat(again).isEqualTo(told);
    assertThat(again)
        .allSatisfy(each -> assertThat(each.entry()).isInstanceOf(RoomOutput.OutsideMember.class));
  }
}
