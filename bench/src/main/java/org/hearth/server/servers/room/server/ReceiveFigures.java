package org.hearth.server.servers.room.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;

/// What it costs to join a room of another server: one command with the join and all of the room's
/// state, as `send_join` answers, into a database that does not have the room.
///
/// In processor time of all threads, which another load beside it does not change much; for an
/// event it must not grow with the number of events.
final class ReceiveFigures {
  private static final List<Integer> MEMBERS = List.of(10_000, 20_000, 50_000);

  private static final OperatingSystemMXBean PROCESS =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private ReceiveFigures() {}

  static ObjectNode measure(Path folder) throws InterruptedException {
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    try (BenchedRooms there =
        BenchedRooms.on(folder.resolve("there"), RoomServerOptions.standard())) {
      RoomId room = there.room(0);
      receive(there, room, folder.resolve("warm-up"), 0);
      int members = 0;
      for (int count : MEMBERS) {
        for (; members < count; members++) {
          there.change(room, BenchedRooms.user(members), Membership.JOIN);
        }
        there.finish();
        double micros = receive(there, room, folder.resolve("here-" + count), count);
        figures.put("cpu_micros_per_event_join_with_%d_members".formatted(count), micros);
      }
    }
    return figures;
  }

  /// Joins a room that has that many members.
  ///
  /// @return microseconds of processor time for an event
  private static double receive(BenchedRooms there, RoomId room, Path folder, int number)
      throws InterruptedException {
    UserId user = UserId.parse("@user%d:here.example".formatted(number));
    there.change(room, user, Membership.JOIN);
    there.finish();
    RoomQueries queries = there.queries();
    RoomEvent join =
        queries.eventAt(queries.membership(room, user).orElseThrow().position()).orElseThrow();
    List<LogPosition> positions =
        queries.stateBefore(join).positions().values().stream().sorted().toList();
    List<Pdu> state = queries.eventsAt(positions).stream().map(RoomEvent::pdu).toList();
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    state.forEach(each -> signers.put(each.eventId(), Set.of(each.sender().server())));
    signers.put(join.id(), Set.of(user.server()));
    ReceiveEvents command =
        new ReceiveEvents(
            room,
            join.pdu().version().id(),
            Arrival.LIVE,
            List.of(join.pdu()),
            state,
            Map.of(join.id(), state.stream().map(Pdu::eventId).toList()),
            signers,
            Set.of());
    try (BenchedRooms here = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      long began = PROCESS.getProcessCpuTime();
      here.receive(command);
      return (PROCESS.getProcessCpuTime() - began) / 1e3 / (state.size() + 1);
    }
  }
}
