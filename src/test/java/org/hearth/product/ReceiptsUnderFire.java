package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.encoded;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/// Receipts, public and private, and markers of what was fully read: each stands at the furthest
/// event that was acknowledged, or at one further on whose answer was lost.
final class ReceiptsUnderFire implements UnderFire {
  private static final String FULLY_READ = "m.fully_read";
  private static final List<String> TYPES = List.of("m.read", "m.read.private", FULLY_READ);
  private static final String FILTER =
      """
      {"presence": {"types": []}, "account_data": {"types": []}, "room": {"state": {"types": []}, \
      "timeline": {"limit": 1}, "ephemeral": {"types": ["m.receipt"]}, \
      "account_data": {"types": ["m.fully_read"]}}}\
      """;

  private final List<Person> people;
  private final List<String> rooms;
  private final Acknowledged events;
  private final Map<Marker, Set<String>> asked = new ConcurrentHashMap<>();
  private final Map<Marker, Set<String>> acknowledged = new ConcurrentHashMap<>();

  private record Marker(int client, String room, String type) {}

  /// @param events of which some are read
  ReceiptsUnderFire(List<Person> people, List<String> rooms, Acknowledged events) {
    this.people = people;
    this.rooms = rooms;
    this.events = events;
  }

  @Override
  public void act(int client, String name, SplittableRandom random) {
    String room = rooms.get(random.nextInt(rooms.size()));
    List<String> readable =
        events.events().entrySet().stream()
            .filter(each -> each.getKey().room().equals(room))
            .map(Map.Entry::getValue)
            .toList();
    if (readable.isEmpty()) {
      return;
    }
    String event = readable.get(random.nextInt(readable.size()));
    String type = TYPES.get(random.nextInt(TYPES.size()));
    Marker marker = new Marker(client, room, type);
    note(asked, marker, event);
    people
        .get(client)
        .http()
        .post(Crowd.path(room) + "/receipt/" + type + "/" + encoded(event), object())
        .granted();
    note(acknowledged, marker, event);
  }

  private static void note(Map<Marker, Set<String>> ledger, Marker marker, String event) {
    ledger.computeIfAbsent(marker, _ -> ConcurrentHashMap.newKeySet()).add(event);
  }

  @Override
  public void check(String context) {
    Map<String, List<String>> order = new HashMap<>();
    for (String room : rooms) {
      order.put(room, Timeline.of(people.getFirst().http(), room).ids());
    }
    for (int i = 0; i < people.size(); i++) {
      int client = i;
      Person person = people.get(client);
      JsonNode told = person.sync(FILTER, "").path("rooms").path("join");
      acknowledged.forEach((marker, reached) -> {
        if (marker.client() == client) {
          List<String> ids = order.getOrDefault(marker.room(), List.of());
          String event = event(told.path(marker.room()), marker.type(), person.user());
          int furthest = reached.stream().mapToInt(ids::indexOf).max().orElseThrow();
          assertThat(ids.indexOf(event))
              .as("%s: %s", context, marker)
              .isGreaterThanOrEqualTo(furthest);
          assertThat(asked.get(marker)).as("%s: %s", context, marker).contains(event);
        }
      });
    }
  }

  /// The event at which the user's marker stands; empty for none.
  private static String event(JsonNode room, String type, String user) {
    if (type.equals(FULLY_READ)) {
      return room.at("/account_data/events/0/content/event_id").asText();
    }
    for (JsonNode receipts : room.at("/ephemeral/events")) {
      for (var each : receipts.path("content").properties()) {
        if (each.getValue().path(type).has(user)) {
          return each.getKey();
        }
      }
    }
    return "";
  }
}
