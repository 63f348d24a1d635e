package org.hearth.server.servers.typing;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BiPredicate;
import org.hearth.ringlogs.CommandHandler;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.LogFullException;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Alarms;
import org.hearth.server.box.Box;
import org.hearth.server.box.NextAlarm;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.TypingInput;
import org.hearth.server.logs.TypingOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Unavailable;

/// The server of typing: it knows who types in which room until their time runs out, and announces
/// on typing-output each list that has changed.
///
/// Who leaves a room stops typing there. Whoever is to be noted is checked against the room first,
/// so that a command that comes after the leaving has no effect.
///
/// **bound**: [#MOST_ROOMS] rooms and [#MOST_TYPISTS] users in each; who is over that is not shown.
/// **thread**: as [Box] has it; the rest any.
public final class TypingServer implements Box {
  private static final System.Logger LOG = System.getLogger(TypingServer.class.getName());

  /// Rooms in which somebody types at a time, each with one alarm.
  static final int MOST_ROOMS = 10_000;

  /// Users who are shown typing in one room.
  static final int MOST_TYPISTS = 50;

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final BiPredicate<RoomId, UserId> joined;
  private final InstantSource clock;
  private final Alarms alarms;
  private final Typists typists = new Typists();
  private final VolatileLog<TypingOutput> output;
  private final InputLog<TypingInput, VolatilePosition> input;
  private final LogWriter<TypingInput, VolatilePosition> commands;
  private final Reading<RoomOutput> reading;

  /// @param roomOutput not yet started
  /// @param start the last position that was committed before it is
  public TypingServer(
      RoomQueries rooms, OutputLog<RoomOutput> roomOutput, LogPosition start, InstantSource clock) {
    this(rooms::isJoined, roomOutput, start, clock, Alarms.onThread("typing-alarms"));
  }

  TypingServer(
      BiPredicate<RoomId, UserId> joined,
      OutputLog<RoomOutput> roomOutput,
      LogPosition start,
      InstantSource clock,
      Alarms alarms) {
    this.joined = joined;
    this.clock = clock;
    this.alarms = alarms;
    FailureHandling failures = new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock);
    output = new VolatileLog<>(Logs.TYPING_OUTPUT, clock.millis(), failures);
    input = new InputLog<>(Logs.TYPING_INPUT, TypingQueries.BOX, 1, _ -> typists, failures);
    commands = input.writer(TypingQueries.BOX);
    reading = Reading.of(roomOutput, new MemoryReader<>("typing-server", start, new Leavers()));
  }

  @Override
  public String name() {
    return TypingQueries.BOX;
  }

  @Override
  public String purpose() {
    return "Keeps who types";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVER;
  }

  @Override
  public List<Log> logs() {
    return List.of(input, output);
  }

  @Override
  public List<Reading<?>> readings() {
    return List.of(reading);
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX);
  }

  /// The log of commands, for writers.
  public InputLog<TypingInput, VolatilePosition> input() {
    return input;
  }

  /// The log of who types, for readers, who register before the start.
  public VolatileLog<TypingOutput> output() {
    return output;
  }

  /// What others may ask.
  public TypingQueries queries() {
    return typists;
  }

  /// Ends the alarms, which write to typing-input.
  @Override
  public void stop() throws InterruptedException {
    alarms.close();
  }

  /// Hands in a command whose answer nobody waits for.
  ///
  /// @throws LogFullException if there is no place for it now
  private void submit(TypingInput command) throws InterruptedException {
    // If the log has stopped, all typing has ended.
    commands.tell(command, PATIENCE);
  }

  /// A room in which somebody types. **Thread**: the shard's; the list is read by any.
  private static final class TypingRoom {
    /// Who types until when, in the order in which they started.
    private final Map<UserId, Instant> ends = new LinkedHashMap<>();

    private final NextAlarm<TypingInput> alarm;
    private volatile List<UserId> announced = List.of();

    TypingRoom(NextAlarm<TypingInput> alarm) {
      this.alarm = alarm;
    }
  }

  /// Who types. **Thread**: commands, the shard's; queries, any.
  private final class Typists
      implements CommandHandler<TypingInput, VolatilePosition>, TypingQueries {
    private final ConcurrentMap<RoomId, TypingRoom> rooms = new ConcurrentHashMap<>();

    @Override
    public List<UserId> typing(RoomId room) {
      TypingRoom known = rooms.get(room);
      return known == null ? List.of() : known.announced;
    }

    @Override
    public Set<RoomId> rooms() {
      return Collections.unmodifiableSet(rooms.keySet());
    }

    @Override
    public void handle(TypingInput command, Reply<VolatilePosition> reply) {
      if (command instanceof TypingInput.StartTyping && rooms.size() < MOST_ROOMS) {
        // Before it is asked who is joined: whoever leaves after that is seen to leave a room in
        // which somebody types.
        rooms.computeIfAbsent(command.room(), this::room);
      }
      TypingRoom room = rooms.get(command.room());
      if (room != null) {
        try {
          take(command, room);
        } finally {
          announce(command.room(), room);
        }
      }
      reply.complete(output.head());
    }

    private TypingRoom room(RoomId id) {
      return new TypingRoom(new NextAlarm<>(alarms, commands, new TypingInput.StopExpired(id)));
    }

    private void take(TypingInput command, TypingRoom room) {
      switch (command) {
        case TypingInput.StartTyping(var id, var user, var timeoutMillis) -> {
          boolean noted = room.ends.containsKey(user);
          if (noted || (room.ends.size() < MOST_TYPISTS && joined.test(id, user))) {
            room.ends.put(user, clock.instant().plusMillis(timeoutMillis));
          }
        }
        case TypingInput.StopTyping(_, var user) -> room.ends.remove(user);
        case TypingInput.StopExpired _ -> {
          Instant now = clock.instant();
          room.ends.values().removeIf(end -> !end.isAfter(now));
          room.alarm.rang();
        }
      }
    }

    /// Announces the list if it has changed, and sets the alarm for the next who is to leave it.
    private void announce(RoomId id, TypingRoom room) {
      List<UserId> now = List.copyOf(room.ends.keySet());
      boolean changed = !now.equals(room.announced);
      room.announced = now;
      if (now.isEmpty()) {
        room.alarm.callOff();
        rooms.remove(id);
      } else {
        room.alarm.set(Collections.min(room.ends.values()), clock.instant());
      }
      if (changed) {
        var _ = output.publish(new TypingOutput(id, now));
      }
    }
  }

  /// Follows room-output for those who leave. It keeps nothing. **Thread**: the log's for it.
  private final class Leavers implements MemoryReader.View<RoomOutput> {
    @Override
    public void take(LogPosition at, RoomOutput entry) throws InterruptedException {
      for (RoomOutput.Member member : entry.members()) {
        if (member.membership() != Membership.JOIN && typists.rooms().contains(entry.room())) {
          Optional<UserId> user = member.id();
          if (user.isPresent()) {
            submit(new TypingInput.StopTyping(entry.room(), user.get()));
          }
        }
      }
    }

    /// Some may have left without being seen here.
    @Override
    public void renew(LogPosition upTo) throws InterruptedException {
      for (RoomId room : typists.rooms()) {
        for (UserId user : typists.typing(room)) {
          if (!stays(room, user)) {
            submit(new TypingInput.StopTyping(room, user));
          }
        }
      }
    }

    /// In a room that cannot be read nobody types any more.
    private boolean stays(RoomId room, UserId user) {
      try {
        return joined.test(room, user);
      } catch (RuntimeException e) {
        if (Unavailable.is(e)) {
          throw e;
        }
        LOG.log(Level.ERROR, "it cannot be told whether " + user + " is in " + room, e);
        return false;
      }
    }
  }
}
