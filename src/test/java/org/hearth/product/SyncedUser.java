package org.hearth.product;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/// A user with a client that keeps all that `/sync` has told it.
final class SyncedUser {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MOST_SHOWN = 3_000;

  private final String id;
  private final MatrixHttp http;
  private final List<JsonNode> answers = new ArrayList<>();
  private String since = "";

  private SyncedUser(String id, MatrixHttp http) {
    this.id = id;
    this.http = http;
  }

  /// Registers a user.
  static SyncedUser on(FederatedServer server, String name) {
    MatrixHttp anybody =
        server instanceof FederatedServer.Hearth
            ? MatrixHttp.at(server.address())
            : MatrixHttp.ofOther(server.address());
    return new SyncedUser(
        "@" + name + ":" + server.name(), anybody.register(name, "a password of the tests"));
  }

  String id() {
    return id;
  }

  MatrixHttp http() {
    return http;
  }

  /// Syncs until an answer is as wanted; also one of before.
  ///
  /// @return the first such
  JsonNode await(String what, Predicate<JsonNode> wanted) {
    for (JsonNode each : answers) {
      if (wanted.test(each)) {
        return each;
      }
    }
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < until) {
      JsonNode answer = sync();
      if (wanted.test(answer)) {
        return answer;
      }
    }
    throw new AssertionError(
        "%s was not told in time: %s; but last %s".formatted(id, what, lastNews()));
  }

  /// The last answers that told something of rooms.
  private String lastNews() {
    List<JsonNode> news = answers.stream().filter(each -> each.has("rooms")).toList();
    String text = news.subList(Math.max(0, news.size() - 3), news.size()).toString();
    return text.substring(Math.max(0, text.length() - MOST_SHOWN));
  }

  private JsonNode sync() {
    String from = since.isEmpty() ? "" : "&since=" + MatrixHttp.encoded(since);
    JsonNode answer = http.get("/sync?timeout=1000" + from).granted();
    since = answer.path("next_batch").textValue();
    answers.add(answer);
    return answer;
  }

  /// Waits for an event in the timeline of a room.
  JsonNode awaitEvent(String room, String what, Predicate<JsonNode> wanted) {
    JsonNode answer = await(what, each -> timeline(each, room).stream().anyMatch(wanted));
    return timeline(answer, room).stream().filter(wanted).findFirst().orElseThrow();
  }

  /// Waits for a message of this text.
  JsonNode awaitMessage(String room, String body) {
    return awaitEvent(
        room,
        "the message " + body,
        each -> each.path("content").path("body").asText().equals(body));
  }

  /// Waits for a membership in the room's state or timeline.
  void awaitMembership(String room, String user, String membership) {
    await(
        user + " is " + membership,
        each ->
            joined(each, room).stream()
                .anyMatch(event ->
                    event.path("type").asText().equals("m.room.member")
                        && event.path("state_key").asText().equals(user)
                        && event.path("content").path("membership").asText().equals(membership)));
  }

  /// Waits for an invite.
  void awaitInvite(String room) {
    await("an invite to " + room, each -> each.path("rooms").path("invite").has(room));
  }

  /// Waits until the room is among those that were left.
  void awaitLeft(String room) {
    await("the end of " + room, each -> each.path("rooms").path("leave").has(room));
  }

  /// Waits for something that does not last, in a room.
  void awaitEphemeral(String room, String type, Predicate<JsonNode> wanted) {
    await(
        type + " in " + room,
        each ->
            events(each.path("rooms").path("join").path(room).path("ephemeral").path("events"))
                .stream()
                .anyMatch(event ->
                    event.path("type").asText().equals(type)
                        && wanted.test(event.path("content"))));
  }

  private static List<JsonNode> timeline(JsonNode answer, String room) {
    return events(answer.path("rooms").path("join").path(room).path("timeline").path("events"));
  }

  private static List<JsonNode> joined(JsonNode answer, String room) {
    JsonNode news = answer.path("rooms").path("join").path(room);
    List<JsonNode> all = new ArrayList<>(events(news.path("state").path("events")));
    all.addAll(events(news.path("timeline").path("events")));
    return all;
  }

  private static List<JsonNode> events(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }

  /// Sends a message.
  ///
  /// @return the event's id
  String say(String room, String body) {
    return send(
        room, "m.room.message", MatrixHttp.object().put("msgtype", "m.text").put("body", body));
  }

  /// Sends an event.
  ///
  /// @return its id
  String send(String room, String type, ObjectNode content) {
    return http.put(
            "/rooms/" + MatrixHttp.encoded(room) + "/send/" + type + "/" + transaction(), content)
        .granted()
        .path("event_id")
        .textValue();
  }

  private static String transaction() {
    return UUID.randomUUID().toString();
  }

  /// Joins a room by id or alias.
  ///
  /// @return the room's id
  String join(String room, FederatedServer through) {
    return http.post(
            "/join/"
                + MatrixHttp.encoded(room)
                + "?server_name="
                + MatrixHttp.encoded(through.name())
                + "&via="
                + MatrixHttp.encoded(through.name()),
            MatrixHttp.object())
        .granted()
        .path("room_id")
        .textValue();
  }

  /// Makes a room of that version that others join as they like.
  String makeRoom(String version, String alias) {
    ObjectNode body =
        MatrixHttp.object()
            .put("preset", "public_chat")
            .put("room_version", version)
            .put("room_alias_name", alias)
            .put("name", "A room of " + version);
    return http.post("/createRoom", body).granted().path("room_id").textValue();
  }

  /// Changes somebody's membership: `invite`, `kick`, `ban`, `unban`.
  void change(String room, String what, String user) {
    var _ =
        http.post(
                "/rooms/" + MatrixHttp.encoded(room) + "/" + what,
                MatrixHttp.object().put("user_id", user))
            .granted();
  }

  /// Leaves a room, or rejects an invite.
  void leave(String room) {
    var _ =
        http.post("/rooms/" + MatrixHttp.encoded(room) + "/leave", MatrixHttp.object()).granted();
  }
}
