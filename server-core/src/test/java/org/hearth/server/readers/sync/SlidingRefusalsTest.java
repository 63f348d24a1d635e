package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SlidingClient.list;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a sliding sync refuses.
class SlidingRefusalsTest extends OneSyncServer {
  @ParameterizedTest
  @ValueSource(strings = {"x", "s", "s5", "s999999999", "s1_w1-1", "s0_w-1", "0/1", "'\"{}"})
  void whatIsNoPositionOfThisConnectionIsNotKnown(String pos) {
    new SlidingClient(server.http("bob")).sync("{}");

    server
        .http("bob")
        .post(SlidingClient.PATH + "?pos=" + TestClient.encoded(pos), "{}")
        .expect(400, "M_UNKNOWN_POS");
  }

  @Test
  void whatIsTooMuchIsRefused() {
    TestClient http = server.http("bob");
    String list = "'l%d':{'timeline_limit':1,'ranges':[[0,9]]}";
    http.post(SlidingClient.PATH, "{'lists':{" + many(1_000, list) + "}}")
        .expect(400, "M_INVALID_PARAM");
    http.post(SlidingClient.PATH, "{'lists':{" + many(100, list) + "}}").expect(200);
    String subscription = "'!r%d:hearth.test':{'timeline_limit':1}";
    http.post(SlidingClient.PATH, "{'room_subscriptions':{" + many(101, subscription) + "}}")
        .expect(400, "M_INVALID_PARAM");
    http.post(SlidingClient.PATH, "{'room_subscriptions':{" + many(100, subscription) + "}}")
        .expect(200);
    String state = "'l%1$d':{'timeline_limit':1,'required_state':[['t%1$d','']]}";
    http.post(SlidingClient.PATH, "{'lists':{" + many(9, state) + "}}")
        .expect(400, "M_INVALID_PARAM");
    http.post(
            SlidingClient.PATH,
            list(0, 9, 1, "'required_state':[" + many(201, "['t','k%d']") + "]"))
        .expect(400, "M_INVALID_PARAM");
    http.post(SlidingClient.PATH, "{'conn_id':'" + "x".repeat(256) + "'}")
        .expect(400, "M_INVALID_PARAM");
    http.post(
            SlidingClient.PATH,
            "{'lists':{'a':{'timeline_limit':1,'ranges':[" + many(21, "[%1$d,%1$d]") + "]}}}")
        .expect(400, "M_INVALID_PARAM");
  }

  @ParameterizedTest
  @ValueSource(strings = {"!s%1$d:hearth.test", "!s:hearth.test"})
  void filtersMayNameSoManySpacesTogether(String space) {
    TestClient http = server.http("bob");
    String list = "'l%1$d':{'timeline_limit':1,'filters':{'spaces':['" + space + "']}}";

    http.post(SlidingClient.PATH, "{'lists':{" + many(32, list) + "}}").expect(200);
    http.post(SlidingClient.PATH, "{'lists':{" + many(33, list) + "}}")
        .expect(400, "M_INVALID_PARAM");
  }

  @Test
  void aFilterHasSoManyValuesOfSuchALength() {
    TestClient http = server.http("bob");
    String filter = "{'lists':{'a':{'timeline_limit':1,'filters':{'room_types':[%s]}}}}";

    http.post(SlidingClient.PATH, filter.formatted(many(100, "'t%d'"))).expect(200);
    http.post(SlidingClient.PATH, filter.formatted(many(101, "'t%d'")))
        .expect(400, "M_INVALID_PARAM");
    http.post(SlidingClient.PATH, filter.formatted("'" + "t".repeat(255) + "'")).expect(200);
    http.post(SlidingClient.PATH, filter.formatted("'" + "t".repeat(256) + "'"))
        .expect(400, "M_INVALID_PARAM");
  }

  @Test
  void anExtensionNamesSoManyRooms() {
    TestClient http = server.http("bob");
    String extension = "{'extensions':{'receipts':{'enabled':true,'rooms':[%s]}}}";

    http.post(SlidingClient.PATH, extension.formatted(many(100, "'!r%d:hearth.test'"))).expect(200);
    http.post(SlidingClient.PATH, extension.formatted(many(101, "'!r%d:hearth.test'")))
        .expect(400, "M_INVALID_PARAM");
  }

  @Test
  void aBodyHasRoomForAllThatClientsSendAndForNoMore() {
    TestClient http = server.http("bob");
    String state = "'required_state':[" + many(20, "['m.room.history_visibility%d','']") + "]";
    String room = "'!" + "r".repeat(40) + "%d:hearth.test'";
    String all = many(100, room + ":{'timeline_limit':20," + state + "}");
    http.post(SlidingClient.PATH, "{'room_subscriptions':{" + all + "}}").expect(200);
    String padded = "{'unknown':'%s'}";
    int most = (256 << 10) - padded.length() + 2;

    http.post(SlidingClient.PATH, padded.formatted("x".repeat(most))).expect(200);
    http.post(SlidingClient.PATH, padded.formatted("x".repeat(most + 1)))
        .expect(413, "M_TOO_LARGE");
  }

  private static String many(int count, String each) {
    return IntStream.range(0, count).mapToObj(each::formatted).collect(Collectors.joining(","));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'lists':[]}",
        "{'lists':{'a':1}}",
        "{'lists':{'a':{}}}",
        "{'lists':{'':{'timeline_limit':1}}}",
        "{'lists':{'a':{'timeline_limit':-1}}}",
        "{'lists':{'a':{'timeline_limit':1.5}}}",
        "{'lists':{'a':{'timeline_limit':'1'}}}",
        "{'lists':{'a':{'timeline_limit':1,'ranges':[[0]]}}}",
        "{'lists':{'a':{'timeline_limit':1,'ranges':[[5,1]]}}}",
        "{'lists':{'a':{'timeline_limit':1,'ranges':[[-1,1]]}}}",
        "{'lists':{'a':{'timeline_limit':1,'ranges':[[0,9007199254740992]]}}}",
        "{'lists':{'a':{'timeline_limit':1,'ranges':[[0,1e3]]}}}",
        "{'lists':{'a':{'timeline_limit':1,'ranges':{}}}}",
        "{'lists':{'a':{'timeline_limit':1,'required_state':[['a']]}}}",
        "{'lists':{'a':{'timeline_limit':1,'required_state':['ab']}}}",
        "{'lists':{'a':{'timeline_limit':1,'filters':{'is_dm':1}}}}",
        "{'lists':{'a':{'timeline_limit':1,'filters':{'tags':[1]}}}}",
        "{'lists':{'a':{'timeline_limit':1,'filters':{'tags':[null]}}}}",
        "{'room_subscriptions':{'!a:b':[]}}",
        "{'extensions':{'to_device':{'enabled':1}}}",
        "{'extensions':{'to_device':{'enabled':true,'since':'nonsense'}}}",
        "{'extensions':{'receipts':{'enabled':true,'lists':[1]}}}",
        "{'conn_id':1}"
      })
  void whatIsMalformedIsRefused(String body) {
    TestClient.Answer answer = server.http("bob").post(SlidingClient.PATH, body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.errcode()).isIn("M_BAD_JSON", "M_INVALID_PARAM", "M_MISSING_PARAM");
  }
}
