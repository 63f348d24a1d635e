package org.hearth.server.readers.sync.view;

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
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomMembership;
import org.jspecify.annotations.Nullable;

/// Follows room-output: keeps the recent events and the memberships, and wakes whom a batch
/// concerns.
///
/// **Thread:** the log's for this reader.
public final class RoomOutputReader implements LogReader<RoomOutput> {
  private final RecentEvents recent;
  private final SyncUsers users;
  private volatile LogPosition position;

  public RoomOutputReader(RecentEvents recent, SyncUsers users, LogPosition start) {
    this.recent = recent;
    this.users = users;
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

  /// Entries that were held back are not in their place among the recent ones: what is in memory is
  /// given up, and everybody looks into the database, where they are.
  @Override
  public void onRelease(List<Positioned<RoomOutput>> entries) {
    recent.forgetUpTo(position);
    for (Positioned<RoomOutput> each : entries) {
      switch (each.entry()) {
        case RoomOutput.EventAdded added -> membership(each.position(), added);
        case RoomOutput.EventStored stored -> forgetRedacted(stored);
        case RoomOutput.StateChanged changed ->
            take(each.position(), changed, new LinkedHashSet<>());
      }
    }
    users.all().forEach(UserFeed::wake);
  }

  private void take(LogPosition at, RoomOutput.EventAdded added, Set<UserFeed> concerned) {
    recent.add(at, added);
    // The one who leaves is told, too; and so is the one who comes.
    concerned.addAll(users.joinedTo(added.room()));
    @Nullable UserFeed member = membership(at, added);
    if (member != null) {
      concerned.add(member);
    }
  }

  /// A redaction that comes with old history redacts what may be here.
  private void forgetRedacted(RoomOutput.EventStored stored) {
    stored.event().redacts().ifPresent(recent::forgetContent);
  }

  private void take(LogPosition at, RoomOutput.StateChanged changed, Set<UserFeed> concerned) {
    concerned.addAll(users.joinedTo(changed.room()));
    for (RoomOutput.StateChange each : changed.changes()) {
      if (each.key().type().equals(EventTypes.MEMBER)) {
        @Nullable UserFeed feed = users.known(each.key().stateKey());
        if (feed != null) {
          Membership membership =
              Optional.ofNullable(each.now()).flatMap(Membership::of).orElse(Membership.LEAVE);
          users.merge(feed, new RoomMembership(changed.room(), feed.user(), membership, at, false));
          concerned.add(feed);
        }
      }
    }
  }

  /// Merges the membership that the event sets.
  ///
  /// @return whose it is, if that is someone who syncs
  private @Nullable UserFeed membership(LogPosition at, RoomOutput.EventAdded added) {
    Pdu event = added.event();
    if (!event.isMember()) {
      return null;
    }
    @Nullable UserFeed feed = users.known(event.stateKey().orElseThrow());
    if (feed != null) {
      Membership membership = Membership.of(event).orElse(Membership.LEAVE);
      RoomId room = added.room();
      UserId user = feed.user();
      users.merge(feed, new RoomMembership(room, user, membership, at, false));
    }
    return feed;
  }
}
