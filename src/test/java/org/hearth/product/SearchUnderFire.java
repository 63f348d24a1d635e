package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.encoded;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/// Search: each message that was acknowledged is found once by its words, whatever of the index was
/// on the disk when the server was killed.
final class SearchUnderFire implements UnderFire {
  private final List<Person> people;
  private final String room;
  private final Set<String> asked = ConcurrentHashMap.newKeySet();
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();

  SearchUnderFire(List<Person> people) {
    this.people = people;
    room = Crowd.makeRoom(people.getFirst().http());
    people.forEach(each -> each.http().post(Crowd.path(room) + "/join", object()).granted());
  }

  @Override
  public void act(int client, String name, SplittableRandom random) {
    String text = "needle " + name;
    asked.add(text);
    people
        .get(client)
        .http()
        .put(
            Crowd.path(room) + "/send/m.room.message/" + name,
            object().put("msgtype", "m.text").put("body", text))
        .granted();
    acknowledged.add(text);
  }

  @Override
  public void check(String context) {
    List<String> found = new ArrayList<>();
    String from = "";
    do {
      JsonNode page =
          people
              .getLast()
              .http()
              .post("/search" + from, criteria())
              .granted()
              .at("/search_categories/room_events");
      page.path("results").forEach(each -> found.add(each.at("/result/content/body").asText()));
      from =
          page.hasNonNull("next_batch")
              ? "?next_batch=" + encoded(page.path("next_batch").textValue())
              : "";
    } while (!from.isEmpty());
    assertThat(found).as(context).doesNotHaveDuplicates().containsAll(acknowledged);
    assertThat(asked).as(context).containsAll(found);
  }

  private static ObjectNode criteria() {
    ObjectNode body = object();
    body.putObject("search_categories")
        .putObject("room_events")
        .put("search_term", "needle")
        .put("order_by", "recent")
        .putObject("filter")
        .put("limit", 100);
    return body;
  }
}
