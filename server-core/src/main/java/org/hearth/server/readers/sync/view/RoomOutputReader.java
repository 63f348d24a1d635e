package org.hearth.server.readers.sync.view;

import java.lang.System.Logger.Level;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// Follows room-output: keeps the recent events and the memberships, notes which rooms have news
/// and who has come to them, and wakes whom a batch concerns.
///
/// All of that is in memory only. When entries could not be read or taken in, it is forgotten, and
/// everybody looks into the database.
///
/// **Thread:** the log's for this reader.
public final class RoomOutputReader implements LogReader<RoomOutput> {
  private static final System.Logger LOG = System.getLogger(RoomOutputReader.class.getName());

  private final RecentEvents recent;
  private final SyncUsers users;
  private final NewsKind events;
  private final NewsKind comers;
  private volatile LogPosition position;

  /// @param events the kind of news of rooms that this reader notes
  /// @param comers the kind of news of users: that they share a room with somebody from now on
  public RoomOutputReader(
      RecentEvents recent, SyncUsers users, NewsKind events, NewsKind comers, LogPosition start) {
    this.recent = recent;
    this.users = users;
    this.events = events;
    this.comers = comers;
    this.position = start;
  }

  @Override
  public String name() {
    return Snapshots.READER;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public boolean rebuilds() {
    return true;
  }

  @Override
  public void onBatch(List<Positioned<RoomOutput>> batch) {
    Set<UserFeed> concerned = new LinkedHashSet<>();
    for (Positioned<RoomOutput> each : batch) {
      switch (each.entry()) {
        case RoomOutput.EventAdded added -> take(each.position(), added, concerned);
        case RoomOutput.EventStored stored -> forgetRedacted(stored);
        case RoomOutput.StateChanged changed -> take(each.position(), changed, concerned);
      }
      position = each.position();
    }
    concerned.forEach(UserFeed::wake);
  }

  @Override
  public void onLost(LogPosition after, LogPosition upTo) {
    recent.forgetUpTo(upTo);
    position = upTo.isAfter(position) ? upTo : position;
    users.onLost();
  }

  /// Entries that were held back before this reader said that it keeps memory only: they were lost.
  @Override
  public void onRelease(List<Positioned<RoomOutput>> entries) {
    onLost(entries.getFirst().position(), position);
  }

  private void take(LogPosition at, RoomOutput.EventAdded added, Set<UserFeed> concerned) {
    recent.add(at, added);
    // Before the membership changes: the one who leaves is told, too, and so is the one who comes.
    concerned.addAll(users.noteChanged(events, added.room(), at));
    Pdu event = added.event();
    if (event.isMember()) {
      Membership membership = Membership.of(event).orElse(Membership.LEAVE);
      member(event.stateKey().orElseThrow(), added.room(), membership, at, concerned);
      if (membership == Membership.JOIN && added.previousMembership() != Membership.JOIN) {
        comes(event.stateKey().orElseThrow(), added.room(), at);
      }
    }
  }

  /// A redaction that comes with old history redacts what may be here.
  private void forgetRedacted(RoomOutput.EventStored stored) {
    stored.event().redacts().ifPresent(recent::forgetContent);
  }

  private void take(LogPosition at, RoomOutput.StateChanged changed, Set<UserFeed> concerned) {
    concerned.addAll(users.noteChanged(events, changed.room(), at));
    for (RoomOutput.StateChange each : changed.changes()) {
      if (each.key().type().equals(EventTypes.MEMBER)) {
        Membership membership =
            Optional.ofNullable(each.now()).flatMap(Membership::of).orElse(Membership.LEAVE);
        member(each.key().stateKey(), changed.room(), membership, at, concerned);
        if (membership == Membership.JOIN) {
          comes(each.key().stateKey(), changed.room(), at);
        }
      }
    }
  }

  private void member(
      String user, RoomId room, Membership membership, LogPosition at, Set<UserFeed> concerned) {
    @Nullable UserFeed feed = users.merge(user, room, membership, at);
    if (feed != null) {
      feed.noteChanged(events, room, at);
      concerned.add(feed);
    }
  }

  /// The others are told of the one, and the one of the others: for that the user is noted with the
  /// own feed.
  private void comes(String user, RoomId room, LogPosition at) {
    try {
      UserId comer = UserId.parse(user);
      var _ = users.noteChanged(comers, room, comer, at);
      var _ = users.noteOwn(comers, comer, at);
    } catch (InvalidIdentifierException e) {
      LOG.log(Level.DEBUG, "a member event of nobody in " + room, e);
    }
  }
}
