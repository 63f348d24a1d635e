package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.LogWriter;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;

/// Says things to the Room Server, as its writers do.
public final class RoomWriter {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger ROOMS = new AtomicInteger();

  private final LogWriter<RoomInput, RoomReply> roomInput;

  RoomWriter(LogWriter<RoomInput, RoomReply> roomInput) {
    this.roomInput = roomInput;
  }

  /// A public room of version 11 whose creator is its only member and has power level 100.
  ///
  /// @param createContent of the create event, in which `'` may stand for `"`
  public RoomId create(UserId creator, String createContent) {
    RoomId room = RoomId.parse("!room" + ROOMS.incrementAndGet() + ":hearth.test");
    ObjectNode levels = JsonNodeFactory.instance.objectNode();
    levels.putObject("users").put(creator.value(), 100);
    ObjectNode create = json(createContent).put("room_version", "11");
    List<EventDraft> events = new ArrayList<>();
    events.add(
        EventDraft.state(
            room, creator, StateKey.member(creator.value()), json("{'membership': 'join'}")));
    events.add(EventDraft.state(room, creator, StateKey.of(EventTypes.POWER_LEVELS), levels));
    events.add(
        EventDraft.state(
            room, creator, StateKey.of(EventTypes.JOIN_RULES), json("{'join_rule': 'public'}")));
    submit(
        new RoomInput.CreateRoom(
            room, "11", 1_000, EventDraft.create(room, creator, create), events));
    return room;
  }

  /// Sets a piece of state with an empty key.
  public void set(RoomId room, UserId sender, String type, String content) {
    submit(
        new RoomInput.SendEvent(
            room, EventDraft.state(room, sender, StateKey.of(type), json(content)), null));
  }

  /// Lets a user join.
  public void join(RoomId room, UserId user) {
    submit(
        new RoomInput.ChangeMembership(
            room, user, user, Membership.JOIN, json("{}"), Set.of(), null));
  }

  private void submit(RoomInput command) {
    try {
      if (roomInput.submit(command, PATIENCE).await(PATIENCE) instanceof RoomReply.Refused no) {
        throw new AssertionError(no);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
