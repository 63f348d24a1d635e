package org.hearth.server.readers.sync.sliding;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What pairs of type and state key want, alone and together.
class RequiredStateTest {
  private static final UserId ME = UserId.parse("@me:hearth.test");

  private static RequiredState of(String pairs) {
    String body = "{'required_state':[" + pairs + "]}";
    return RequiredState.parse(
        Fields.of(MatrixJson.parseObject(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8))),
        ME);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ['m.room.name','']                               | m.room.name   |                 | true
          ['m.room.name','']                               | m.room.name   | x               | false
          ['m.room.name','']                               | m.room.topic  |                 | false
          ['m.space.child','*']                            | m.space.child | !a:b            | true
          ['*','@a:b']                                     | m.room.member | @a:b            | true
          ['*','@a:b']                                     | m.room.member | @c:d            | false
          ['*','$ME']                                      | org.any       | @me:hearth.test | true
          ['*','*']                                        | org.any       | x               | true
          ['*','*'],['m.room.member','@a:b']               | m.room.member | @a:b            | true
          ['*','*'],['m.room.member','@a:b']               | m.room.member | @c:d            | false
          ['*','*'],['m.room.member','$LAZY']              | m.room.member | @a:b            | false
          ['*','*'],['m.room.member','$LAZY']              | m.room.name   |                 | true
          ['*','*'],['m.room.member','*']                  | m.room.member | @a:b            | true
          ['m.room.member','$ME']                          | m.room.member | @me:hearth.test | true
          ['m.room.member','$ME']                          | m.room.member | $ME             | false
          """)
  void aPairWants(String pairs, String type, String key, boolean wanted) {
    StateKey asked = new StateKey(type, key == null ? "" : key);

    assertThat(of(pairs).wants(asked)).isEqualTo(wanted);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ['m.room.name','']                  | ['m.room.topic','']     | m.room.name   |      | true
          ['m.room.name','']                  | ['m.room.topic','']     | m.room.topic  |      | true
          ['*','*'],['m.room.member','@a:b']  | ['m.room.member','@c:d']| m.room.member | @c:d | true
          ['*','*'],['m.room.member','@a:b']  | ['m.room.member','@c:d']| m.room.member | @e:f | false
          ['*','*'],['m.room.member','@a:b']  | ['m.room.member','*']   | m.room.member | @e:f | true
          ['*','*'],['m.room.member','@a:b']  | ['*','*']               | m.room.member | @e:f | true
          ['*','@a:b']                        | ['m.room.name','']      | org.any       | @a:b | true
          """)
  void twoWantWhatEitherWants(String one, String other, String type, String key, boolean wanted) {
    StateKey asked = new StateKey(type, key == null ? "" : key);

    assertThat(of(one).and(of(other)).wants(asked)).isEqualTo(wanted);
    assertThat(of(other).and(of(one))).isEqualTo(of(one).and(of(other)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ['m.room.member','$LAZY']                        | ['m.room.name','']      | true
          ['m.room.member','$LAZY']                        | ['m.room.member','*']   | false
          ['*','*'],['m.room.member','$LAZY']              | ['m.room.name','']      | true
          ['*','*'],['m.room.member','$LAZY']              | ['*','*']               | false
          ['m.room.member','$LAZY'],['m.room.member','*']  | ['m.room.name','']      | false
          """)
  void membersAreLazyUnlessAllAreWanted(String one, String other, boolean lazy) {
    assertThat(of(one).and(of(other)).lazyMembers()).isEqualTo(lazy);
  }
}
