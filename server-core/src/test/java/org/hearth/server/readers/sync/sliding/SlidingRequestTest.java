package org.hearth.server.readers.sync.sliding;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.readers.sync.sliding.SlidingRequest.Range;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests as they are read.
class SlidingRequestTest {
  private static final UserId ME = UserId.parse("@me:hearth.test");

  private static SlidingRequest of(String body) {
    return SlidingRequest.parse(
        MatrixJson.parseObject(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8)), ME);
  }

  private static String many(int count, String each) {
    return IntStream.range(0, count).mapToObj(each::formatted).collect(Collectors.joining(","));
  }

  @Test
  void rangesAreInTheirOrderAndApart() {
    SlidingRequest request =
        of("{'lists':{'a':{'timeline_limit':1,'ranges':[[20,30],[5,9],[0,6],[6,6],[10,10]]}}}");

    assertThat(Objects.requireNonNull(request.lists().get("a")).ranges())
        .isEqualTo(List.of(new Range(0, 9), new Range(10, 10), new Range(20, 30)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'lists':{'a':{'timeline_limit':1,'required_state':[%s]}}}",
        "{'lists':{'a':{'timeline_limit':1,'filters':{'room_types':[%s]}}}}",
        "{'lists':{'a':{'timeline_limit':1,'filters':{'not_room_types':[%s]}}}}",
        "{'lists':{'a':{'timeline_limit':1,'filters':{'tags':[%s]}}}}",
        "{'lists':{'a':{'timeline_limit':1,'filters':{'not_tags':[%s]}}}}",
        "{'extensions':{'typing':{'enabled':true,'lists':[%s]}}}",
        "{'extensions':{'typing':{'enabled':true,'rooms':[%s]}}}"
      })
  void allThatIsKeptOfARequestCounts(String body) {
    String each = body.contains("required_state") ? "['%d" : "'%d";
    String end = body.contains("required_state") ? "','']" : "'";

    long bytes = of(body.formatted(many(100, each + "x".repeat(200) + end))).bytes();

    assertThat(bytes).isBetween(100 * 400L, 100 * 800L);
  }

  @Test
  void namesAndRangesAndSubscriptionsCount() {
    String list = "'%d" + "x".repeat(200) + "':{'timeline_limit':1,'ranges':[[0,1],[5,6]]}";
    String subscription = "'!%d" + "x".repeat(200) + ":hearth.test':{'timeline_limit':1}";

    assertThat(of("{'lists':{" + many(100, list) + "}}").bytes()).isGreaterThan(100 * 480L);
    assertThat(of("{'room_subscriptions':{" + many(100, subscription) + "}}").bytes())
        .isGreaterThan(100 * 400L);
  }

  /// So that hundreds of clients wait at a time.
  @Test
  void whatClientsSendTakesLittle() {
    String state = "'required_state':[" + many(20, "['m.room.history_visibility%d','']") + "]";
    String subscription = "'!%%dr:hearth.test':{'timeline_limit':20,%s}".formatted(state);

    long bytes =
        of("{'lists':{'all_rooms':{'timeline_limit':1,'ranges':[[0,99]],%s}},".formatted(state)
                + "'room_subscriptions':{"
                + many(20, subscription)
                + "}}")
            .bytes();

    assertThat(bytes).isLessThan(20_000);
  }
}
