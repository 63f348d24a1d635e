package org.hearth.server.servers.room.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomServerOptions;

/// What sending costs with everything that belongs to it: from the command until it is committed.
final class SendFigures {
  private static final int ROOMS = 20;
  private static final int MEMBERS = 20;
  private static final int ROUNDS = 20;
  private static final int WARM_UP = 10;
  private static final int MANY = 20_000;
  private static final int FEW = 1_000;

  private SendFigures() {}

  static ObjectNode measure(Path folder) throws InterruptedException {
    ObjectNode figures = JsonNodeFactory.instance.objectNode();
    try (BenchedRooms server = BenchedRooms.on(folder, RoomServerOptions.standard())) {
      List<RoomId> rooms = new ArrayList<>(server.rooms());
      while (rooms.size() < ROOMS) {
        rooms.add(server.room(MEMBERS));
      }
      for (int round = 0; round < ROUNDS; round++) {
        many(server, rooms, round, figures.withObject("many_at_a_time"));
        one(server, rooms, round, figures.withObject("one_at_a_time"));
      }
    }
    return figures;
  }

  private static void many(BenchedRooms server, List<RoomId> rooms, int round, ObjectNode figures)
      throws InterruptedException {
    long cpu = cpuNanos();
    long began = System.nanoTime();
    for (int i = 0; i < MANY; i++) {
      server.say(rooms.get(i % ROOMS), i % MEMBERS, i);
    }
    server.finish();
    if (round >= WARM_UP) {
      figures
          .withArray("events_per_second")
          .add(Math.round(MANY * 1e9 / (System.nanoTime() - began)));
      figures.withArray("processor_micros_per_event").add((cpuNanos() - cpu) / 1000 / MANY);
    }
  }

  private static void one(BenchedRooms server, List<RoomId> rooms, int round, ObjectNode figures)
      throws InterruptedException {
    long[] nanos = new long[FEW];
    long cpu = cpuNanos();
    for (int i = 0; i < FEW; i++) {
      long began = System.nanoTime();
      server.say(rooms.get(i % ROOMS), i % MEMBERS, i);
      server.finish();
      nanos[i] = System.nanoTime() - began;
    }
    if (round >= WARM_UP) {
      Arrays.sort(nanos);
      figures.withArray("median_micros").add(nanos[FEW / 2] / 1000);
      figures.withArray("micros_of_99_in_100").add(nanos[FEW * 99 / 100] / 1000);
      figures.withArray("processor_micros_per_event").add((cpuNanos() - cpu) / 1000 / FEW);
    }
  }

  private static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }
}
