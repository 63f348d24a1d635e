package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.Test;

/// `hearth media …`, typed while the server runs and when it does not.
class MediaCommandsTest extends TypedCommands {
  private static String upload(URI base, String token) throws Exception {
    HttpRequest upload =
        HttpRequest.newBuilder(URI.create(base + "/_matrix/media/v3/upload?filename=cat.png"))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "image/png")
            .POST(HttpRequest.BodyPublishers.ofString("a picture"))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      String answer = client.send(upload, HttpResponse.BodyHandlers.ofString()).body();
      return new ObjectMapper().readTree(answer).path("content_uri").asText();
    }
  }

  @Test
  void theOwnerSeesAndKeepsAndRemovesWhatPeopleUpload() throws Exception {
    configure("registration: { mode: open }\nmedia: { keep-free: 0 }\n");
    String uri;
    try (Homeserver server = server()) {
      server.start();
      URI base = URI.create(((ServerState.Running) server.state()).addresses().getFirst());
      String token =
          TestClient.of(base)
              .post(
                  "/_matrix/client/v3/register",
                  "{'username':'alice','password':'long enough to be one','auth':{'type':'m.login.dummy'}}")
              .expect(200)
              .text("access_token");
      uri = upload(base, token);
      String download = "/_matrix/client/v1/media/download/" + uri.substring("mxc://".length());

      assertThat(hearth("media", "status")).isZero();
      assertThat(said()).contains("1 file of people here", "@alice:hearth.test");
      assertThat(hearth("media", "list", "alice")).isZero();
      assertThat(said()).contains(uri, "image/png", "cat.png");
      assertThat(hearth("media", "quarantine", uri)).isZero();
      TestClient.of(base).as(token).get(download).expect(404, "M_NOT_FOUND");
      assertThat(hearth("media", "release", "--of", "alice")).isZero();
      assertThat(hearth("media", "protect", uri)).isZero();
      assertThat(hearth("media", "quarantine", uri)).isZero();
      assertThat(hearth("media", "show", uri)).isZero();
      assertThat(said()).contains(", protected", "@alice").doesNotContain("quarantine");
      assertThat(hearth("media", "unprotect", uri)).isZero();
      assertThat(hearth("media", "remove-unused", "1d", "--dry-run")).isZero();
      assertThat(said()).contains("That would be removed: 0 files");
    }
    assertThat(hearth("media", "check", "--read")).isZero();
    assertThat(said()).contains("Damaged: 0 files");
    assertThat(hearth("media", "delete", uri)).isZero();
    assertThat(hearth("media", "show", uri)).isEqualTo(Commands.REFUSED);
    assertThat(said()).contains("There is no media at " + uri);
    assertThat(hearth("media", "delete", "nonsense")).isEqualTo(Commands.REFUSED);
    assertThat(said()).contains("\"nonsense\" is not a valid mxc URI: it does not begin with");
    for (String[] ofNobody :
        List.of(
            new String[] {"media", "list", "@nobody:hearth.test"},
            new String[] {"media", "quarantine", "--of", "nobody"})) {
      assertThat(hearth(ofNobody)).isEqualTo(Commands.REFUSED);
      assertThat(said()).contains("There is no account @nobody:hearth.test on this server.");
    }
    assertThat(hearth("media", "quarantine")).isEqualTo(Commands.REFUSED);
    assertThat(hearth("media", "remove-unused", "soon")).isEqualTo(Commands.REFUSED);
  }

  @Test
  void aListThatIsNotWholeSaysSo() throws Exception {
    configure("");
    assertThat(hearth("user", "create", "alice")).isZero();
    assertThat(hearth("media", "list", "alice")).isZero();
    assertThat(said()).isEqualTo("@alice:hearth.test has uploaded nothing.\n");
    List<RowChange> many = new ArrayList<>();
    for (int i = 0; i < 1_001; i++) {
      long number = i;
      many.add(
          RowChange.of(
              new Table("media", "a test's", "the test"),
              "INSERT INTO media (media_id, user_id, sha256, length_bytes, content_type,"
                  + " uploaded_millis, used_millis, quarantined, protected, without_login, missing_millis)"
                  + " VALUES (?, '@alice:hearth.test', ?, 1, 'image/png', ?, 1, 0, 0, 0, 0)",
              (statement, _) -> {
                statement.setString(1, "m" + number);
                statement.setString(2, "0".repeat(64));
                statement.setLong(3, number);
              }));
    }
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      var _ = store.committer().commit("test", many, List.of());
    }

    assertThat(hearth("media", "list", "alice")).isZero();

    assertThat(said().lines())
        .hasSize(1_001)
        .last()
        .isEqualTo("There are more: these are the newest 1,000.");
  }
}
