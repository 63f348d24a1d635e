package org.hearth.server.servers.presence;

import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.hearth.ringlogs.CommandHandler;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Alarms;
import org.hearth.server.box.Box;
import org.hearth.server.box.NextAlarm;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.Presence;
import org.hearth.server.logs.PresenceInput;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.Committer;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.Table;
import org.hearth.server.store.Unavailable;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.jspecify.annotations.Nullable;

/// The server of presence: it knows which users are there, from what their clients do and what they
/// say themselves, and announces on presence-output whenever that is another.
///
/// It does not know who may be told: that is a question of who shares a room now, which who tells
/// asks the Room Server.
///
/// **bound**: [#MOST_USERS] of whom something is remembered; of those who are offline the ones that
/// went first are forgotten for others, but for their messages. Who comes when so many are there is
/// not shown. Of users elsewhere [#MOST_ELSEWHERE] are there at most. **thread**: as [Box] has it;
/// the rest any.
public final class PresenceServer implements Box {
  /// Users of whom something is remembered; those who are there have one alarm each.
  static final int MOST_USERS = 50_000;

  /// Users of other servers who are there at a time, so that they take the place of no user here.
  static final int MOST_ELSEWHERE = 20_000;

  private final StatusMessages messages;
  private final Committer committer;
  private final InstantSource clock;
  private final Alarms alarms;
  private final int mostUsers;
  private final Users users = new Users();
  private final VolatileLog<PresenceOutput> output;
  private final InputLog<PresenceInput, VolatilePosition> input;
  private final LogWriter<PresenceInput, VolatilePosition> commands;

  /// @param committer for the messages
  public PresenceServer(StatusMessages messages, Committer committer, InstantSource clock) {
    this(messages, committer, clock, Alarms.onThread("presence-alarms"), MOST_USERS);
  }

  PresenceServer(
      StatusMessages messages,
      Committer committer,
      InstantSource clock,
      Alarms alarms,
      int mostUsers) {
    this.messages = messages;
    this.committer = committer;
    this.clock = clock;
    this.alarms = alarms;
    this.mostUsers = mostUsers;
    FailureHandling failures = new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock);
    output = new VolatileLog<>(Logs.PRESENCE_OUTPUT, clock.millis(), failures);
    input = new InputLog<>(Logs.PRESENCE_INPUT, PresenceQueries.BOX, 1, _ -> users, failures);
    commands = input.writer(PresenceQueries.BOX);
  }

  @Override
  public String name() {
    return PresenceQueries.BOX;
  }

  @Override
  public String purpose() {
    return "Knows who is there";
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
  public List<AccountCompanion> companions() {
    return List.of(messages);
  }

  @Override
  public List<Table> tables() {
    return List.of(StatusMessages.TABLE);
  }

  /// How a box tells this server of users.
  ///
  /// @param box the name of the box
  public PresenceClient client(String box) {
    return new PresenceClient(input.writer(box), users);
  }

  /// The log of how it is with users, for readers, who register before the start.
  public VolatileLog<PresenceOutput> output() {
    return output;
  }

  /// What others may ask.
  public PresenceQueries queries() {
    return users;
  }

  /// Ends the alarms, which write to presence-input.
  @Override
  public void stop() throws InterruptedException {
    alarms.close();
  }

  /// A user of whom something is remembered. **Thread**: the shard's; the state is read by any.
  private static final class Known {
    private volatile UserState state;
    private final NextAlarm<PresenceInput> alarm;
    private UserPresence announced;

    Known(UserState state, NextAlarm<PresenceInput> alarm, Instant now) {
      this.state = state;
      this.alarm = alarm;
      this.announced = state.at(now);
    }
  }

  /// All users. **Thread**: commands, the shard's; the rest, any.
  final class Users implements CommandHandler<PresenceInput, VolatilePosition>, PresenceQueries {
    private final ConcurrentMap<UserId, Known> known = new ConcurrentHashMap<>();
    private final UnitOwner owner = new UnitOwner(PresenceQueries.BOX);

    /// Those who are offline, in the order in which they went.
    private final LinkedHashSet<UserId> gone = new LinkedHashSet<>();

    /// Users of other servers who are there. Of the shard.
    private final Set<UserId> elsewhere = new HashSet<>();

    @Override
    public UserPresence of(UserId user) {
      Known one = known.get(user);
      UserState state = one == null ? UserState.absent(messages.of(user).orElse(null)) : one.state;
      return state.at(clock.instant());
    }

    @Override
    public boolean isPresent(UserId user) {
      Known one = known.get(user);
      return one != null && one.state.at(clock.instant()).presence() != Presence.OFFLINE;
    }

    @Override
    public boolean isRemembered(UserId user) {
      Known one = known.get(user);
      return one != null && one.state.says(clock.instant());
    }

    @Override
    public Optional<List<UserId>> remembered(int most) {
      List<UserId> those =
          known.keySet().stream().filter(this::isRemembered).limit(most + 1L).toList();
      return those.size() > most ? Optional.empty() : Optional.of(those);
    }

    /// Whether a command would change nothing worth the way.
    boolean knows(PresenceInput command) {
      Known one = known.get(command.user());
      Instant now = clock.instant();
      return switch (command) {
        case PresenceInput.Syncing(_, var device, var as, var millis) ->
            one == null
                ? as == Presence.OFFLINE
                : one.state.knows(key(device), as, now.plusMillis(millis), now);
        case PresenceInput.Active _ -> one != null && one.state.knowsActive(now);
        case PresenceInput.SetPresence _,
            PresenceInput.SetStatus _,
            PresenceInput.Reported _,
            PresenceInput.TimePassed _ ->
            false;
      };
    }

    private static String key(@Nullable DeviceId device) {
      return device == null ? "" : device.value();
    }

    @Override
    public void handle(PresenceInput command, Reply<VolatilePosition> reply) {
      UserId user = command.user();
      if (command instanceof PresenceInput.SetStatus(_, var message)) {
        keep(user, message, reply);
        return;
      }
      boolean tooMany =
          command instanceof PresenceInput.Reported
              && elsewhere.size() >= MOST_ELSEWHERE
              && !elsewhere.contains(user);
      Optional<Known> one = tooMany ? Optional.empty() : known(user);
      if (one.isPresent()) {
        take(command, one.get());
        announce(
            user,
            one.get(),
            command instanceof PresenceInput.SetPresence
                || command instanceof PresenceInput.Reported);
      }
      reply.complete(output.head());
    }

    /// Has the message stored. It is shown when a command after that says so: what is told has been
    /// committed.
    private void keep(UserId user, String message, Reply<VolatilePosition> reply) {
      committer.submit(
          new UnitOfWork(
              owner,
              StatusMessages.set(user, message),
              List.of(),
              Outcome.of(_ -> reply.complete(output.head()), reply::fail)));
    }

    /// The user, who is remembered from now on; empty if there are too many.
    private Optional<Known> known(UserId user) {
      Known one = known.get(user);
      if (one == null && known.size() >= mostUsers && !gone.isEmpty()) {
        known.remove(gone.removeFirst());
      }
      if (one == null && known.size() < mostUsers) {
        one =
            new Known(
                UserState.absent(messages.of(user).orElse(null)),
                new NextAlarm<>(alarms, commands, new PresenceInput.TimePassed(user)),
                clock.instant());
        known.put(user, one);
      }
      return Optional.ofNullable(one);
    }

    private void take(PresenceInput command, Known one) {
      Instant now = clock.instant();
      UserState before = one.state;
      one.state =
          switch (command) {
            case PresenceInput.Syncing(_, var device, var as, var millis) ->
                before.syncing(key(device), as, now.plusMillis(millis), now);
            case PresenceInput.SetPresence(var user, var device, var presence, var status) ->
                (status ? before.withStatus(messages.of(user).orElse(null)) : before)
                    .said(key(device), presence, now);
            case PresenceInput.Active _ -> before.active(now);
            case PresenceInput.Reported(_, var presence, var lastActive, var active, var status) ->
                UserState.reported(
                    new UserState.Report(presence, active, now.plus(UserState.REPORTED_FOR)),
                    lastActive == null ? null : Instant.ofEpochMilli(lastActive),
                    status);
            case PresenceInput.TimePassed _ -> {
              one.alarm.rang();
              yield before;
            }
            case PresenceInput.SetStatus _ -> before;
          };
    }

    /// Announces how it is with the user if that is another than it was, and sets the alarm for
    /// when it will be.
    private void announce(UserId user, Known one, boolean said) {
      Instant now = clock.instant();
      UserPresence before = one.announced;
      UserPresence after = one.state.at(now);
      one.announced = after;
      gone.remove(user);
      if (after.presence() == Presence.OFFLINE) {
        gone.add(user);
        elsewhere.remove(user);
      } else if (one.state.report() != null) {
        elsewhere.add(user);
      }
      Optional<Instant> next = one.state.nextChange(now);
      next.ifPresentOrElse(moment -> one.alarm.set(moment, now), one.alarm::callOff);
      if (!after.isLike(before)) {
        PresenceOutput.Why why =
            after.looksLike(before)
                ? PresenceOutput.Why.ACTIVITY
                : said ? PresenceOutput.Why.SAID : PresenceOutput.Why.SEEN;
        var _ = output.publish(entry(user, after, why));
      }
    }

    private static PresenceOutput entry(UserId user, UserPresence now, PresenceOutput.Why why) {
      Instant active = now.lastActive();
      return new PresenceOutput(
          user,
          now.presence(),
          active == null ? null : active.toEpochMilli(),
          now.currentlyActive(),
          now.status(),
          why);
    }
  }
}
