package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/// Keys of devices, which change all the time: the last that were acknowledged are told, or younger
/// ones whose answer was lost, and who shares a room is told of whom to look up again.
final class DevicesUnderFire implements UnderFire {
  private static final String FILTER =
      "{\"presence\": {\"types\": []}, \"account_data\": {\"types\": []}, \"room\": {\"rooms\": []}}";

  private final List<Person> people;
  private final Person watcher;

  /// What each has sent since the last that was acknowledged, and this.
  private final Map<Integer, Set<String>> possible = new ConcurrentHashMap<>();

  /// Whose change was acknowledged since the watcher looked.
  private final Set<String> changed = ConcurrentHashMap.newKeySet();

  private String since;

  DevicesUnderFire(List<Person> people, Person watcher) {
    this.people = people;
    this.watcher = watcher;
    this.since = UnderFire.next(watcher.sync(FILTER, ""));
  }

  @Override
  public void act(int client, String name, SplittableRandom random) {
    Person person = people.get(client);
    ObjectNode body = object();
    ObjectNode device = body.putObject("device_keys");
    device.put("user_id", person.user()).put("device_id", person.device());
    device.putArray("algorithms").add("m.megolm.v1.aes-sha2");
    device.putObject("keys").put("ed25519:" + person.device(), name);
    device.putObject("signatures");
    possible.computeIfAbsent(client, _ -> ConcurrentHashMap.newKeySet()).add(name);
    person.http().post("/keys/upload", body).granted();
    possible.get(client).retainAll(Set.of(name));
    changed.add(person.user());
  }

  @Override
  public void check(String context) {
    JsonNode news = watcher.sync(FILTER, since);
    String now = UnderFire.next(news);
    assertThat(UnderFire.texts(news.at("/device_lists/changed"))).as(context).containsAll(changed);
    JsonNode changes = watcher.http().get("/keys/changes?from=" + since + "&to=" + now).granted();
    assertThat(UnderFire.texts(changes.path("changed"))).as(context).containsAll(changed);
    possible.forEach((client, keys) -> {
      Person person = people.get(client);
      ObjectNode query = object();
      query.putObject("device_keys").putArray(person.user());
      JsonNode device =
          watcher
              .http()
              .post("/keys/query", query)
              .granted()
              .path("device_keys")
              .path(person.user())
              .path(person.device());
      if (changed.contains(person.user())) {
        assertThat(keys)
            .as(context)
            .contains(device.path("keys").path("ed25519:" + person.device()).textValue());
      }
    });
    changed.clear();
    since = now;
  }
}
