package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SlidingClient.rooms;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a sliding sync tells beside rooms: account data, receipts, who types.
class SlidingExtensionsTest extends OneSyncServer {
  private static final long LONG = 60_000;
  private static int users;

  private String me;
  private RoomId room;
  private RoomId other;
  private SlidingClient client;

  @BeforeEach
  void open() {
    me = "extended" + users++;
    other = rooms.open(me, "shared");
    rooms.join(other, "carol");
    room = rooms.open(me, "shared");
    rooms.join(room, "carol");
    client = new SlidingClient(server.http(me));
  }

  /// A window of the first rooms, with an extension.
  private static String window(int last, String extension, String more) {
    return "{'lists':{'all':{'ranges':[[0,%d]],'timeline_limit':5}},'extensions':{'%s':{'enabled':true%s}}}"
        .formatted(last, extension, more);
  }

  private String user(String name) {
    return TestRooms.user(name).value();
  }

  private void setData(String path, String content) {
    server
        .http(me)
        .put("/_matrix/client/v3/user/%s/%s".formatted(user(me), path), content)
        .expect(200);
  }

  private void type(String who, RoomId where, boolean typing) {
    server
        .http(who)
        .put(
            "/_matrix/client/v3/rooms/%s/typing/%s".formatted(where, user(who)),
            "{'typing':%s,'timeout':300000}".formatted(typing))
        .expect(200);
  }

  private void read(String who, RoomId where, EventId event) {
    server
        .http(who)
        .post("/_matrix/client/v3/rooms/%s/receipt/m.read/%s".formatted(where, event.value()), "{}")
        .expect(200);
  }

  private static List<String> types(JsonNode events) {
    List<String> types = new ArrayList<>();
    events.forEach(each -> types.add(each.path("type").asText()));
    return types;
  }

  private static JsonNode of(JsonNode answer, String extension, RoomId room) {
    return answer.path("extensions").path(extension).path("rooms").path(room.value());
  }

  @Test
  void whatIsNotAskedForIsNotTold() {
    setData("account_data/org.test", "{}");
    JsonNode answer = client.sync("{'extensions':{'nobody.knows':{'enabled':true}}}");

    assertThat(answer.path("extensions")).isEmpty();
    JsonNode disabled = client.sync(window(9, "account_data", "").replace("true", "false"));
    assertThat(disabled.path("extensions")).isEmpty();
  }

  @Test
  void accountDataIsToldOnceOfTheUserAndOfRoomsAsTheyAreNamed() {
    setData("account_data/org.test", "{'n':1}");
    setData("rooms/" + room + "/account_data/org.room", "{'n':2}");
    setData("rooms/" + other + "/account_data/org.room", "{'n':3}");

    JsonNode first = client.sync(window(0, "account_data", ""));
    assertThat(types(first.at("/extensions/account_data/global"))).contains("org.test");
    assertThat(types(of(first, "account_data", room))).containsExactly("org.room");
    assertThat(of(first, "account_data", other)).isEmpty();
    assertThat(client.sync(window(0, "account_data", "")).path("extensions")).isEmpty();

    JsonNode larger = client.sync(window(9, "account_data", ""));
    assertThat(types(of(larger, "account_data", other))).containsExactly("org.room");
    assertThat(of(larger, "account_data", room)).isEmpty();

    // What changes below the window is told when it comes to the window again.
    client.sync(window(0, "account_data", ""));
    setData("rooms/" + other + "/account_data/org.later", "{}");
    assertThat(client.sync(window(0, "account_data", "")).path("extensions")).isEmpty();
    setData("account_data/org.more", "{}");
    JsonNode global = client.sync(window(0, "account_data", ""));
    assertThat(types(global.at("/extensions/account_data/global"))).containsExactly("org.more");
    JsonNode back = client.sync(window(9, "account_data", ""));
    assertThat(types(of(back, "account_data", other))).containsExactly("org.later");
    assertThat(back.at("/extensions/account_data/global")).isEmpty();
  }

  @Test
  void anExtensionThatBeginsLaterTellsAll() {
    setData("rooms/" + room + "/account_data/org.room", "{}");
    client.sync(window(9, "typing", ""));

    JsonNode answer = client.sync(window(9, "account_data", ""), LONG);

    assertThat(types(of(answer, "account_data", room))).containsExactly("org.room");
  }

  @Test
  void listsAndSubscriptionsSayOfWhichRoomsAnExtensionTells() {
    setData("rooms/" + room + "/account_data/org.room", "{}");
    setData("rooms/" + other + "/account_data/org.room", "{}");
    String body =
        "{'lists':{'one':{'ranges':[[0,0]],'timeline_limit':1}},'room_subscriptions':{'%s':{'timeline_limit':1}},'extensions':{'account_data':{'enabled':true,%s}}}";

    JsonNode lists = client.sync(body.formatted(other, "'lists':['one'],'rooms':[]"));
    assertThat(of(lists, "account_data", room)).isNotEmpty();
    assertThat(of(lists, "account_data", other)).isEmpty();
    client.begin();
    JsonNode subscribed =
        client.sync(body.formatted(other, "'lists':['two'],'rooms':['%s']".formatted(other)));
    assertThat(of(subscribed, "account_data", room)).isEmpty();
    assertThat(of(subscribed, "account_data", other)).isNotEmpty();
    client.begin();
    JsonNode all = client.sync(body.formatted(other, "'lists':['*'],'rooms':['*']"));
    assertThat(of(all, "account_data", room)).isNotEmpty();
    assertThat(of(all, "account_data", other)).isNotEmpty();
  }

  @Test
  void ofANewRoomTheReceiptsOfWhatIsShownAndOnesOwnAreToldAndThenEach() {
    EventId own = rooms.say(room, me, "long ago");
    read(me, room, own);
    EventId hidden = rooms.say(room, "carol", "also long ago");
    rooms.join(room, "dave");
    read("dave", room, hidden);
    for (int i = 0; i < 5; i++) {
      rooms.say(room, me, "message " + i);
    }
    EventId last = rooms.say(room, me, "last");
    read("carol", room, last);

    JsonNode first = client.sync(window(9, "receipts", ""));
    JsonNode event = of(first, "receipts", room);
    assertThat(event.path("type").asText()).isEqualTo("m.receipt");
    JsonNode content = event.path("content");
    assertThat(content.path(last.value()).path("m.read").has(user("carol"))).isTrue();
    assertThat(content.path(own.value()).path("m.read").has(user(me))).isTrue();
    assertThat(content.has(hidden.value())).isFalse();

    read("dave", room, last);
    JsonNode next = of(client.sync(window(9, "receipts", ""), LONG), "receipts", room);
    assertThat(next.path("content").path(last.value()).path("m.read").has(user("dave"))).isTrue();
    assertThat(next.path("content").path(last.value()).path("m.read").has(user("carol"))).isFalse();
  }

  @Test
  void receiptsBelowTheWindowAreToldWhenTheRoomComesBack() {
    EventId event = rooms.say(other, me, "read me");
    rooms.say(room, me, "on top");
    client.sync(window(9, "receipts", ""));
    client.sync(window(0, "receipts", ""));
    read("carol", other, event);
    assertThat(client.sync(window(0, "receipts", "")).path("extensions")).isEmpty();

    JsonNode back = client.sync(window(9, "receipts", ""));

    assertThat(of(back, "receipts", other).path("content").has(event.value())).isTrue();
  }

  @Test
  void whoTypesIsToldAtOnceAndAlsoThatNobodyDoesAnyMore() {
    client.sync(window(9, "typing", ""));
    type("carol", room, true);

    JsonNode typing = of(client.sync(window(9, "typing", ""), LONG), "typing", room);
    assertThat(typing.at("/content/user_ids/0").asText()).isEqualTo(user("carol"));
    type("carol", room, false);
    JsonNode stopped = of(client.sync(window(9, "typing", ""), LONG), "typing", room);
    assertThat(stopped.at("/content/user_ids").isArray()).isTrue();
    assertThat(stopped.at("/content/user_ids")).isEmpty();
  }

  @Test
  void whoTypesInARoomThatComesToTheWindowIsTold() {
    type("carol", other, true);
    rooms.say(room, me, "on top");

    assertThat(of(client.sync(window(0, "typing", "")), "typing", other)).isEmpty();
    JsonNode answer = client.sync(window(9, "typing", ""));

    assertThat(rooms(answer)).isEqualTo(List.of(other.value()));
    assertThat(of(answer, "typing", other).at("/content/user_ids/0").asText())
        .isEqualTo(user("carol"));
    type("carol", other, false);
  }

  @Test
  void nothingIsToldOfRoomsOfOthers() {
    RoomId theirs = rooms.open("carol", "shared");
    type("carol", theirs, true);
    String body =
        "{'room_subscriptions':{'%s':{'timeline_limit':1}},'extensions':{'typing':{'enabled':true,'rooms':['%s']},'receipts':{'enabled':true},'account_data':{'enabled':true}}}"
            .formatted(theirs, theirs);

    JsonNode answer = client.sync(body);

    assertThat(answer.toString()).doesNotContain(theirs.value());
    type("carol", theirs, false);
    assertThat(client.sync(body).toString()).doesNotContain(theirs.value());
  }
}
