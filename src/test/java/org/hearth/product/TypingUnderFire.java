package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.encoded;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/// Typing, which is not kept: whoever was told that somebody types is told that nobody does.
final class TypingUnderFire implements UnderFire {
  private static final String FILTER =
      """
      {"presence": {"types": []}, "account_data": {"types": []}, "room": {"state": {"types": []}, \
      "timeline": {"types": []}, "ephemeral": {"types": ["m.typing"]}, \
      "account_data": {"types": []}}}\
      """;

  private final List<Person> people;
  private final List<String> rooms;

  /// What each client was told last.
  private final Map<Integer, Told> told = new ConcurrentHashMap<>();

  /// @param typing the rooms in which somebody types
  private record Told(String since, Set<String> typing) {}

  TypingUnderFire(List<Person> people, List<String> rooms) {
    this.people = people;
    this.rooms = rooms;
  }

  @Override
  public void act(int client, String name, SplittableRandom random) {
    Person person = people.get(client);
    String room = rooms.get(random.nextInt(rooms.size()));
    person
        .http()
        .put(
            Crowd.path(room) + "/typing/" + encoded(person.user()),
            object().put("typing", true).put("timeout", 120_000))
        .granted();
    told.put(client, sync(person, told.getOrDefault(client, new Told("", Set.of()))));
  }

  private static Told sync(Person person, Told before) {
    JsonNode news = person.sync(FILTER, before.since());
    Set<String> typing = new HashSet<>(before.typing());
    for (var room : news.path("rooms").path("join").properties()) {
      for (JsonNode each : room.getValue().at("/ephemeral/events")) {
        if (each.at("/content/user_ids").isEmpty()) {
          typing.remove(room.getKey());
        } else {
          typing.add(room.getKey());
        }
      }
    }
    return new Told(UnderFire.next(news), typing);
  }

  @Override
  public void check(String context) {
    told.replaceAll((client, before) -> {
      Told after = sync(people.get(client), before);
      assertThat(after.typing()).as("%s: client %d", context, client).isEmpty();
      return after;
    });
  }
}
