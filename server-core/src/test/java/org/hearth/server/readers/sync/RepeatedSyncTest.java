package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A large answer that a device asks for again before it has it. Each of these is larger than what
/// the kernel takes for a client that does not read, so that the first one is under way.
@Tag("long")
class RepeatedSyncTest extends OneSyncServer {
  private static final int EVENTS = 320;
  private static final String LARGE = "x".repeat(50_000);
  private static final String FIRST_SYNC = "/_matrix/client/v3/sync?timeout=0";

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @AfterEach
  void close() {
    threads.shutdownNow();
    http.shutdownNow();
  }

  private static RoomId largeRoom(String owner) {
    RoomId room = rooms.open(owner, "shared");
    for (int i = 0; i < EVENTS; i++) {
      rooms.set(room, owner, "org.test.large", "" + i, "{'text':'" + LARGE + "'}");
    }
    return room;
  }

  /// @return when the head is there; nothing has been read of the body
  private HttpResponse<InputStream> open(String user, String device, String target)
      throws Exception {
    URI address = URI.create(server.http(user).base() + target);
    return http.send(
        HttpRequest.newBuilder(address)
            .header("Authorization", "Bearer " + user + "/" + device)
            .timeout(Duration.ofSeconds(60))
            .build(),
        HttpResponse.BodyHandlers.ofInputStream());
  }

  private static byte[] rest(HttpResponse<InputStream> answer) throws IOException {
    try (InputStream body = answer.body()) {
      return body.readAllBytes();
    }
  }

  /// Takes it, so that it goes on. On a machine that is busy it may have been ended for the one
  /// that waits.
  private void take(HttpResponse<InputStream> answer) {
    var _ = threads.submit(() -> rest(answer));
  }

  private static JsonNode json(byte[] answer) throws IOException {
    return new ObjectMapper().readTree(answer);
  }

  /// A client adds a number to each request, so that no cache answers it.
  @Test
  void aFirstSyncIsTheOneUnderWay() throws Exception {
    RoomId room = largeRoom("alice");
    rooms.join(room, "bob");
    HttpResponse<InputStream> first = open("alice", "PHONE", FIRST_SYNC + "&_cacheBuster=1");
    rooms.say(room, "bob", "said meanwhile");

    HttpResponse<InputStream> second =
        open("alice", "PHONE", "/_matrix/client/v3/sync?timeout=30000&_cacheBuster=2");
    take(first);

    JsonNode told = json(rest(second));
    assertThat(SyncClient.join(told, room).at("/timeline/events").toString())
        .doesNotContain("said meanwhile");
    // Nothing is lost: it is told next.
    String next = "/_matrix/client/v3/sync?since=" + told.path("next_batch").asText();
    assertThat(server.http("alice").get(next).expect(200).json().toString())
        .contains("said meanwhile");
  }

  @Test
  void aSyncThatAsksForSomethingElseIsItsOwn() throws Exception {
    RoomId room = largeRoom("carol");
    HttpResponse<InputStream> first = open("carol", "PHONE", FIRST_SYNC);

    String filter = "&filter=%7B%22room%22%3A%7B%22rooms%22%3A%5B%5D%7D%7D";
    JsonNode filtered = json(rest(open("carol", "PHONE", FIRST_SYNC + filter)));
    byte[] ofTablet = rest(open("carol", "TABLET", FIRST_SYNC));

    assertThat(SyncClient.join(filtered, room).isMissingNode()).isTrue();
    assertThat(SyncClient.join(json(ofTablet), room).isObject()).isTrue();
    first.body().close();
  }

  @Test
  void theWholeStateOfARoomIsTheOneUnderWay() throws Exception {
    RoomId room = largeRoom("dora");
    rooms.join(room, "eve");
    String target = "/_matrix/client/v3/rooms/" + room.value() + "/state";
    HttpResponse<InputStream> first = open("dora", "PHONE", target);
    rooms.set(room, "dora", "org.test.later", "", "{}");

    HttpResponse<InputStream> second = open("dora", "PHONE", target);
    take(first);

    assertThat(json(rest(second)).toString()).contains("org.test.large").doesNotContain("later");
  }

  /// Who has sent something finds it in what he asks for then.
  @Test
  void aReadThatFollowsAWriteSeesIt() throws Exception {
    RoomId room = largeRoom("frank");
    String target = "/_matrix/client/v3/rooms/" + room.value() + "/state";
    HttpResponse<InputStream> first = open("frank", "PHONE", target);
    server
        .http("frank", "TABLET")
        .put("/_matrix/client/v3/user/@frank:hearth.test/account_data/org.test", "{}")
        .expect(200);
    rooms.set(room, "frank", "org.test.later", "", "{}");

    Future<HttpResponse<InputStream>> second = threads.submit(() -> open("frank", "PHONE", target));
    take(first);

    assertThat(json(rest(second.get(60, TimeUnit.SECONDS))).toString()).contains("org.test.later");
  }
}
