package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is just within the limits is taken, and one byte more is not.
@Tag("long")
class LargestRequestsTest {
  private final Path folder;
  private final PopulatedServer house;

  LargestRequestsTest(@TempDir Path folder) {
    this.folder = folder;
    this.house = new PopulatedServer(folder);
  }

  @BeforeEach
  void start() throws StartFailedException {
    house.start();
    house.populate();
  }

  @AfterEach
  void stop() {
    house.close();
  }

  /// "The complete event MUST NOT be larger than 65536 bytes, when formatted with the federation
  /// event format, including any signatures, and encoded as Canonical JSON."
  @Test
  void anEventOf65536BytesIsTakenAndOneMoreByteIsNot() {
    int taken = 60_000;
    int refused = 65_536;
    while (refused - taken > 1) {
      int length = (taken + refused) / 2;
      Answer answer = message("x".repeat(length));
      if (answer.status() == 200) {
        taken = length;
      } else {
        answer.expect(413, "M_TOO_LARGE");
        refused = length;
      }
    }
    String largest = message("x".repeat(taken)).expect(200).text("event_id");
    String shown =
        house
            .client("bob")
            .get(rooms() + "/event/" + encoded(largest))
            .expect(200)
            .at("/content/body")
            .asText();
    house.stop();

    assertThat(shown).hasSize(taken);
    assertThat(largestStoredEvent()).isEqualTo(65_536);
  }

  @Test
  void bytesAreCountedNotLetters() {
    message("é".repeat(32_000)).expect(200);
    message("é".repeat(32_768)).expect(413, "M_TOO_LARGE");
    message("\\u00e9".repeat(32_000)).expect(200);
    message("\\ud83d\\ude00".repeat(16_000)).expect(200);
    message("\\u0000".repeat(11_000)).expect(413, "M_TOO_LARGE");
  }

  @Test
  void namesOf255BytesAreTaken() {
    TestClient alice = house.client("alice");
    String longest = "é".repeat(127) + "x";
    assertThat(longest.getBytes(StandardCharsets.UTF_8)).hasSize(255);
    String name = encoded(longest);

    for (String target :
        List.of(
            rooms() + "/send/" + name + "/1",
            rooms() + "/send/m.room.message/" + name,
            rooms() + "/state/" + name,
            rooms() + "/state/org.test/" + name,
            "/_matrix/client/v3/user/@alice:hearth.test/account_data/" + name,
            user() + "/tags/" + name)) {
      alice.put(target, "{}").expect(200);
      alice.get("/_matrix/client/v3/sync").expect(200);
    }
    assertThat(alice.get(rooms() + "/state/org.test/" + name).expect(200).json()).isEmpty();
    assertThat(alice.get(user() + "/tags").expect(200).json().path("tags").has(longest)).isTrue();
  }

  @Test
  void contentOf95LevelsIsTakenAndShown() {
    String deep = "{'a': ".repeat(95) + "1" + "}".repeat(95);

    String event =
        house
            .client("alice")
            .put(rooms() + "/send/org.test/deep", deep)
            .expect(200)
            .text("event_id");

    assertThat(
            house
                .client("bob")
                .get(rooms() + "/event/" + encoded(event))
                .expect(200)
                .at("/content/a/a/a")
                .isObject())
        .isTrue();
    house.client("bob").get("/_matrix/client/v3/sync").expect(200);
  }

  private Answer message(String body) {
    return house
        .client("alice")
        .put(
            rooms() + "/send/m.room.message/" + System.nanoTime(),
            "{'msgtype': 'm.text', 'body': '" + body + "'}");
  }

  private String rooms() {
    return "/_matrix/client/v3/rooms/" + encoded(house.named("room"));
  }

  private String user() {
    return "/_matrix/client/v3/user/@alice:hearth.test/rooms/" + encoded(house.named("room"));
  }

  private long largestStoredEvent() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      return store
          .reads()
          .read(connection -> {
            try (Statement statement = connection.createStatement();
                ResultSet row =
                    statement.executeQuery("SELECT MAX(LENGTH(json_large)) FROM room_event")) {
              row.next();
              return row.getLong(1);
            }
          });
    }
  }
}
