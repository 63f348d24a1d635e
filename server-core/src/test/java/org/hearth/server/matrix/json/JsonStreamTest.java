package org.hearth.server.matrix.json;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonStreamTest {
  private static JsonStream over(String json) throws IOException {
    return new JsonStream(new ByteArrayInputStream(json.getBytes(UTF_8)));
  }

  /// What a list `x` has, each an element's JSON or why it is refused.
  private static List<String> elements(String json) throws IOException {
    List<String> all = new ArrayList<>();
    try (JsonStream stream = over(json)) {
      for (Optional<String> name = stream.nextMember();
          name.isPresent();
          name = stream.nextMember()) {
        if (!name.get().equals("x")) {
          stream.skip();
          continue;
        }
        while (stream.nextElement()) {
          all.add(
              switch (stream.value(10_000)) {
                case JsonStream.Value.Read(JsonNode read) ->
                    new String(MatrixJson.write(read), UTF_8);
                case JsonStream.Value.Refused(String why) -> why;
              });
        }
      }
    }
    return all;
  }

  @Test
  void elementsAreReadOneAfterTheOtherAndTheRestIsPassedOver() throws IOException {
    assertThat(
            elements(
                "{\"a\":{\"x\":[1]},\"x\":[{\"b\":[1,{}]},2,\"c\",null],\"z\":[[]],\"y\":1.5}"))
        .containsExactly("{\"b\":[1,{}]}", "2", "\"c\"", "null");
  }

  @Test
  void anElementThatIsRefusedCostsOnlyItself() throws IOException {
    assertThat(
            elements(
                "{\"x\":[{\"a\":{\"b\":1,\"b\":[{}]},\"c\":[[]]},1,{\"a\":\"\\ud800\"},2,[[[],"
                    + "1e400]],3,["
                    + "0,".repeat(500)
                    + "0],4]}"))
        .containsExactly(
            "A key occurs twice in one object",
            "1",
            "A string has an unpaired surrogate",
            "2",
            "A number is too large",
            "3",
            "The JSON takes too much memory",
            "4");
  }

  /// Other servers take such events: a room that has one is not to be closed to us for that.
  @Test
  void alsoAnElementThatIsNestedFarTooDeeplyOrHasAHugeNumberCostsOnlyItself() throws IOException {
    String deep = "[{\"d\":".repeat(450) + "{\"a\":[{}],\"b\":[1]}" + "}]".repeat(450);
    assertThat(
            elements(
                "{\"z\":%s,\"x\":[%s,1,%s,2],\"y\":[%s]}"
                    .formatted(deep, deep, "7".repeat(100), deep)))
        .containsExactly(
            "The JSON is nested too deeply", "1", "A number has more than 64 characters", "2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"x\":[1",
        "{\"x\":[1}",
        "{\"x\":[1] \"y\"}",
        "{\"x\":[nope]}",
        "{\"x\":[\"\u0001\"]}"
      })
  void whatIsNoJsonIsRefusedWhole(String json) {
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() -> elements(json))
        .matches(e -> e.errcode().equals("M_NOT_JSON"));
  }

  @Test
  void emptyIsNoJson() {
    assertThatExceptionOfType(MatrixException.class).isThrownBy(() -> elements(""));
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() {
    for (String bytes : List.of("\u00c0\u0080", "\u00ed\u00a0\u0080", "\u00ff", "\u00e4")) {
      InputStream in =
          new ByteArrayInputStream(("{\"x\":[\"" + bytes + "\"]}").getBytes(ISO_8859_1));
      assertThatExceptionOfType(MatrixException.class)
          .isThrownBy(() -> {
            try (JsonStream stream = new JsonStream(in)) {
              var _ = stream.nextMember();
              var _ = stream.nextElement();
              var _ = stream.value(1_000);
            }
          });
    }
  }

  /// A parser keeps something for each level, and a string as a whole.
  @Test
  void depthAndLengthAreBoundedAlsoOfWhatIsPassedOver() {
    for (String json :
        List.of(
            "{\"a\":" + "[".repeat(1_000) + "]".repeat(1_000) + "}",
            "{\"x\":[\"" + "a".repeat(JsonStream.MOST_CHARS + 1))) {
      assertThatExceptionOfType(MatrixException.class).isThrownBy(() -> elements(json));
    }
  }

  /// What comes before the end of the stream is there at once.
  @Test
  void aFailureOfTheStreamIsTheCallers() {
    InputStream broken =
        new InputStream() {
          private int at;

          @Override
          public int read() throws IOException {
            if (at == 5) {
              throw new IOException("broken");
            }
            return "{\"x\":".charAt(at++);
          }

          @Override
          public int read(byte[] into, int offset, int length) throws IOException {
            into[offset] = (byte) read();
            return 1;
          }
        };
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> {
          try (JsonStream stream = new JsonStream(broken)) {
            var _ = stream.nextMember();
          }
        })
        .withMessage("broken");
  }
}
