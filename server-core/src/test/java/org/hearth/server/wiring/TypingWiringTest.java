package org.hearth.server.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The boxes and logs of typing in a whole server: they show themselves, and typing goes through
/// them.
@Tag("long")
class TypingWiringTest {
  @TempDir Path folder;

  @Test
  void boxesAndArrowsOfTypingAreInThePictureAndCount() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      String room = alice.post("/_matrix/client/v3/createRoom", "{}").expect(200).text("room_id");
      alice
          .put(
              "/_matrix/client/v3/rooms/%s/typing/@alice:hearth.test".formatted(room),
              "{'typing':true}")
          .expect(200);
      JsonNode answer = alice.get("/_matrix/client/v3/sync").expect(200).json();

      WiringPicture picture = server.homeserver().admin().orElseThrow().wiring();

      assertThat(
              answer.path("rooms").path("join").path(room).at("/ephemeral/events/0/type").asText())
          .isEqualTo("m.typing");
      assertThat(picture.nodes())
          .contains(
              new WiringPicture.Node("ClientTypingSetter", WiringPicture.Kind.WRITER, "Who types"),
              new WiringPicture.Node("TypingServer", WiringPicture.Kind.SERVER, "Keeps who types"));
      assertThat(picture.arrows())
          .contains(
              new WiringPicture.Arrow("ClientTypingSetter", "typing-input"),
              new WiringPicture.Arrow("TypingServer", "typing-input"),
              new WiringPicture.Arrow("typing-input", "TypingServer"),
              new WiringPicture.Arrow("room-output", "TypingServer"),
              new WiringPicture.Arrow("TypingServer", "typing-output"),
              new WiringPicture.Arrow("typing-output", "ClientSync"));
      assertThat(picture.rings())
          .filteredOn(each -> each.name().startsWith("typing-"))
          .hasSize(2)
          .allMatch(each -> each.published() > 0);
    }
  }

  @Test
  void entriesAreCountedByTheBoxThatWritesThem() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      Map<String, Map<String, Long>> before = writers(server);

      String room = alice.post("/_matrix/client/v3/createRoom", "{}").expect(200).text("room_id");
      alice
          .put(
              "/_matrix/client/v3/rooms/%s/typing/@alice:hearth.test".formatted(room),
              "{'typing':true}")
          .expect(200);

      Map<String, Map<String, Long>> after = writers(server);
      assertThat(grown(before, after, "typing-input"))
          .containsExactly(Map.entry("ClientTypingSetter", 1L));
      assertThat(grown(before, after, "room-input")).containsOnlyKeys("ClientRoomSend");
      // Readers that keep tables of rooms commit, too; those who only write to logs do not.
      assertThat(grown(before, after, "commit"))
          .containsKey("RoomServer")
          .doesNotContainKeys("ClientRoomSend", "ClientTypingSetter", "TypingServer");
    }
  }

  private static Map<String, Map<String, Long>> writers(WholeServer server) {
    return server.homeserver().admin().orElseThrow().wiring().rings().stream()
        .collect(Collectors.toMap(WiringPicture.Ring::name, WiringPicture.Ring::writers));
  }

  private static Map<String, Long> grown(
      Map<String, Map<String, Long>> before, Map<String, Map<String, Long>> after, String ring) {
    Map<String, Long> more = new HashMap<>();
    after
        .getOrDefault(ring, Map.of())
        .forEach((box, count) ->
            more.put(box, count - before.getOrDefault(ring, Map.of()).getOrDefault(box, 0L)));
    more.values().removeIf(count -> count == 0);
    return more;
  }
}
