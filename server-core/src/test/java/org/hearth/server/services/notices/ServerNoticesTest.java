package org.hearth.server.services.notices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.NoticesSent;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Test;

/// What the owner says to users, as their clients see it.
@WholeServer.Started
class ServerNoticesTest {
  private static final String V3 = "/_matrix/client/v3";
  private static final String BOB = "@bob:hearth.test";
  private static final String SENDER = "@server-notices:hearth.test";

  private final WholeServer server;
  private TestClient bob;

  ServerNoticesTest(WholeServer server) {
    this.server = server;
    bob = server.register("bob");
  }

  private Admin admin() {
    return server.homeserver().admin().orElseThrow();
  }

  private JsonNode sync() {
    return bob.get(V3 + "/sync").expect(200).json();
  }

  private static String only(JsonNode rooms) {
    assertThat(rooms).hasSize(1);
    return rooms.fieldNames().next();
  }

  private String invitedTo() {
    return only(sync().at("/rooms/invite"));
  }

  private void join(String room) {
    bob.post(V3 + "/join/" + encoded(room), "{}").expect(200);
  }

  private static List<String> bodies(JsonNode room) {
    return room.at("/timeline/events").findValuesAsText("body");
  }

  private JsonNode joined(String room) {
    return sync().path("rooms").path("join").path(room);
  }

  @Test
  void aNoticeComesInARoomThatIsTaggedAndInWhichOnlyTheServerSpeaks() {
    admin().sendNotice(BOB, "  The server moves tonight.\n");

    JsonNode invite = sync().at("/rooms/invite");
    String room = only(invite);
    List<String> names = invite.path(room).at("/invite_state/events").findValuesAsText("name");
    assertThat(names).containsExactly("Server notices");
    join(room);
    JsonNode seen = joined(room);
    assertThat(bodies(seen)).containsExactly("The server moves tonight.");
    JsonNode tags = seen.at("/account_data/events/0");
    assertThat(tags.path("type").asText()).isEqualTo("m.tag");
    assertThat(tags.at("/content/tags").has("m.server_notice")).isTrue();
    bob.put(
            V3 + "/rooms/" + encoded(room) + "/send/m.room.message/1",
            "{'msgtype':'m.text','body':'x'}")
        .expect(403, "M_FORBIDDEN");
    bob.post(V3 + "/rooms/" + encoded(room) + "/invite", "{'user_id':'@carol:hearth.test'}")
        .expect(404);
    JsonNode create =
        bob.get(V3 + "/rooms/" + encoded(room) + "/state/m.room.create").expect(200).json();
    assertThat(create.path("m.federate").asBoolean(true)).isFalse();
  }

  @Test
  void allNoticesOfAUserComeInOneRoomAlsoAfterARestart() throws StartFailedException {
    admin().sendNotice(BOB, "one");
    String room = invitedTo();
    admin().sendNotice(BOB, "two");
    join(room);
    admin().sendNotice(BOB, "three");
    server.stop();
    server.start();
    bob = logIn();
    admin().sendNotice(BOB, "four");

    assertThat(sync().at("/rooms/invite")).isEmpty();
    assertThat(bodies(joined(room))).containsExactly("one", "two", "three", "four");
  }

  private TestClient logIn() {
    return server
        .client()
        .as(
            server
                .client()
                .post(
                    V3 + "/login",
                    "{'type':'m.login.password','user':'bob','password':'%s'}"
                        .formatted(WholeServer.PASSWORD))
                .text("access_token"));
  }

  @Test
  void theInvitationCannotBeRejectedButWhoHasJoinedMayLeaveAndIsAskedInAgain() {
    admin().sendNotice(BOB, "one");
    String room = invitedTo();
    String rooms = V3 + "/rooms/" + encoded(room);
    bob.post(rooms + "/leave", "{}").expect(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM");
    bob.put(rooms + "/state/m.room.member/" + BOB, "{'membership':'leave'}")
        .expect(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM");
    bob.post(rooms + "/kick", "{'user_id':'%s'}".formatted(BOB))
        .expect(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM");
    join(room);
    bob.post(rooms + "/leave", "{}").expect(200);
    bob.delete(V3 + "/user/" + BOB + "/rooms/" + encoded(room) + "/tags/m.server_notice")
        .expect(200);

    admin().sendNotice(BOB, "two");

    assertThat(invitedTo()).isEqualTo(room);
    join(room);
    assertThat(bodies(joined(room))).containsExactly("one", "two");
    assertThat(joined(room).at("/account_data/events/0/content/tags").has("m.server_notice"))
        .as("the room is tagged again")
        .isTrue();
  }

  @Test
  void otherInvitationsAreRejectedAsBefore() {
    TestClient alice = server.register("alice");
    alice.post(V3 + "/createRoom", "{'invite':['%s']}".formatted(BOB)).expect(200);

    bob.post(V3 + "/rooms/" + encoded(invitedTo()) + "/leave", "{}").expect(200);
  }

  @Test
  void whoWantsNoInvitationsSeesTheServersWhenThatEnds() {
    String setting = V3 + "/user/" + BOB + "/account_data/m.invite_permission_config";
    bob.put(setting, "{'default_action':'block'}").expect(200);

    admin().sendNotice(BOB, "one");

    assertThat(sync().at("/rooms/invite")).isEmpty();
    bob.put(setting, "{}").expect(200);
    join(invitedTo());
  }

  @Test
  void everybodyButGuestsAndClosedAccountsGetsWhatIsSaidToAll() {
    server.client().post(V3 + "/register?kind=guest", "{}").expect(200);
    server.register("alice");
    server.register("carol");
    admin().deactivate("@carol:hearth.test", false);

    NoticesSent sent = admin().sendNotices(Optional.empty(), "hello");

    assertThat(sent).isEqualTo(new NoticesSent(2, List.of(), Optional.empty()));
    join(invitedTo());
    assertThat(admin().activity(0, 100).getLast().text())
        .isEqualTo("A notice was sent to everybody.");
  }

  @Test
  void manyPeopleGetItInSteps() {
    for (int i = 10; i < 61; i++) {
      admin().createPerson("person" + i, WholeServer.PASSWORD, false);
    }

    NoticesSent first = admin().sendNotices(Optional.empty(), "hello");
    NoticesSent second = admin().sendNotices(first.next(), "hello");

    assertThat(first)
        .isEqualTo(new NoticesSent(50, List.of(), Optional.of("@person58:hearth.test")));
    assertThat(second).isEqualTo(new NoticesSent(2, List.of(), Optional.empty()));
  }

  @Test
  void whatCannotBeSentIsRefused() {
    admin().sendNotice(BOB, "one");
    for (String each : List.of("", " \n")) {
      assertThatThrownBy(() -> admin().sendNotice(BOB, each)).isInstanceOf(AdminException.class);
      assertThatThrownBy(() -> admin().sendNotices(Optional.empty(), each))
          .isInstanceOf(AdminException.class);
    }
    assertThatThrownBy(() -> admin().sendNotice(BOB, "x".repeat(70_000)))
        .isInstanceOf(AdminException.class);
    for (String each : List.of("@nobody:hearth.test", "@bob:elsewhere.test", "bob")) {
      assertThatThrownBy(() -> admin().sendNotice(each, "x")).isInstanceOf(AdminException.class);
    }
    join(invitedTo());
    admin().deactivate(BOB, false);
    assertThatThrownBy(() -> admin().sendNotice(BOB, "x")).isInstanceOf(AdminException.class);

    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      assertThat(
              store.reads().select("SELECT user_id FROM server_notice_room", row -> row.getInt(1)))
          .as("the row of a closed account")
          .isEmpty();
    }
  }

  @Test
  void nobodyIsCalledAsTheServerSpeaks() {
    server
        .client()
        .get(V3 + "/register/available?username=server-notices")
        .expect(400, "M_USER_IN_USE");
    server
        .client()
        .post(
            V3 + "/register",
            "{'username':'server-notices','password':'%s','auth':{'type':'m.login.dummy'}}"
                .formatted(WholeServer.PASSWORD))
        .expect(400, "M_USER_IN_USE");
    assertThatThrownBy(() -> admin().createPerson("server-notices", WholeServer.PASSWORD, false))
        .isInstanceOf(AdminException.class);
  }

  @Test
  void anAccountOfThatNameFromBeforeKeepsTheServerFromSpeaking() throws StartFailedException {
    server.register("early");
    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      RowChange renaming =
          RowChange.of(
              new Table("account", "one row a user", "nothing"),
              "UPDATE account SET user_id = ? WHERE user_id = '@early:hearth.test'",
              (statement, _) -> statement.setString(1, SENDER));
      store.committer().commit("test", List.of(renaming), List.of());
    }
    server.start();

    assertThatThrownBy(() -> admin().sendNotice(BOB, "x"))
        .isInstanceOf(AdminException.class)
        .hasMessageContaining(SENDER);

    NoticesSent sent = admin().sendNotices(Optional.empty(), "x");
    assertThat(sent.sent()).isZero();
    assertThat(sent.failures()).isNotEmpty().allMatch(each -> each.contains(SENDER));
  }
}
