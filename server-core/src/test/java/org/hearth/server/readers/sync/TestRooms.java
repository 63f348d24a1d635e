package org.hearth.server.readers.sync;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.LogWriter;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// Says things to the Room Server, as its writers do.
final class TestRooms {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger ROOMS = new AtomicInteger();

  private final LogWriter<RoomInput, RoomReply> roomInput;

  TestRooms(LogWriter<RoomInput, RoomReply> roomInput) {
    this.roomInput = roomInput;
  }

  static UserId user(String name) {
    return UserId.parse("@" + name + ":hearth.test");
  }

  /// A room of version 11 that anyone may join.
  RoomId open(String creator, String visibility) {
    return create(creator, "public", visibility);
  }

  /// A room of version 11 with create event, creator, power levels, join rules and visibility: five
  /// events.
  RoomId create(String creator, String joinRule, String visibility) {
    RoomId room = RoomId.parse("!room" + ROOMS.incrementAndGet() + ":hearth.test");
    UserId user = user(creator);
    submit(
        new RoomInput.CreateRoom(
            room,
            "11",
            1_000,
            EventDraft.create(room, user, json("{'room_version':'11'}")),
            List.of(
                state(room, user, EventTypes.MEMBER, user.value(), "{'membership':'join'}"),
                state(
                    room,
                    user,
                    EventTypes.POWER_LEVELS,
                    "",
                    "{'users':{'%s':100},'invite':0,'state_default':0}".formatted(user.value())),
                state(room, user, EventTypes.JOIN_RULES, "", "{'join_rule':'" + joinRule + "'}"),
                state(
                    room,
                    user,
                    EventTypes.HISTORY_VISIBILITY,
                    "",
                    "{'history_visibility':'" + visibility + "'}"))));
    return room;
  }

  EventId say(RoomId room, String sender, String body) {
    return say(room, sender, body, null);
  }

  EventId say(RoomId room, String sender, String body, @Nullable ClientTransaction transaction) {
    ObjectNode content = json("{'msgtype':'m.text'}").put("body", body);
    EventDraft draft = EventDraft.message(room, user(sender), EventTypes.MESSAGE, content);
    return submit(new RoomInput.SendEvent(room, draft, transaction)).getFirst();
  }

  EventId send(RoomId room, String sender, String type, String content) {
    EventDraft draft = EventDraft.message(room, user(sender), type, json(content));
    return submit(new RoomInput.SendEvent(room, draft, null)).getFirst();
  }

  EventId set(RoomId room, String sender, String type, String key, String content) {
    EventDraft draft = state(room, user(sender), type, key, content);
    return submit(new RoomInput.SendEvent(room, draft, null)).getFirst();
  }

  EventId name(RoomId room, String sender, String name) {
    return set(room, sender, EventTypes.NAME, "", "{'name':'" + name + "'}");
  }

  EventId redact(RoomId room, String sender, EventId event) {
    ObjectNode content = json("{'reason':'why not','redacts':'" + event.value() + "'}");
    EventDraft draft = EventDraft.redaction(room, user(sender), event, content);
    return submit(new RoomInput.SendEvent(room, draft, null)).getFirst();
  }

  EventId join(RoomId room, String user) {
    return change(room, user, user, Membership.JOIN);
  }

  EventId leave(RoomId room, String user) {
    return change(room, user, user, Membership.LEAVE);
  }

  EventId knock(RoomId room, String user) {
    return change(room, user, user, Membership.KNOCK);
  }

  EventId invite(RoomId room, String sender, String user) {
    return change(room, sender, user, Membership.INVITE);
  }

  EventId kick(RoomId room, String sender, String user) {
    return change(room, sender, user, Membership.LEAVE);
  }

  EventId ban(RoomId room, String sender, String user) {
    return change(room, sender, user, Membership.BAN);
  }

  void rename(RoomId room, String user, String displayName) {
    submit(new RoomInput.UpdateProfile(room, user(user), displayName, null));
  }

  void forget(RoomId room, String user) {
    submit(new RoomInput.ForgetRoom(room, user(user)));
  }

  EventId change(RoomId room, String sender, String target, Membership membership) {
    return submit(
            new RoomInput.ChangeMembership(
                room,
                user(sender),
                user(target),
                membership,
                JsonNodeFactory.instance.objectNode(),
                Set.of(),
                null))
        .getFirst();
  }

  static ClientTransaction transaction(String device, String id) {
    return new ClientTransaction(DeviceId.parse(device), id);
  }

  /// Takes in events of other servers.
  RoomReply receive(RoomInput.ReceiveEvents command) {
    try {
      return roomInput.submit(command, PATIENCE).await(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Says something else.
  RoomReply ask(RoomInput command) {
    try {
      return roomInput.submit(command, PATIENCE).await(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private List<EventId> submit(RoomInput command) {
    try {
      return switch (roomInput.submit(command, PATIENCE).await(PATIENCE)) {
        case RoomReply.Done(_, List<EventId> events) -> events;
        case RoomReply.Prepared prepared -> throw new AssertionError(command + ": " + prepared);
        case RoomReply.ToBeSigned unsigned -> throw new AssertionError(command + ": " + unsigned);
        case RoomReply.Received received -> throw new AssertionError(command + ": " + received);
        case RoomReply.Refused refused -> throw new AssertionError(command + ": " + refused);
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static EventDraft state(
      RoomId room, UserId sender, String type, String key, String content) {
    return EventDraft.state(room, sender, new StateKey(type, key), json(content));
  }

  static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
