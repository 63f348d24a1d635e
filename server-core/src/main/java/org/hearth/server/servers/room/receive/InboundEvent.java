package org.hearth.server.servers.room.receive;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.version.RoomRule;

/// An event of another server that has come.
///
/// @param outlier whether it gets no place in the graph
record InboundEvent(Pdu event, boolean outlier) {

  /// The events of a command, each once, and each after those that it refers to. Where events refer
  /// to each other in a circle, which hashes forbid and versions 1 and 2 do not, some come before
  /// what they refer to.
  static List<InboundEvent> sorted(ReceiveEvents command) {
    Map<EventId, InboundEvent> all = new LinkedHashMap<>();
    command
        .events()
        .forEach(each -> all.putIfAbsent(each.eventId(), new InboundEvent(each, false)));
    command
        .outliers()
        .forEach(each -> all.putIfAbsent(each.eventId(), new InboundEvent(each, true)));
    List<InboundEvent> sorted = new ArrayList<>(all.size());
    Set<EventId> begun = new HashSet<>();
    Set<EventId> done = new HashSet<>();
    Deque<InboundEvent> open = new ArrayDeque<>();
    for (InboundEvent start : all.values()) {
      open.push(start);
      while (!open.isEmpty()) {
        InboundEvent top = open.peek();
        if (begun.add(top.event().eventId())) {
          for (EventId id : top.references(command)) {
            InboundEvent before = all.get(id);
            if (before != null && !begun.contains(id)) {
              open.push(before);
            }
          }
        } else {
          open.pop();
          if (done.add(top.event().eventId())) {
            sorted.add(top);
          }
        }
      }
    }
    return sorted;
  }

  /// The ids of all these events, and of those that they refer to.
  static Set<EventId> cited(List<InboundEvent> all, ReceiveEvents command) {
    Set<EventId> ids = new HashSet<>();
    for (InboundEvent each : all) {
      ids.add(each.event().eventId());
      ids.addAll(each.references(command));
    }
    return ids;
  }

  /// The ids of all these events, and of those that they redact: of each is asked for what it is
  /// wanted.
  static Set<EventId> wantable(List<InboundEvent> all) {
    Set<EventId> ids = new LinkedHashSet<>();
    for (InboundEvent each : all) {
      ids.add(each.event().eventId());
      each.event().redacts().ifPresent(ids::add);
    }
    return ids;
  }

  /// What it refers to.
  List<EventId> references(ReceiveEvents command) {
    List<EventId> references = new ArrayList<>(event.authEvents());
    // Since version 12 every event needs the create event and does not cite it: the id of the room
    // is the create event's, "with the sigil ! instead of $".
    if (event.version().has(RoomRule.ROOM_ID_IS_CREATE_HASH) && !event.isCreate()) {
      references.add(EventId.parse("$" + event.roomId().value().substring(1)));
    }
    if (!outlier) {
      references.addAll(event.prevEvents());
      references.addAll(command.states().getOrDefault(event.eventId(), List.of()));
    }
    return references;
  }
}
