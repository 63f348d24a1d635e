package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.hearth.server.http.RawClient;
import org.hearth.server.http.RawClient.RawAnswer;
import org.hearth.server.http.SpecifiedAnswers;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Everything that clients may get wrong, at every endpoint of a whole server: each gets the status
/// and the error code of the specification, and none of it leaves a trace in the database.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("long")
class WrongRequestsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// What people read has no names of constants.
  private static final Pattern NAME_IN_THE_CODE = Pattern.compile("\\b[A-Z]{2,}_[A-Z_]+\\b");

  private final Path folder;
  private final PopulatedServer house;

  WrongRequestsTest(@TempDir Path folder) {
    this.folder = folder;
    this.house = new PopulatedServer(folder);
  }

  @AfterAll
  void stop() {
    house.close();
  }

  @TestFactory
  Stream<DynamicNode> requestsThatCannotBeGranted() throws StartFailedException {
    house.start();
    house.populate();
    house.stop();
    StoredTables before = StoredTables.of(folder);
    house.start();

    List<DynamicNode> all = new ArrayList<>();
    for (String family : List.of("accounts", "people", "directory", "rooms", "history")) {
      all.add(family(family, WrongRequest.read(family + ".txt")));
    }
    all.add(family("tokens that open nothing", Endpoint.badTokens()));
    all.add(family("methods and paths that are not there", Endpoint.badTargets()));
    all.add(family("bodies that no endpoint takes", Endpoint.badBodies()));
    all.add(family("fields of a wrong type", TypedFields.all()));
    all.add(
        DynamicContainer.dynamicContainer(
            "what a browser asks before",
            Endpoint.all().stream()
                .map(each ->
                    DynamicTest.dynamicTest(
                        "OPTIONS " + each.path(), () -> isAnsweredToBrowsers(each)))));
    all.add(DynamicTest.dynamicTest("nothing has changed", () -> nothingHasChanged(before)));
    all.add(DynamicTest.dynamicTest("the server is well", this::theServerIsWell));
    return all.stream();
  }

  private DynamicContainer family(String name, List<WrongRequest> rows) {
    return DynamicContainer.dynamicContainer(
        "%s: %d rows".formatted(name, rows.size()),
        rows.stream().map(row -> DynamicTest.dynamicTest(row.toString(), () -> isRefused(row))));
  }

  private void isRefused(WrongRequest row) throws JsonProcessingException {
    try (RawClient client = new RawClient(house.port())) {
      String token = house.token(row.sender());
      StringBuilder head =
          new StringBuilder(row.method())
              .append(' ')
              .append(row.target(house::named))
              .append(" HTTP/1.1\r\nHost: localhost\r\n");
      if (!token.isEmpty()) {
        head.append("Authorization: Bearer ").append(token).append("\r\n");
      }
      String body = "";
      if (row.hasBody()) {
        body = row.bytes(house::named);
        head.append("Content-Type: application/json\r\nContent-Length: ")
            .append(body.length())
            .append("\r\n");
      }
      RawAnswer answer = client.send(head.append("\r\n").append(body).toString()).answer();

      assertThat(answer.status()).as(answer.body()).isEqualTo(row.status());
      assertThat(answer.header("Content-Type")).isEqualTo("application/json");
      assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
      JsonNode said = JSON.readTree(answer.body());
      SpecifiedAnswers.check(
          row.method(),
          row.target(house::named),
          answer.status(),
          answer.header("Content-Type"),
          said);
      if (!row.errcode().equals("-")) {
        assertThat(said.path("errcode").asText()).as(answer.body()).isEqualTo(row.errcode());
        assertThat(said.path("error").asText())
            .as(answer.body())
            .isNotEmpty()
            .doesNotContainPattern(NAME_IN_THE_CODE);
      }
      if (row.status() == 405 && row.errcode().equals("M_UNRECOGNIZED")) {
        assertThat(answer.header("Allow")).contains("OPTIONS").doesNotContain(row.method());
      }
      if (row.errcode().equals("M_UNKNOWN_TOKEN") && !row.path().equals("/refresh")) {
        // "soft_logout": only who lets his token run out may keep what he has.
        assertThat(said.path("soft_logout").asBoolean())
            .as(answer.body())
            .isEqualTo(row.sender().equals("expired"));
      }
    }
  }

  /// "Servers MUST expect that clients will approach them with `OPTIONS` requests."
  private void isAnsweredToBrowsers(Endpoint endpoint) {
    WrongRequest asked = new WrongRequest("", "nobody", "OPTIONS", endpoint.path(), "-", 204, "-");
    try (RawClient client = new RawClient(house.port())) {
      RawAnswer answer = client.request("OPTIONS", asked.target(house::named)).answer();

      assertThat(answer.status()).isEqualTo(204);
      assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
      assertThat(answer.header("Access-Control-Allow-Methods")).contains(endpoint.method());
      assertThat(answer.header("Access-Control-Allow-Headers")).contains("Authorization");
    }
  }

  private void nothingHasChanged(StoredTables before) throws StartFailedException {
    house.stop();
    try {
      assertThat(StoredTables.of(folder).tables()).isEqualTo(before.tables());
    } finally {
      house.start();
    }
  }

  private void theServerIsWell() {
    TestClient alice = house.client("alice");
    TestClient bob = house.client("bob");
    String since = bob.get("/_matrix/client/v3/sync").expect(200).text("next_batch");

    String event = house.send(alice, "room");

    JsonNode news =
        bob.get("/_matrix/client/v3/sync?timeout=10000&since=" + since).expect(200).json();
    assertThat(news.findValuesAsText("event_id")).contains(event);
    assertThat(house.server().admin().orElseThrow().overview().storageWritable()).isTrue();
  }
}
