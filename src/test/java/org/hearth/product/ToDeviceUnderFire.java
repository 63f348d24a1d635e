package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/// Messages to devices, which all send and read: each that was acknowledged comes once, also if it
/// had to be sent again, and those of a sender come in the order of sending.
final class ToDeviceUnderFire implements UnderFire {
  private static final String FILTER =
      "{\"presence\": {\"types\": []}, \"account_data\": {\"types\": []}, \"room\": {\"rooms\": []}}";

  private final List<Person> people;
  private final List<Inbox> inboxes = new ArrayList<>();

  /// The message of a client that has no answer yet: it sends one after the other.
  private final Map<Integer, Message> open = new ConcurrentHashMap<>();

  private record Message(int from, int to, String name) {}

  /// What a device has read, and what it is to read, by the sender.
  private static final class Inbox {
    private final List<List<String>> sent = new ArrayList<>();
    private final List<List<String>> read = new ArrayList<>();
    private String since = "";

    Inbox(int people) {
      for (int i = 0; i < people; i++) {
        sent.add(new ArrayList<>());
        read.add(new ArrayList<>());
      }
    }
  }

  ToDeviceUnderFire(List<Person> people) {
    this.people = people;
    people.forEach(_ -> inboxes.add(new Inbox(people.size())));
  }

  @Override
  public void act(int client, String name, SplittableRandom random) {
    if (random.nextInt(4) == 0) {
      var _ = read(client);
      return;
    }
    Message message = new Message(client, random.nextInt(people.size()), name);
    open.put(client, message);
    send(message);
  }

  private void send(Message message) {
    Person to = people.get(message.to());
    ObjectNode body = object();
    body.putObject("messages")
        .putObject(to.user())
        .putObject(to.device())
        .put("from", message.from())
        .put("name", message.name());
    people
        .get(message.from())
        .http()
        .put("/sendToDevice/org.test.fire/" + message.name(), body)
        .granted();
    // The sender's list: no other thread touches it.
    inboxes.get(message.to()).sent.get(message.from()).add(message.name());
    open.remove(message.from());
  }

  /// @return whether there was anything
  private boolean read(int client) {
    Inbox inbox = inboxes.get(client);
    JsonNode news = people.get(client).sync(FILTER, inbox.since);
    JsonNode messages = news.at("/to_device/events");
    for (JsonNode each : messages) {
      JsonNode content = each.path("content");
      inbox.read.get(content.path("from").intValue()).add(content.path("name").textValue());
    }
    inbox.since = UnderFire.next(news);
    return !messages.isEmpty();
  }

  @Override
  public void check(String context) {
    for (int i = 0; i < people.size(); i++) {
      Optional.ofNullable(open.get(i)).ifPresent(this::send);
    }
    for (int i = 0; i < people.size(); i++) {
      while (read(i)) {
        // A hundred at a time.
      }
      assertThat(inboxes.get(i).read)
          .as("%s: to client %d", context, i)
          .isEqualTo(inboxes.get(i).sent);
    }
  }
}
