package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.servers.notification.UnreadCounts;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// Makes the notifications that push gateways get.
///
/// **thread**: any; a call reads from the database.
///
/// **source**: [`POST
/// /_matrix/push/v1/notify`](https://spec.matrix.org/v1.19/push-gateway-api/#post_matrixpushv1notify)
final class NotificationContent {
  private final RoomQueries rooms;
  private final NotificationQueries notifications;
  private final MemberNames memberNames;

  NotificationContent(RoomQueries rooms, NotificationQueries notifications) {
    this.rooms = rooms;
    this.notifications = notifications;
    this.memberNames = new MemberNames(rooms);
  }

  /// "The number of unread messages a user has across all of the rooms they are a member of."
  long unread(UserId user) {
    return notifications.unread(user).notifications();
  }

  /// What to tell of an event. Empty if there is nothing to be told any more: the user has read it
  /// or is no longer there, or it was redacted.
  ///
  /// @param unread how many notifications the user has not read
  Optional<ObjectNode> of(Pusher pusher, PushQueue.Item item, long unread) {
    return rooms
        .event(item.event())
        .or(() ->
            rooms
                .outside(item.room(), pusher.user())
                .map(OutsideRoom::asEvent)
                .filter(event -> event.id().equals(item.event())))
        .filter(event -> event.redactedBecause() == null && concerns(pusher.user(), item, event))
        .map(event -> notification(pusher, item, event, unread));
  }

  private boolean concerns(UserId user, PushQueue.Item item, RoomEvent event) {
    if (event.invites(user)) {
      return rooms
          .membership(item.room(), user)
          .filter(now -> now.membership() == Membership.INVITE)
          .isPresent();
    }
    return rooms.isJoined(item.room(), user) && isUnread(user, item) && rooms.maySee(user, event);
  }

  private boolean isUnread(UserId user, PushQueue.Item item) {
    UnreadCounts counts = notifications.counts(item.room(), user);
    UnreadCounts.Count count =
        switch (item.thread()) {
          case PushQueue.ANY_THREAD -> counts.total();
          case ReceiptOutput.MAIN -> counts.main();
          default -> counts.threads().getOrDefault(item.thread(), UnreadCounts.Count.NONE);
        };
    return count.notifications() > 0;
  }

  private ObjectNode notification(
      Pusher pusher, PushQueue.Item item, RoomEvent event, long unread) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("event_id", event.id().value());
    json.put("room_id", event.room().value());
    // What is urgent may wake a phone: the rule asks for a sound or a highlight, or the phone must
    // look itself since nobody else can read it.
    boolean urgent =
        item.tweaks().has("sound")
            || item.tweaks().path("highlight").asBoolean()
            || event.type().equals(EventTypes.ENCRYPTED);
    json.put("prio", urgent ? "high" : "low");
    if (!pusher.eventIdOnly()) {
      addEvent(json, pusher.user(), event);
    }
    // "Counts whose value is zero should be omitted."
    ObjectNode counts = json.putObject("counts");
    if (unread > 0) {
      counts.put("unread", unread);
    }
    // "Only the `event_id`, `room_id`, `counts`, and `devices` are required to be populated": the
    // tweaks tell of what the event says.
    json.putArray("devices")
        .add(device(pusher, pusher.eventIdOnly() ? Optional.empty() : Optional.of(item.tweaks())));
    return json;
  }

  /// "The homeserver is expected to include all of the event-related fields."
  private void addEvent(ObjectNode json, UserId user, RoomEvent event) {
    json.put("type", event.type());
    json.put("sender", event.sender().value());
    if (event.pdu().isMember()) {
      json.put("user_is_target", event.pdu().isState(EventTypes.MEMBER, user.value()));
    }
    json.set("content", event.pdu().content());
    boolean invitation = event.invites(user);
    Room inside = inside(event);
    Room room = invitation ? outside(user, event) : inside;
    // Who invites tells who that is, though not who else is there.
    String sender = event.sender().value();
    inside
        .text(EventTypes.MEMBER, sender, "displayname")
        .or(() -> room.text(EventTypes.MEMBER, sender, "displayname"))
        .ifPresent(name -> json.put("sender_display_name", name));
    Optional<String> alias = room.text(EventTypes.CANONICAL_ALIAS, "", "alias");
    // In the order in which clients choose a name: "To ensure that rooms are named consistently".
    room.text(EventTypes.NAME, "", "name")
        .or(() -> alias)
        .or(() -> invitation ? Optional.empty() : memberNames.of(event.room(), user))
        .ifPresent(name -> json.put("room_name", name));
    alias.ifPresent(each -> json.put("room_alias", each));
  }

  /// What the user may know of a room.
  @FunctionalInterface
  private interface Room {
    /// The content of a state event; empty if there is none.
    Optional<JsonNode> content(String type, String stateKey);

    default Optional<String> text(String type, String stateKey, String field) {
      return content(type, stateKey)
          .map(content -> content.path(field))
          .filter(text -> text.isTextual() && !text.textValue().isEmpty())
          .map(JsonNode::textValue);
    }
  }

  /// Who is invited is shown what the invitation shows.
  private Room outside(UserId user, RoomEvent event) {
    List<ObjectNode> stripped = rooms.strippedState(event.room(), user);
    return (type, stateKey) ->
        stripped.stream()
            .filter(each ->
                each.path("type").asText().equals(type)
                    && each.path("state_key").asText().equals(stateKey))
            .map(each -> each.path("content"))
            .findFirst();
  }

  private Room inside(RoomEvent event) {
    Optional<RoomState> state = rooms.currentState(event.room());
    return (type, stateKey) ->
        state
            .flatMap(each -> each.event(new StateKey(type, stateKey)))
            .map(each -> each.pdu().content());
  }

  /// "The counts may be sent along with a notification about an event or by themselves." By
  /// themselves they say nothing where the count is left out, so it is there when it is zero.
  static ObjectNode badge(Pusher pusher, long unread) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("prio", "low");
    json.putObject("counts").put("unread", unread);
    json.putArray("devices").add(device(pusher, Optional.empty()));
    return json;
  }

  private static ObjectNode device(Pusher pusher, Optional<ObjectNode> tweaks) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("app_id", pusher.settings().appId());
    json.put("pushkey", pusher.settings().pushkey());
    json.put("pushkey_ts", pusher.setAt().getEpochSecond());
    // "This is the `data` dictionary passed in at pusher creation minus the `url` key."
    ObjectNode data = pusher.data().deepCopy();
    data.remove("url");
    json.set("data", data);
    tweaks.ifPresent(each -> json.set("tweaks", each));
    return json;
  }
}
