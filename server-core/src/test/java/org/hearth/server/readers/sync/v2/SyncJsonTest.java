package org.hearth.server.readers.sync.v2;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Proxy;
import java.time.InstantSource;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.Erasure;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.sections.TestNews;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.junit.jupiter.api.Test;

/// The places in the response for news that has no server yet.
class SyncJsonTest {
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final SyncPoint NOW = new SyncPoint(new LogPosition(7));
  private static final SyncRequest REQUEST =
      TestNews.request(new Viewer(ALICE, null, IgnoredUsers.NONE));

  private final ObjectNode event = JsonNodeFactory.instance.objectNode().put("type", "m.test");
  private final SyncJson json =
      new SyncJson(
          new ClientEvents(
              unasked(RoomQueries.class),
              new Erasure(unasked(RoomQueries.class), unasked(AccountQueries.class)),
              InstantSource.system()),
          new Tokens(0));

  /// An answer and whether it tells anything.
  private record Written(boolean told, JsonNode json) {}

  private Written write(SyncRequest request, News news) {
    JsonWriter out =
        new JsonWriter((_, _) -> {
          throw new AssertionError("so much is not written here");
        });
    boolean told = json.write(out, request, NOW, news);
    return new Written(told, MatrixJson.parse(out.rest()));
  }

  @Test
  void nothingIsAnEmptyAnswer() {
    Written answer = write(REQUEST.after(NOW), TestNews.none());

    assertThat(answer.told()).isFalse();
    assertThat(answer.json())
        .hasToString(
            """
            {"presence":{"events":[]},"to_device":{"events":[]},\
            "device_lists":{"changed":[],"left":[]},"device_one_time_keys_count":{},\
            "device_unused_fallback_key_types":[],"next_batch":"s7"}\
            """);
  }

  /// "Note: only present on an incremental sync."
  @Test
  void aFirstSyncHasNoDeviceLists() {
    assertThat(write(REQUEST, TestNews.none()).json().has("device_lists")).isFalse();
  }

  @Test
  void whatBelongsToNoRoomHasItsPlace() {
    Written answer = write(REQUEST.after(NOW), TestNews.besideRooms(event, ALICE, BOB));

    assertThat(answer.told()).isTrue();
    for (String each : new String[] {"account_data", "presence", "to_device"}) {
      assertThat(answer.json().at("/" + each + "/events/0/type").asText()).isEqualTo("m.test");
    }
    assertThat(answer.json().at("/device_lists/changed/0").asText()).isEqualTo(ALICE.value());
    assertThat(answer.json().at("/device_lists/left/0").asText()).isEqualTo(BOB.value());
    assertThat(answer.json().at("/device_one_time_keys_count/signed_curve25519").asInt())
        .isEqualTo(20);
    assertThat(answer.json().at("/device_unused_fallback_key_types/0").asText())
        .isEqualTo("signed_curve25519");
  }

  @Test
  void whatIsNotOfARoomsHistoryIsToldAlone() {
    RoomId room = RoomId.parse("!room:hearth.test");

    Written answer = write(REQUEST, TestNews.ofRoom(room, event));

    assertThat(answer.told()).isTrue();
    assertThat(answer.json().path("rooms").path("join").path(room.value()))
        .hasToString(
            """
            {"summary":{},"state":{"events":[]},\
            "timeline":{"events":[],"limited":false,"prev_batch":"s7"},\
            "account_data":{"events":[]},"ephemeral":{"events":[{"type":"m.test"}]},\
            "unread_notifications":{"highlight_count":1,"notification_count":3}}\
            """);
  }

  /// Queries that nothing may be asked.
  private static <T> T unasked(Class<T> queries) {
    Object proxy =
        Proxy.newProxyInstance(
            queries.getClassLoader(),
            new Class<?>[] {queries},
            (_, method, _) -> {
              throw new AssertionError(method + " was asked");
            });
    return queries.cast(proxy);
  }
}
