package org.hearth.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// One run of a [Load]: people, rooms, messages, figures.
///
/// At a given rate a message's time counts from when it was due, not from when its sender came to
/// it: a server that stalls does not get easier questions.
final class LoadRun {
  private final Load load;
  private final String run = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
  private final Times sending = new Times();
  private final Times delivery = new Times();
  private final AtomicLong errors = new AtomicLong();
  private volatile String firstError = "";
  private volatile boolean counting;
  private volatile boolean ended;

  private record Person(String userId, String token, String room) {}

  LoadRun(Load load) {
    this.load = load;
  }

  ObjectNode measure() throws IOException, InterruptedException {
    List<Person> people = gather();
    List<Thread> threads = new ArrayList<>();
    CountDownLatch followed = new CountDownLatch(load.following() ? people.size() : 0);
    if (load.following()) {
      for (Person person : people) {
        threads.add(Thread.startVirtualThread(() -> follow(person, followed)));
      }
    }
    if (!followed.await(60, TimeUnit.SECONDS)) {
      throw new IOException("not everybody synced within a minute: " + firstError);
    }
    long start = System.nanoTime();
    for (int i = 0; i < people.size(); i++) {
      int index = i;
      threads.add(Thread.startVirtualThread(() -> send(people.get(index), index, start)));
    }
    Thread.sleep(load.warmUp());
    ServerProcess before = ServerProcess.read(load.process());
    long began = System.nanoTime();
    counting = true;
    Thread.sleep(load.measured());
    counting = false;
    double seconds = (System.nanoTime() - began) / 1e9;
    ServerProcess after = ServerProcess.read(load.process());
    ended = true;
    for (Thread thread : threads) {
      thread.join();
    }
    return report(seconds, before, after);
  }

  private ObjectNode report(double seconds, ServerProcess before, ServerProcess after) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("users", load.users());
    json.put("rooms", load.rooms());
    if (load.perSecond() > 0) {
      json.put("offered_per_second", load.perSecond());
    } else {
      json.put("offered", "as many as the server takes");
    }
    json.put("seconds", Math.round(seconds * 10) / 10.0);
    json.put("events_per_second", Math.round(sending.count() / seconds * 10) / 10.0);
    json.set("send", sending.json());
    if (load.following()) {
      json.set("send_to_sync", delivery.json());
    }
    json.put("errors", errors.get());
    if (!firstError.isEmpty()) {
      json.put("first_error", firstError);
    }
    if (after.known()) {
      json.put(
          "server_cpu_seconds",
          Math.round((after.cpuSeconds() - before.cpuSeconds()) * 100) / 100.0);
      json.put(
          "server_cores",
          Math.round((after.cpuSeconds() - before.cpuSeconds()) / seconds * 100) / 100.0);
      json.put("server_resident_mib", after.residentMib());
    }
    return json;
  }

  private List<Person> gather() throws IOException {
    List<Person> people = new ArrayList<>();
    List<String> rooms = new ArrayList<>();
    try (Connection connection = new Connection(load.server())) {
      for (int i = 0; i < load.users(); i++) {
        JsonNode user = connection.register("load-%s-%d".formatted(run, i));
        String token = user.path("access_token").asText();
        if (i < load.rooms()) {
          rooms.add(connection.makeRoom(token, "Load " + i));
        }
        String room = rooms.get(i % load.rooms());
        if (i >= load.rooms()) {
          expect(
              connection.ask(
                  "POST", "/_matrix/client/v3/rooms/" + encode(room) + "/join", token, "{}"));
        }
        people.add(new Person(user.path("user_id").asText(), token, room));
      }
    }
    return people;
  }

  private void send(Person person, int index, long start) {
    String path = "/_matrix/client/v3/rooms/" + encode(person.room()) + "/send/m.room.message/";
    long interval = load.perSecond() > 0 ? (long) (1e9 * load.users() / load.perSecond()) : 0;
    long due = start + interval * index / load.users();
    try (Connection connection = new Connection(load.server())) {
      for (int i = 0; !ended; i++) {
        if (interval > 0) {
          long wait = due - System.nanoTime();
          if (wait > 0) {
            LockSupport.parkNanos(wait);
          }
        } else {
          due = System.nanoTime();
        }
        boolean counts = counting;
        String body =
            "{\"msgtype\":\"m.text\",\"body\":\"Message %d of %s, long enough to be one that a person would write.\",\"due\":%d}"
                .formatted(i, person.userId(), due);
        Connection.Answer answer =
            connection.ask("PUT", path + run + "-" + i, person.token(), body);
        if (answer.status() == 200) {
          if (counts) {
            sending.add(System.nanoTime() - due);
          }
        } else {
          failed(answer);
        }
        due += interval;
      }
    } catch (IOException e) {
      failed(e);
    }
  }

  private void follow(Person person, CountDownLatch followed) {
    String filter =
        encode(
            "{\"presence\":{\"types\":[]},\"room\":{\"timeline\":{\"limit\":100},\"state\":{\"lazy_load_members\":true}}}");
    try (Connection connection = new Connection(load.server())) {
      String since =
          expect(
                  connection.ask(
                      "GET",
                      "/_matrix/client/v3/sync?timeout=0&filter=" + filter,
                      person.token(),
                      ""))
              .path("next_batch")
              .asText();
      followed.countDown();
      while (!ended) {
        Connection.Answer answer =
            connection.ask(
                "GET",
                "/_matrix/client/v3/sync?timeout=2000&filter=" + filter + "&since=" + encode(since),
                person.token(),
                "");
        long arrived = System.nanoTime();
        if (answer.status() != 200) {
          failed(answer);
          continue;
        }
        JsonNode sync = answer.json();
        since = sync.path("next_batch").asText();
        for (JsonNode room : sync.path("rooms").path("join")) {
          for (JsonNode event : room.path("timeline").path("events")) {
            long due = event.path("content").path("due").asLong();
            if (counting && due > 0 && !event.path("sender").asText().equals(person.userId())) {
              delivery.add(arrived - due);
            }
          }
        }
      }
    } catch (IOException | UncheckedIOException e) {
      failed(e);
      followed.countDown();
    }
  }

  private void failed(Connection.Answer answer) {
    failed(
        new IOException(
            answer.status() + " " + new String(answer.body().bytes(), StandardCharsets.UTF_8)));
  }

  private void failed(Exception e) {
    if (errors.getAndIncrement() == 0) {
      firstError = String.valueOf(e.getMessage());
    }
  }

  private static JsonNode expect(Connection.Answer answer) throws IOException {
    if (answer.status() != 200) {
      throw new IOException(
          answer.status() + " " + new String(answer.body().bytes(), StandardCharsets.UTF_8));
    }
    return answer.json();
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
