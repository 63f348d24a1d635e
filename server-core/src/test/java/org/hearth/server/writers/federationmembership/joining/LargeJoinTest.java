package org.hearth.server.writers.federationmembership.joining;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.A;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.DAVE;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Rooms of many members, whose answer to a join is far longer than any other.
@Timeout(300)
class LargeJoinTest {
  /// Enough that their answer is longer than an ordinary one may be. More by hand:
  /// `-Dmembers=50000`.
  private static final int MEMBERS = Integer.getInteger("members", 4_000);

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private RoomsOfOthers others;

  @BeforeEach
  void start() throws Exception {
    others = new RoomsOfOthers(folder, stores.store());
  }

  @AfterEach
  void stop() throws Exception {
    others.close();
  }

  /// Members of five hundred servers, each of whom has come after the same events.
  private static List<byte[]> members(RoomFixture room) {
    List<byte[]> events = new ArrayList<>(MEMBERS);
    for (int i = 0; i < MEMBERS; i++) {
      UserId user = UserId.parse("@user%d:s%d.example".formatted(i, i % 500));
      events.add(room.join(user).build().canonicalBytes());
    }
    return events;
  }

  private static void write(OutputStream raw, RoomFixture room, List<byte[]> members)
      throws IOException {
    OutputStream out = new BufferedOutputStream(raw, 1 << 16);
    out.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"state\":[".getBytes(ISO_8859_1));
    String between = "";
    for (Pdu each : room.state().values()) {
      out.write(between.getBytes(UTF_8));
      out.write(each.canonicalBytes());
      between = ",";
    }
    for (byte[] each : members) {
      out.write(',');
      out.write(each);
    }
    out.write("],\"auth_chain\":[".getBytes(ISO_8859_1));
    between = "";
    for (Pdu each : room.events()) {
      out.write(between.getBytes(UTF_8));
      out.write(each.canonicalBytes());
      between = ",";
    }
    // Older servers send in the auth chain what is in the state, too.
    for (byte[] each : members) {
      out.write(',');
      out.write(each);
    }
    out.write("]}".getBytes(ISO_8859_1));
    out.flush();
    raw.close();
  }

  @Test
  void aUserJoinsARoomOfManyMembers() throws Exception {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    List<byte[]> members = members(room);
    others
        .resident(A, room)
        .first((asked, out) -> {
          if (asked.line().contains("send_join")) {
            write(out, room, members);
          }
        });

    Result result = others.join(room, A);

    assertThat(result).isEqualTo(new Result.Done());
    assertThat(others.queries().joinedUsers(room.roomId())).hasSize(MEMBERS + 4).contains(DAVE);
  }

  /// Each on a server of its own.
  private static List<UserId> membersOfTwentyServers(RoomFixture room) {
    List<UserId> members = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      UserId member = UserId.parse("@user:z%02d.example".formatted(i));
      var _ = room.join(member).add();
      members.add(member);
    }
    return members;
  }

  /// Thousands of servers that are gone keep nobody from a room: the keys that make it are looked
  /// for first, and those of the members as long as there are more.
  @Test
  void ofManyServersTheKeysAreLookedForInTurn() throws Exception {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    List<UserId> members = membersOfTwentyServers(room);
    others.resident(A, room);
    others.findKeysOf(2, Duration.ZERO);

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    assertThat(others.queries().joinedUsers(room.roomId()))
        .contains(ALICE, DAVE)
        .containsAll(members.subList(10, 20))
        .doesNotContain(BOB);
  }

  /// Other joins wait meanwhile.
  @Test
  void keysAreLookedForSomeTimeOnly() throws Exception {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    List<UserId> members = membersOfTwentyServers(room);
    others.resident(A, room);
    others.findKeysOf(2, JoinCheck.KEYS_TIME.dividedBy(3).plusSeconds(1));

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    assertThat(others.queries().joinedUsers(room.roomId()))
        .contains(ALICE, DAVE)
        .containsAll(members.subList(16, 20))
        .doesNotContainAnyElementsOf(members.subList(0, 16));
  }
}
