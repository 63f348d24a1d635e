package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.encoded;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/// Unread counts: who reads in a room in which others write has as many notifications as there are
/// messages after the event that was read, and as many highlights as of these mention the reader.
final class CountsUnderFire implements UnderFire {
  /// So many of a room's newest events are counted.
  private static final int MOST = 256;

  private static final String FILTER =
      """
      {"presence": {"types": []}, "account_data": {"types": []}, "room": {"state": {"types": []}, \
      "timeline": {"limit": 1}, "ephemeral": {"types": ["m.receipt"]}}}\
      """;

  private final List<Person> people;
  private final Person reader;
  private final String room;

  /// The newest message of each writer that was acknowledged.
  private final Map<Integer, String> newest = new ConcurrentHashMap<>();

  CountsUnderFire(List<Person> people) {
    this.people = people;
    reader = people.getFirst();
    room = Crowd.makeRoom(reader.http());
    people.forEach(each -> each.http().post(Crowd.path(room) + "/join", object()).granted());
  }

  @Override
  public void act(int client, String name, SplittableRandom random) {
    if (client == 0) {
      read(random);
      return;
    }
    var message = object().put("msgtype", "m.text").put("body", name);
    if (random.nextInt(4) == 0) {
      message.putObject("m.mentions").putArray("user_ids").add(reader.user());
    }
    newest.put(
        client,
        people
            .get(client)
            .http()
            .put(Crowd.path(room) + "/send/m.room.message/" + name, message)
            .granted()
            .path("event_id")
            .textValue());
  }

  private void read(SplittableRandom random) {
    String event = newest.get(1 + random.nextInt(people.size() - 1));
    if (event != null) {
      reader
          .http()
          .post(Crowd.path(room) + "/receipt/m.read/" + encoded(event), object())
          .granted();
    }
  }

  @Override
  public void check(String context) {
    JsonNode told = reader.sync(FILTER, "").path("rooms").path("join").path(room);
    List<JsonNode> events = Timeline.of(reader.http(), room).events();
    String read = read(told);
    int from = 0;
    for (int i = 0; i < events.size(); i++) {
      if (events.get(i).path("event_id").asText().equals(read)) {
        from = i + 1;
      }
    }
    List<JsonNode> unread =
        events.subList(from, events.size()).stream()
            .filter(each -> each.path("type").asText().equals("m.room.message"))
            .toList();
    List<JsonNode> counted = unread.subList(Math.max(0, unread.size() - MOST), unread.size());
    long mentions =
        counted.stream().filter(each -> !each.at("/content/m.mentions").isMissingNode()).count();
    JsonNode counts = told.path("unread_notifications");
    assertThat(counts.path("notification_count").asLong()).as(context).isEqualTo(counted.size());
    assertThat(counts.path("highlight_count").asLong()).as(context).isEqualTo(mentions);
  }

  /// The event that the reader has read; empty for none.
  private String read(JsonNode told) {
    for (JsonNode receipts : told.at("/ephemeral/events")) {
      for (var each : receipts.path("content").properties()) {
        if (each.getValue().path("m.read").has(reader.user())) {
          return each.getKey();
        }
      }
    }
    return "";
  }
}
