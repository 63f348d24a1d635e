package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Messages to devices, which all send and read: each that was acknowledged comes once, also if it
/// had to be sent again, and those of a sender come in the order of sending. From another server it
/// may come late, and again.
final class ToDeviceUnderFire implements UnderFire {
  private static final String FILTER =
      "{\"presence\": {\"types\": []}, \"account_data\": {\"types\": []}, \"room\": {\"rooms\": []}}";

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final List<Person> people;
  private final Duration patience;
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

  /// Of people on one server.
  ToDeviceUnderFire(List<Person> people) {
    this(people, Duration.ZERO);
  }

  /// Of people on several servers.
  ///
  /// @param patience how long a message may be on its way
  ToDeviceUnderFire(List<Person> people, Duration patience) {
    this.people = people;
    this.patience = patience;
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
    long until = System.nanoTime() + patience.toNanos();
    for (int i = 0; i < people.size(); i++) {
      readAll(i);
      while (!received(i).equals(inboxes.get(i).sent) && System.nanoTime() < until) {
        LockSupport.parkNanos(PAUSE_NANOS);
        readAll(i);
      }
      assertThat(received(i)).as("%s: to client %d", context, i).isEqualTo(inboxes.get(i).sent);
    }
  }

  private void readAll(int client) {
    while (read(client)) {
      // A hundred at a time.
    }
  }

  /// What a device has received of each sender, without what came again from another server.
  private List<List<String>> received(int client) {
    List<List<String>> read = inboxes.get(client).read;
    return patience.isZero()
        ? read
        : read.stream().map(each -> each.stream().distinct().toList()).toList();
  }
}
