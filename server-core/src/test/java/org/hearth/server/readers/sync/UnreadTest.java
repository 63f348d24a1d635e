package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Counts of what is unread, from the event that notifies to what `/sync` tells.
@Tag("long")
class UnreadTest extends ReceiptRoom {
  private static final String THREADS =
      "{'room':{'timeline':{'unread_thread_notifications':true}}}";
  private static final String MENTION =
      "{'msgtype':'m.text','body':'x','m.mentions':{'user_ids':['@bob:hearth.test']}}";

  /// Notifications and highlights that an answer tells of a room.
  private static String unread(JsonNode answer, RoomId room) {
    return counts(join(answer, room).path("unread_notifications"));
  }

  private static String counts(JsonNode counts) {
    return counts.isMissingNode()
        ? "nothing"
        : counts.path("notification_count").asText()
            + " "
            + counts.path("highlight_count").asText();
  }

  private String unread(JsonNode answer) {
    return unread(answer, room);
  }

  private Map<String, String> threads(JsonNode answer) {
    Map<String, String> threads = new TreeMap<>();
    join(answer, room)
        .path("unread_thread_notifications")
        .properties()
        .forEach(each -> threads.put(each.getKey(), counts(each.getValue())));
    return threads;
  }

  private String unreadFromNothing(String user) {
    return unread(server.client(user, "NEW").sync());
  }

  @Test
  void anEventIsCountedInTheSyncThatTellsIt() throws Exception {
    for (int i = 1; i <= 20; i++) {
      Future<JsonNode> waiting = waiting("bob", () -> bob.sync(LONG));

      say("message " + i);

      assertThat(unread(answer(waiting))).isEqualTo(i + " 0");
    }
    String since = bob.since();
    rooms.send(room, "alice", "m.room.message", MENTION);

    assertThat(unread(bob.sync())).isEqualTo("21 1");
    assertThat(unread(bob.look(since))).as("a token that is shown again").isEqualTo("21 1");
    assertThat(unreadFromNothing("bob")).isEqualTo("21 1");
    assertThat(unreadFromNothing("alice")).as("own events").isEqualTo("0 0");
    assertThat(server.notifications().queries().unread(TestRooms.user("bob")))
        .hasToString("Unread[rooms=1, notifications=21]");
  }

  @Test
  void whatNotifiesNobodyIsNotCounted() {
    rooms.send(room, "alice", "m.room.message", "{'msgtype':'m.notice','body':'x'}");
    rooms.send(room, "alice", "com.example", "{'body':'x'}");
    rooms.name(room, "alice", "A room");
    rooms.rename(room, "alice", "Alice");

    assertThat(unread(bob.sync())).isEqualTo("0 0");
  }

  @Test
  void namesCountWhereTheSenderDoesNotSayWhomItMentions() {
    rooms.rename(room, "bob", "The Builder");
    say("well, the builder can fix it");
    assertThat(unread(bob.sync())).isEqualTo("1 1");
    rooms.rename(room, "bob", "Robert");
    say("the builder again");
    say("hello bob");

    assertThat(unread(bob.sync())).isEqualTo("3 2");
  }

  @Test
  void onlyWhoHasThePowerNotifiesTheRoom() {
    rooms.join(room, "carol");
    rooms.send(room, "carol", "m.room.message", "{'body':'x','m.mentions':{'room':true}}");
    assertThat(unread(bob.sync())).isEqualTo("1 0");

    rooms.send(room, "alice", "m.room.message", "{'body':'x','m.mentions':{'room':true}}");

    assertThat(unread(bob.sync())).isEqualTo("2 1");
  }

  @Test
  void aReceiptClearsWhatIsUpToItAndWakes() throws Exception {
    EventId first = say("first");
    EventId second = say("second");
    rooms.send(room, "alice", "m.room.message", MENTION);
    SyncClient filtering =
        server.client("bob", "OTHER").with("filter", "{'room':{'ephemeral':{'types':[]}}}");
    filtering.sync();
    String since = filtering.since();

    Future<JsonNode> waiting = waiting("bob", () -> filtering.sync(LONG));
    read("bob", second);
    JsonNode answer = answer(waiting);

    assertThat(unread(answer)).isEqualTo("1 1");
    assertThat(join(answer, room).at("/timeline/events")).isEmpty();
    assertThat(unread(filtering.look(since))).as("a token that is shown again").isEqualTo("1 1");
    read("bob", first);
    assertThat(unreadFromNothing("bob")).as("a marker that stays").isEqualTo("1 1");
    EventId last = say("last");
    assertThat(post("bob", room, "m.read.private", last.value(), "{}").status()).isEqualTo(200);
    assertThat(unread(filtering.sync())).isEqualTo("0 0");
    assertThat(filtering.sync().has("rooms")).isFalse();
  }

  @Test
  void theCountsAreToldOfAnEventThatTheFilterKeepsFromTheTimeline() throws Exception {
    SyncClient names =
        server
            .client("bob", "NAMES")
            .with("filter", "{'room':{'timeline':{'types':['m.room.name']}}}");
    names.sync();

    Future<JsonNode> waiting = waiting("bob", () -> names.sync(LONG));
    say("one");
    JsonNode answer = answer(waiting);

    assertThat(unread(answer)).isEqualTo("1 0");
    assertThat(join(answer, room).at("/timeline/events")).isEmpty();
    assertThat(names.sync().has("rooms")).isFalse();
    rooms.send(room, "alice", "com.example", "{'body':'x'}");
    assertThat(names.sync().has("rooms")).as("one that notifies nobody").isFalse();
  }

  @Test
  void theFullyReadMarkerClearsNothing() {
    EventId event = say("hello");

    markers("bob", room, "{'m.fully_read':'" + event.value() + "'}").expect(200);
    assertThat(unread(bob.sync())).isEqualTo("1 0");

    markers("bob", room, "{'m.read.private':'" + event.value() + "'}").expect(200);
    assertThat(unread(bob.sync())).isEqualTo("0 0");
  }

  @Test
  void threadsAreCountedAlone() {
    SyncClient threaded = server.client("bob", "THREADS").with("filter", THREADS);
    EventId root = say("root");
    EventId reply = relate("m.thread", root);
    EventId last = relate("m.thread", root);
    rooms.send(
        room,
        "alice",
        "com.example.reply",
        "{'m.relates_to':{'rel_type':'m.reference','event_id':'%s'}}".formatted(reply.value()));
    relate("m.reference", reply);
    relate("m.reference", root);

    JsonNode answer = threaded.sync();
    assertThat(unread(answer)).isEqualTo("2 0");
    assertThat(threads(answer)).isEqualTo(Map.of(root.value(), "3 0"));
    assertThat(unread(bob.sync())).isEqualTo("5 0");
    assertThat(join(bob.look(bob.since()), room).has("unread_thread_notifications")).isFalse();

    read("bob", last, root.value());
    answer = threaded.sync();
    assertThat(unread(answer)).isEqualTo("2 0");
    assertThat(threads(answer)).isEqualTo(Map.of(root.value(), "1 0"));

    read("bob", say("later"), "main");
    answer = threaded.sync();
    assertThat(unread(answer)).isEqualTo("0 0");
    assertThat(threads(answer)).isEqualTo(Map.of(root.value(), "1 0"));
    assertThat(unread(bob.sync())).isEqualTo("1 0");

    read("bob", say("last"));
    answer = threaded.sync();
    assertThat(unread(answer)).isEqualTo("0 0");
    assertThat(threads(answer)).isEmpty();
  }

  /// "When the user updates their read receipt (either by using the API or by sending an event)".
  @Test
  void whoSaysSomethingHasRead() {
    EventId root = say("root");
    relate("m.thread", root);
    rooms.rename(room, "bob", "Bob");
    assertThat(unread(bob.sync())).isEqualTo("2 0");

    rooms.say(room, "bob", "answer");
    assertThat(unread(bob.sync())).as("the thread is unread").isEqualTo("1 0");
    rooms.send(
        room,
        "bob",
        "m.room.message",
        "{'body':'x','m.relates_to':{'rel_type':'m.thread','event_id':'%s'}}"
            .formatted(root.value()));

    assertThat(unread(bob.sync())).isEqualTo("0 0");
  }

  @Test
  void whatIsRedactedIsNoLongerCounted() {
    EventId event = rooms.send(room, "alice", "m.room.message", MENTION);
    say("stays");
    assertThat(unread(bob.sync())).isEqualTo("2 1");

    rooms.redact(room, "alice", event);

    assertThat(unread(bob.sync())).isEqualTo("1 0");
    kill();
    assertThat(unreadFromNothing("bob")).isEqualTo("1 0");
  }

  @Test
  void whoLeavesHasNoCounts() {
    say("hello");
    rooms.leave(room, "bob");
    JsonNode left = SyncClient.section(bob.sync(), "leave", room);
    assertThat(left.isMissingNode()).isFalse();
    assertThat(left.has("unread_notifications")).isFalse();
    say("unseen");
    assertThat(server.notifications().queries().counts(room, TestRooms.user("bob")).total())
        .hasToString("Count[notifications=0, highlights=0]");

    rooms.join(room, "bob");
    assertThat(unread(bob.sync())).isEqualTo("0 0");
    say("again");

    assertThat(unread(bob.sync())).isEqualTo("1 0");
    rooms.ban(room, "alice", "bob");
    assertThat(server.notifications().queries().unread(TestRooms.user("bob")).rooms()).isZero();
  }

  @Test
  void rulesHoldForEventsAfterTheirChange() {
    say("before");
    // What is judged after a change is judged by it, so the count is awaited first.
    assertThat(unread(bob.sync())).isEqualTo("1 0");
    String rule = "/_matrix/client/v3/pushrules/global/room/" + room.value();
    server.http("bob").put(rule, "{'actions':[]}").expect(200);
    say("muted");
    assertThat(unread(bob.sync())).isEqualTo("1 0");

    server.http("bob").delete(rule).expect(200);
    server
        .http("bob")
        .put(
            "/_matrix/client/v3/pushrules/global/content/cake",
            "{'pattern':'c?ke*','actions':['notify',{'set_tweak':'highlight'}]}")
        .expect(200);
    say("there are CAKES");

    assertThat(unread(bob.sync())).isEqualTo("2 1");
  }

  /// Each user has a sound of their own, and some a rule that says more than is kept.
  @Test
  void anEventNotifiesInABoundedNumberOfWays() throws Exception {
    Set<UserId> all = new HashSet<>(Set.of(TestRooms.user("bob")));
    for (int i = 0; i < 30; i++) {
      String user = "member" + i;
      String sound = i < 25 ? "sound" + i : "x".repeat(2_000);
      rooms.join(room, user);
      server
          .http(user)
          .put(
              "/_matrix/client/v3/pushrules/global/room/" + room.value(),
              "{'actions':['notify',{'set_tweak':'sound','value':'%s'}]}".formatted(sound))
          .expect(200);
      all.add(TestRooms.user(user));
    }

    say("hello");

    assertThat(server.told().getLast())
        .isInstanceOfSatisfying(
            NotificationOutput.Notified.class,
            notified -> {
              List<UserId> users =
                  notified.audiences().stream().flatMap(each -> each.users().stream()).toList();
              assertThat(users).containsExactlyInAnyOrderElementsOf(all);
              assertThat(notified.audiences())
                  .hasSizeBetween(16, 18)
                  .allSatisfy(each -> assertThat(each.actions().toString()).hasSizeLessThan(1_100));
            });
    for (UserId each : all) {
      assertThat(server.notifications().queries().unread(each).notifications()).isEqualTo(1);
    }
  }

  @Test
  void thoseWhoAreIgnoredDoNotCount() {
    server.ignore("bob", "alice");
    say("hidden");
    assertThat(unreadFromNothing("bob")).isEqualTo("0 0");

    server.setIgnored("bob", "{'ignored_users':{}}");
    say("shown");

    assertThat(unread(bob.sync())).isEqualTo("1 0");
  }

  @Test
  void countsOutliveARestart() {
    EventId root = say("root");
    relate("m.thread", root);
    rooms.send(room, "alice", "m.room.message", MENTION);

    restart();
    assertThat(unreadFromNothing("bob")).isEqualTo("3 1");
    say("more");
    assertThat(unread(bob.sync())).isEqualTo("4 1");
    read("bob", root);

    restart();
    assertThat(unreadFromNothing("bob")).isEqualTo("3 1");
  }

  @Test
  void damagedCountsCostTheirRoomUntilItsNextEvent() {
    RoomId other = rooms.open("alice", "shared");
    rooms.join(other, "bob");
    say("here");
    rooms.say(other, "alice", "there");
    restart();
    RowChange damage =
        RowChange.of(
            new Table("notification_counts", "a test's", "the test"),
            "UPDATE notification_counts SET content = CAST(X'7B7B' AS BLOB) WHERE room_id = ?",
            (statement, _) -> statement.setString(1, other.value()));
    var _ = server.store().committer().commit("test", List.of(damage), List.of());
    kill();

    assertThat(notified()).hasToString("Unread[rooms=1, notifications=1]");
    assertThat(ids(notifications(""))).hasSize(1);
    EventId next = rooms.say(other, "alice", "and there");
    assertThat(unread(bob.sync(), other)).isEqualTo("1 0");
    assertThat(notified()).hasToString("Unread[rooms=2, notifications=2]");
    assertThat(ids(notifications(""))).hasSize(2).startsWith(next.value());
    restart();
    assertThat(notified()).hasToString("Unread[rooms=2, notifications=2]");
  }

  private NotificationQueries.Unread notified() {
    return server.notifications().queries().unread(TestRooms.user("bob"));
  }

  /// What was not stored is counted again, once, and receipts hold.
  @Test
  void countsOutliveTheDeathOfTheProcess() {
    EventId first = say("stored");
    restart();
    say("second");
    rooms.send(room, "alice", "m.room.message", MENTION);
    kill();

    assertThat(unreadFromNothing("bob")).isEqualTo("3 1");
    kill();
    assertThat(unreadFromNothing("bob")).isEqualTo("3 1");

    read("bob", first);
    rooms.join(room, "carol");
    EventId seen = say("seen");
    say("unseen");
    read("bob", seen);
    rooms.say(room, "carol", "of carol");
    kill();

    assertThat(unreadFromNothing("bob")).isEqualTo("2 0");
    assertThat(unreadFromNothing("carol")).as("own messages read").isEqualTo("0 0");
    assertThat(unreadFromNothing("alice")).isEqualTo("1 0");
  }

  /// What those are told who send pushes.
  @Test
  void theLogTellsWhomEventsNotifyAndWhoHasRead() throws Exception {
    EventId root = say("root");
    EventId reply = relate("m.thread", root);
    rooms.invite(room, "alice", "carol");
    // Who reads what is not yet counted changes no counts.
    assertThat(server.told()).hasSize(3);
    read("bob", reply);
    read("bob", root);

    List<NotificationOutput> told = server.told();

    String loud = "[\"notify\", {\"set_tweak\":\"sound\",\"value\":\"default\"}]";
    assertThat(told.stream().map(UnreadTest::described))
        .containsExactly(
            root.value() + " main " + loud + " false @bob:hearth.test",
            reply.value() + " " + root.value() + " " + loud + " false @bob:hearth.test",
            "main " + loud + " false @carol:hearth.test",
            "@bob:hearth.test");

    kill();
    List<NotificationOutput> again = server.told();
    assertThat(again.stream().map(UnreadTest::described))
        .isSubsetOf(told.stream().map(UnreadTest::described).toList())
        .hasSizeGreaterThanOrEqualTo(3);
    assertThat(again.getFirst().position()).isEqualTo(told.getFirst().position());
    restart();
    assertThat(server.told()).as("after an end in order").isEmpty();
  }

  private static String described(NotificationOutput entry) {
    return switch (entry) {
      case NotificationOutput.CountsChanged changed -> changed.user().value();
      case NotificationOutput.Notified notified -> {
        NotificationOutput.Audience audience = notified.audiences().getFirst();
        assertThat(notified.audiences()).hasSize(1);
        assertThat(audience.users()).hasSize(1);
        String what =
            "%s %s %s %s"
                .formatted(
                    notified.thread(),
                    audience.actions(),
                    audience.highlight(),
                    audience.users().getFirst().value());
        yield audience.users().contains(TestRooms.user("carol"))
            ? what
            : notified.event().value() + " " + what;
      }
    };
  }

  @Test
  void theListTellsWhatNotified() {
    EventId first = say("first");
    EventId mention = rooms.send(room, "alice", "m.room.message", MENTION);
    EventId last = say("last");
    read("bob", first);

    JsonNode page = notifications("?limit=2");
    assertThat(ids(page)).containsExactly(last.value(), mention.value());
    JsonNode entry = page.at("/notifications/1");
    assertThat(entry.path("room_id").asText()).isEqualTo(room.value());
    assertThat(entry.path("read").asBoolean()).isFalse();
    assertThat(entry.path("ts").isIntegralNumber()).isTrue();
    assertThat(entry.path("actions").toString())
        .isEqualTo(
            "[\"notify\",{\"set_tweak\":\"sound\",\"value\":\"default\"},{\"set_tweak\":\"highlight\"}]");
    assertThat(entry.at("/event/content/body").asText()).isEqualTo("x");
    assertThat(entry.path("event").has("room_id")).isFalse();

    JsonNode rest = notifications("?from=" + page.path("next_token").asText());
    assertThat(ids(rest)).containsExactly(first.value());
    assertThat(rest.at("/notifications/0/read").asBoolean()).isTrue();
    assertThat(rest.has("next_token")).isFalse();
    assertThat(ids(notifications("?only=highlight"))).containsExactly(mention.value());
    assertThat(ids(notifications("?from=" + Long.MIN_VALUE))).isEmpty();
    kill();
    assertThat(ids(notifications("")))
        .containsExactly(last.value(), mention.value(), first.value());

    rooms.redact(room, "alice", mention);
    assertThat(ids(notifications("?limit=0"))).containsExactly(last.value());
    rooms.leave(room, "bob");
    assertThat(ids(notifications(""))).isEmpty();
  }

  @Test
  void theListHasInvitationsUntilTheyAreAnswered() {
    EventId said = say("said");
    RoomId other = rooms.create("alice", "invite", "shared");
    EventId invitation = rooms.invite(other, "alice", "bob");

    JsonNode page = notifications("?limit=1");
    assertThat(ids(page)).containsExactly(invitation.value());
    JsonNode entry = page.at("/notifications/0");
    assertThat(entry.path("room_id").asText()).isEqualTo(other.value());
    assertThat(entry.path("read").asBoolean(true)).isFalse();
    assertThat(entry.at("/actions/0").asText()).isEqualTo("notify");
    assertThat(entry.at("/event/content/membership").asText()).isEqualTo("invite");
    assertThat(ids(notifications("?from=" + page.path("next_token").asText())))
        .containsExactly(said.value());
    assertThat(ids(notifications("?only=highlight"))).isEmpty();

    server
        .http("bob")
        .put(
            "/_matrix/client/v3/pushrules/global/override/.m.rule.invite_for_me/enabled",
            "{'enabled':false}")
        .expect(200);
    assertThat(ids(notifications(""))).containsExactly(said.value());
    server
        .http("bob")
        .put(
            "/_matrix/client/v3/pushrules/global/override/.m.rule.invite_for_me/enabled",
            "{'enabled':true}")
        .expect(200);
    assertThat(ids(notifications(""))).containsExactly(invitation.value(), said.value());
    rooms.leave(other, "bob");
    assertThat(ids(notifications(""))).containsExactly(said.value());
  }

  @Test
  void theListLeavesOutADamagedEventAndNoOther() {
    EventId damaged = say("damaged");
    EventId whole = say("whole");
    assertThat(ids(notifications(""))).containsExactly(whole.value(), damaged.value());
    RowChange garbage =
        RowChange.of(
            new Table("room_event", "a test's", "the test"),
            "UPDATE room_event SET json = X'7B7B' WHERE event_id = ?",
            (statement, _) -> statement.setString(1, damaged.value()));
    var _ = server.store().committer().commit("test", List.of(garbage), List.of());
    kill();

    assertThat(ids(notifications(""))).containsExactly(whole.value());
  }

  @Test
  void aPageOfTheListHasABoundInBytes() {
    List<String> said = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      said.addFirst(say("x".repeat(60_000)).value());
    }

    JsonNode page = notifications("?limit=1000");
    List<String> told = new ArrayList<>(ids(page));
    assertThat(told).hasSize(9);
    int pages = 1;
    while (page.has("next_token")) {
      page = notifications("?limit=1000&from=" + page.path("next_token").asText());
      told.addAll(ids(page));
      pages++;
    }

    assertThat(told).isEqualTo(said);
    assertThat(pages).isEqualTo(3);
  }

  /// 256 events of each room are kept with what their rules say, and each may say another thing.
  @Test
  void actionsThatTakeMuchMemoryAreKeptWithoutTweaks() {
    String list = "1,".repeat(400) + "1";
    server
        .http("bob")
        .put(
            "/_matrix/client/v3/pushrules/global/content/cake",
            "{'pattern':'cake','actions':['notify',{'set_tweak':'org.test','value':[%s]},{'set_tweak':'highlight'}]}"
                .formatted(list))
        .expect(200);

    say("cake");

    assertThat(notifications("").at("/notifications/0/actions").toString())
        .isEqualTo("[\"notify\",{\"set_tweak\":\"highlight\"}]");
  }

  private JsonNode notifications(String query) {
    return server.http("bob").get("/_matrix/client/v3/notifications" + query).expect(200).json();
  }

  private static List<String> ids(JsonNode page) {
    return page.path("notifications").findValuesAsText("event_id");
  }
}
