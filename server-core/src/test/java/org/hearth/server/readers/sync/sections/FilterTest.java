package org.hearth.server.readers.sync.sections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.readers.events.EventFilter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilterTest {
  private static final RoomId ROOM = RoomId.parse("!room:hearth.test");

  @Test
  void anEmptyFilterAdmitsAll() {
    assertThat(Filter.parse(json("{}"))).isEqualTo(Filter.ALL);
    assertThat(timeline("{}").admitsEveryEvent()).isTrue();
  }

  @Test
  void nullCountsAsAbsent() {
    assertThat(
            Filter.parse(
                json(
                    "{'room':{'timeline':{'limit':null,'types':null},'state':null},'presence':null}")))
        .isEqualTo(Filter.ALL);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'types':['m.room.*']}                                 | m.room.message | @a:x | true",
        "{'types':['m.room.*']}                                 | m.reaction     | @a:x | false",
        "{'types':[]}                                           | m.room.message | @a:x | false",
        "{'not_types':['m.room.*']}                             | m.room.message | @a:x | false",
        "{'types':['m.room.message'],'not_types':['m.room.*']}  | m.room.message | @a:x | false",
        "{'senders':['@a:x']}                                   | m.room.message | @a:x | true",
        "{'senders':['@a:x']}                                   | m.room.message | @b:x | false",
        "{'senders':[]}                                         | m.room.message | @a:x | false",
        "{'not_senders':['@a:x']}                               | m.room.message | @a:x | false",
        "{'senders':['@a:x'],'not_senders':['@a:x']}            | m.room.message | @a:x | false",
        "{'contains_url':true}                                  | m.room.message | @a:x | false",
        "{'contains_url':false}                                 | m.room.message | @a:x | true",
        "{'contains_url':true}                                  | with.url       | @a:x | true",
        "{'contains_url':false}                                 | with.url       | @a:x | false",
      })
  void admitsByTypeSenderAndUrl(String filter, String type, String sender, boolean admitted) {
    ObjectNode content = json(type.equals("with.url") ? "{'url':'mxc://x/y'}" : "{'body':'x'}");

    assertThat(timeline(filter.strip()).admits(type, sender, content)).isEqualTo(admitted);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                                                                    | true",
        "{'rooms':['!room:hearth.test']}                                       | true",
        "{'rooms':['!other:hearth.test']}                                      | false",
        "{'rooms':[]}                                                          | false",
        "{'not_rooms':['!room:hearth.test']}                                   | false",
        "{'rooms':['!room:hearth.test'],'not_rooms':['!room:hearth.test']}     | false",
      })
  void admitsByRoom(String filter, boolean admitted) {
    Filter whole = Filter.parse(json("{'room':" + filter.strip() + "}"));

    assertThat(timeline(filter.strip()).admitsRoom(ROOM)).isEqualTo(admitted);
    assertThat(whole.room().admits(ROOM)).isEqualTo(admitted);
  }

  @ParameterizedTest
  @CsvSource({"{}, 10", "{'limit':5}, 5", "{'limit':0}, 0", "{'limit':1000}, 100"})
  void limitHasADefaultAndAMaximum(String filter, int limit) {
    assertThat(timeline(filter).limit(10, 100)).isEqualTo(limit);
  }

  @Test
  void theLargestIntegerOfJsonIsTheMaximum() {
    assertThat(timeline("{'limit':9007199254740991}").limit(10, 100)).isEqualTo(100);
  }

  @Test
  void lazyLoadingMayBeAskedForInEitherPart() {
    assertThat(filter("{'room':{'state':{'lazy_load_members':true}}}").room().lazyLoadMembers())
        .isTrue();
    assertThat(filter("{'room':{'timeline':{'lazy_load_members':true}}}").room().lazyLoadMembers())
        .isTrue();
    assertThat(Filter.ALL.room().lazyLoadMembers()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'event_fields':'type'}",
        "{'event_fields':[1]}",
        "{'event_format':'peer'}",
        "{'event_format':7}",
        "{'presence':'not_an_object'}",
        "{'account_data':[]}",
        "{'room':'x'}",
        "{'room':{'include_leave':'yes'}}",
        "{'room':{'rooms':'!a:b'}}",
        "{'room':{'rooms':['not-a-room']}}",
        "{'room':{'not_rooms':['@a:b']}}",
        "{'room':{'timeline':'x'}}",
        "{'room':{'timeline':{'limit':-1}}}",
        "{'room':{'timeline':{'limit':1.5}}}",
        "{'room':{'timeline':{'limit':9007199254740992}}}",
        "{'room':{'timeline':{'limit':'10'}}}",
        "{'room':{'timeline':{'limit':true}}}",
        "{'room':{'timeline':{'types':{}}}}",
        "{'room':{'timeline':{'types':[null]}}}",
        "{'room':{'timeline':{'senders':['not-a-user']}}}",
        "{'room':{'timeline':{'not_senders':[5]}}}",
        "{'room':{'timeline':{'rooms':['not-a-room']}}}",
        "{'room':{'timeline':{'contains_url':1}}}",
        "{'room':{'state':{'lazy_load_members':'true'}}}",
        "{'room':{'state':{'include_redundant_members':0}}}",
        "{'room':{'ephemeral':7}}",
        "{'room':{'account_data':{'types':'m.tag'}}}",
      })
  void refusesWhatIsNoFilter(String text) {
    assertThatThrownBy(() -> filter(text))
        .isInstanceOfSatisfying(
            MatrixException.class, refusal -> assertThat(refusal.is(Errcode.BAD_JSON)).isTrue());
  }

  @Test
  void namesTheFieldThatIsWrong() {
    assertThatThrownBy(() -> filter("{'room':{'timeline':{'limit':'ten'}}}"))
        .hasMessageContaining("room.timeline.limit must be a whole number");
  }

  /// Each of those with stars is compared with each event.
  @ParameterizedTest
  @ValueSource(strings = {"types", "not_types"})
  void typesWithStarsAreFewAndNoneIsLongerThanATypeMayBe(String name) {
    String whole = types(name, 1_000, "org.example.%d");
    String few = types(name, 50, "org.example.%d.*");
    String many = types(name, 51, "org.example.%d.*");
    String longest = "{'%s':['%s*']}".formatted(name, "x".repeat(254));
    String tooLong = "{'%s':['%s*']}".formatted(name, "x".repeat(255));

    assertThat(timeline(whole).admitsType("org.example.999")).isEqualTo(name.equals("types"));
    assertThat(timeline(few).admitsType("org.example.49.x")).isEqualTo(name.equals("types"));
    assertThat(timeline(longest).admitsType("org.example")).isEqualTo(name.equals("not_types"));
    assertThatThrownBy(() -> timeline(many))
        .hasMessageContaining("room.timeline.%s must be an array in which at most 50", name);
    assertThatThrownBy(() -> timeline(tooLong))
        .hasMessageContaining("room.timeline.%s must be an array of types", name);
  }

  private static String types(String name, int count, String type) {
    return IntStream.range(0, count)
        .mapToObj(each -> "'" + type.formatted(each) + "'")
        .collect(Collectors.joining(",", "{'" + name + "':[", "]}"));
  }

  private static EventFilter timeline(String text) {
    return filter("{'room':{'timeline':" + text + "}}").room().timeline();
  }

  private static Filter filter(String text) {
    return Filter.parse(json(text));
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
