package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Answers that are not as the specification defines them are found.
class SpecifiedAnswersTest {
  private static final String JSON = "application/json";
  private static final String WHOAMI = "/_matrix/client/v3/account/whoami";

  @BeforeEach
  void theDefinitionsAreHere() {
    Assumptions.assumeTrue(SpecifiedAnswers.areThere(), "the definitions are not here");
  }

  private static void check(String target, int status, String body) {
    SpecifiedAnswers.check("GET", target, status, JSON, json(body));
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text.replace('\'', '"'));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void allThatIsWrongWithAnAnswerIsTold() {
    assertThatCode(() -> check(WHOAMI, 200, "{'user_id': '@a:b'}")).doesNotThrowAnyException();

    assertThatThrownBy(() -> check(WHOAMI + "?a=b", 200, "{'device_id': 5}"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll("user_id", "device_id", WHOAMI);
  }

  /// Schemas refer to other files, and to other places of their own.
  @Test
  void referencesAreFollowed() {
    String relations = "/_matrix/client/v1/rooms/!a:b/relations/$c";
    String event =
        "{'type': 't', 'content': {}, 'event_id': '$e', 'sender': '@a:b', 'room_id': '!a:b',"
            + " 'origin_server_ts': 1}";
    assertThatCode(() -> check(relations, 200, "{'chunk': [%s]}".formatted(event)))
        .doesNotThrowAnyException();

    assertThatThrownBy(() -> check(relations, 200, "{}")).hasMessageContaining("chunk");
    assertThatThrownBy(
            () -> check(relations, 200, "{'chunk': [%s]}".formatted(event.replace("'t'", "7"))))
        .hasMessageContaining("/chunk/0/type");
  }

  @Test
  void errorsAreAnyOfTheApi() {
    assertThatCode(() -> check(WHOAMI, 418, "{'errcode': 'M_TEAPOT'}")).doesNotThrowAnyException();

    assertThatThrownBy(() -> check(WHOAMI, 403, "{'error': 'no'}")).hasMessageContaining("errcode");
  }

  @Test
  void whatIsToBeJsonIsNothingElse() {
    assertThatThrownBy(
            () -> SpecifiedAnswers.check("GET", WHOAMI, 200, "text/html", json("'text'")))
        .hasMessageContaining("text/html");
  }

  @Test
  void whatIsNotSpecifiedIsNotChecked() {
    assertThatCode(() -> check("/_matrix/client/unstable/org.test/x", 200, "[]"))
        .doesNotThrowAnyException();
    assertThatCode(() -> SpecifiedAnswers.check("PATCH", WHOAMI, 200, JSON, json("[]")))
        .doesNotThrowAnyException();
  }

  @Test
  void theOldPathsAreThoseOfToday() {
    assertThatThrownBy(() -> check("/_matrix/client/r0/account/whoami", 200, "{}"))
        .hasMessageContaining("user_id");
  }

  @Test
  void theOperationsAreListed() {
    assertThat(SpecifiedAnswers.operations("client-server"))
        .contains("GET " + WHOAMI, "PUT /_matrix/client/v3/rooms/{roomId}/typing/{userId}");
  }
}
