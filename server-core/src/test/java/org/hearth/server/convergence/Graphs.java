package org.hearth.server.convergence;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.EventStatus;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// A room's events as each server has them, for the message of a failure.
///
/// **thread**: the test's.
final class Graphs {
  /// So many positions of each server are looked at.
  private static final int POSITIONS = 20_000;

  private static final int BRIEF = 7;

  private final Fleet fleet;
  private final int servers;

  Graphs(Fleet fleet, int servers) {
    this.fleet = fleet;
    this.servers = servers;
  }

  /// All events in the order of their depths: at which position each server has them, and what they
  /// count for there.
  String of(RoomId room) {
    Map<EventId, Pdu> events = new LinkedHashMap<>();
    List<Map<EventId, String>> standings = new ArrayList<>();
    StringBuilder text = new StringBuilder("What each server has of %s:\n".formatted(room));
    for (int server = 0; server < servers; server++) {
      RoomQueries rooms = fleet.server(server).rooms();
      Map<EventId, String> own = new HashMap<>();
      for (long position = 1; position < POSITIONS; position++) {
        Optional<RoomEvent> found =
            rooms.eventAt(new LogPosition(position)).filter(each -> each.room().equals(room));
        if (found.isPresent()) {
          EventId id = found.get().id();
          events.putIfAbsent(id, found.get().pdu());
          own.put(id, position + standing(rooms.status(id).orElseThrow()));
        }
      }
      standings.add(own);
      text.append(
          "server %d, %s: ends %s, joined %s%n"
              .formatted(
                  server,
                  fleet.server(server).name(),
                  brief(rooms.forwardExtremities(room)),
                  rooms.joinedUsers(room)));
    }
    events.values().stream()
        .sorted(Comparator.comparingLong(Pdu::depth).thenComparing(Pdu::eventId))
        .forEach(each -> text.append(line(each, standings)));
    return text.toString();
  }

  private static String standing(EventStatus status) {
    if (!status.placed()) {
      return "outlier";
    }
    return status.rejected() ? "rejected" : status.softFailed() ? "soft" : "ok";
  }

  private static String line(Pdu event, List<Map<EventId, String>> standings) {
    String what =
        switch (event.type()) {
          case EventTypes.MEMBER -> event.content().path("membership").asText();
          case EventTypes.JOIN_RULES -> event.content().path("join_rule").asText();
          case EventTypes.POWER_LEVELS -> event.content().path("users").toString();
          default -> "";
        };
    return "%d %s [%s] after %s: %s %s %s by %s at %d, auth %s%n"
        .formatted(
            event.depth(),
            brief(event.eventId()),
            standings.stream()
                .map(each -> each.getOrDefault(event.eventId(), "-"))
                .collect(Collectors.joining(" | ")),
            brief(event.prevEvents()),
            event.type(),
            event.stateKey().orElse(""),
            what,
            event.sender(),
            event.originServerTs(),
            brief(event.authEvents()));
  }

  private static List<String> brief(List<EventId> ids) {
    return ids.stream().map(Graphs::brief).toList();
  }

  private static String brief(EventId id) {
    return id.value().substring(0, BRIEF);
  }
}
