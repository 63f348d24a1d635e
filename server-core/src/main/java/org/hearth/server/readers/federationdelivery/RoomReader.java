package org.hearth.server.readers.federationdelivery;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Follows room-output: puts each event that this server has to send into the queues of those who
/// are to have it.
///
/// Those are the servers whose users were in the room before the event. Of a membership that ends
/// also the server of the user whose it is: "the server of who is invited, or knocks, is not in the
/// room". Nothing is sent that is no part of the live timeline: what was rejected or soft-failed,
/// outliers, history.
///
/// Where branches of a room's history come together, servers may lose all their users in it by no
/// event. From then on nobody sends them anything, and whoever does not know the other branch goes
/// on as before, for nobody to hear. So such a server is sent the ends of all branches, as they
/// were then, whoever made them: from these it finds what it lacks, and comes to the same state.
///
/// **thread**: the log's for this reader.
final class RoomReader implements LogReader<RoomOutput> {
  /// Of the newest events those are sent that none of them follows.
  private static final int MOST_ENDS = 20;

  private final ServerName here;
  private final RoomQueries rooms;
  private final JoinedServers joined;
  private final Queues queues;
  private final Predicate<ServerName> allowed;
  private volatile LogPosition position;

  /// @param start up to where everybody was told in earlier runs, or a row says so
  RoomReader(
      ServerName here,
      RoomQueries rooms,
      JoinedServers joined,
      Queues queues,
      Predicate<ServerName> allowed,
      LogPosition start) {
    this.here = here;
    this.rooms = rooms;
    this.joined = joined;
    this.queues = queues;
    this.allowed = allowed;
    this.position = start;
  }

  @Override
  public String name() {
    return FederationDelivery.READER;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public void onBatch(List<Positioned<RoomOutput>> batch) {
    boolean taken = false;
    try {
      joined.expect(batch);
      for (Positioned<RoomOutput> each : batch) {
        take(each);
        if (each.position().isAfter(position)) {
          position = each.position();
        }
      }
      taken = true;
    } finally {
      if (!taken) {
        joined.forget();
      }
    }
    queues.checkpoints().seen(Logs.ROOM_OUTPUT.name(), position);
  }

  /// Entries that were held back: who was in the room then is asked of the room.
  @Override
  public void onRelease(List<Positioned<RoomOutput>> entries) {
    joined.forget();
    for (Positioned<RoomOutput> each : entries) {
      take(each);
      joined.forget();
    }
  }

  private void take(Positioned<RoomOutput> each) {
    if (each.entry() instanceof RoomOutput.EventAdded added && added.isSentBy(here)) {
      send(each.position(), added);
    }
    joined.take(each.entry());
    if (each.entry() instanceof RoomOutput.StateChanged changed) {
      Set<ServerName> losers = losers(changed);
      if (!losers.isEmpty()) {
        losers.removeAll(joined.before(changed.room(), each.position().plus(1)));
        sendEnds(changed.room(), each.position(), losers);
      }
    }
  }

  /// The servers of users who were joined and are that no more.
  private Set<ServerName> losers(RoomOutput.StateChanged changed) {
    Set<ServerName> losers = new HashSet<>();
    for (RoomOutput.StateChange each : changed.changes()) {
      if (each.key().type().equals(EventTypes.MEMBER)
          && Membership.isJoin(each.before())
          && !Membership.isJoin(each.now())) {
        Identifiers.read(UserId::parse, each.key().stateKey())
            .ifPresent(user -> losers.add(user.server()));
      }
    }
    losers.removeIf(each -> each.equals(here) || !allowed.test(each));
    return losers;
  }

  /// The ends of the room's branches as of that position, for each of these servers, to be kept for
  /// it: later events are none of its business.
  private void sendEnds(RoomId room, LogPosition upTo, Set<ServerName> servers) {
    if (servers.isEmpty()) {
      return;
    }
    List<RoomEvent> newest = rooms.backwards(room, upTo, LogPosition.ORIGIN, MOST_ENDS);
    Set<EventId> followed = new HashSet<>();
    newest.forEach(each -> followed.addAll(each.pdu().prevEvents()));
    for (RoomEvent each : newest.reversed()) {
      if (!followed.contains(each.id())) {
        Item item = new Item(each.position().value(), each.id());
        for (ServerName server : servers) {
          queues.add(room, item, Set.of(server), Optional.of(server), Cause.in(room));
        }
      }
    }
  }

  private void send(LogPosition at, RoomOutput.EventAdded added) {
    Set<ServerName> servers = new HashSet<>(joined.before(added.room(), at));
    Optional<ServerName> loser = loser(added);
    loser.ifPresent(servers::add);
    servers.remove(here);
    if (added.handedInBy() != null) {
      servers.remove(added.handedInBy());
    }
    servers.removeIf(each -> !allowed.test(each));
    if (!servers.isEmpty()) {
      UserId sender = added.event().sender();
      queues.add(
          added.room(),
          new Item(at.value(), added.event().eventId()),
          servers,
          loser,
          Cause.of(sender, sender.isOn(here), added.room()));
    }
  }

  /// The server of a user who was joined or invited, or has knocked, and is that no more. Of a ban
  /// of somebody who never had to do with the room that server learns nothing.
  private static Optional<ServerName> loser(RoomOutput.EventAdded added) {
    Pdu event = added.event();
    Membership before = added.previousMembership();
    if (!event.isMember()
        || before == null
        || before == Membership.LEAVE
        || before == Membership.BAN) {
      return Optional.empty();
    }
    return Membership.of(event)
        .filter(each -> each == Membership.LEAVE || each == Membership.BAN)
        .flatMap(_ -> event.stateKey())
        .flatMap(each -> Identifiers.read(UserId::parse, each))
        .map(UserId::server);
  }
}
