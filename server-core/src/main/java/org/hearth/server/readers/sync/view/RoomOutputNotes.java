package org.hearth.server.readers.sync.view;

import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.RecentEvents;
import org.jspecify.annotations.Nullable;

/// What is noted of room-output: the recent events, the memberships, and which rooms have news.
///
/// **Thread:** the log's for its [NewsReader].
public final class RoomOutputNotes implements NewsReader.Notes<RoomOutput> {
  private final RecentEvents recent;
  private final SyncUsers users;
  private final NewsKind events;
  private final NewsKind members;
  private final NewsKind comers;

  /// @param events the kind of news that is noted of every event
  /// @param members the kind that is noted where who is in the room changed
  /// @param comers the kind of news of users: that they share a room with somebody from now on
  public RoomOutputNotes(
      RecentEvents recent, SyncUsers users, NewsKind events, NewsKind members, NewsKind comers) {
    this.recent = recent;
    this.users = users;
    this.events = events;
    this.members = members;
    this.comers = comers;
  }

  @Override
  public void note(LogPosition at, RoomOutput entry, Concerned concerned) {
    switch (entry) {
      case RoomOutput.EventAdded added -> take(at, added, concerned);
      case RoomOutput.EventStored stored -> forgetRedacted(stored);
      case RoomOutput.StateChanged changed -> take(at, changed, concerned);
      case RoomOutput.OutsideMember outside ->
          outside
              .members()
              .forEach(
                  each -> member(each.user(), outside.room(), each.membership(), at, concerned));
    }
  }

  @Override
  public void forget(LogPosition upTo) {
    recent.forgetUpTo(upTo);
  }

  private void take(LogPosition at, RoomOutput.EventAdded added, Concerned concerned) {
    recent.add(at, added);
    // Before the membership changes: the one who leaves is told, too, and so is the one who comes.
    concerned.addAll(users.noteChanged(events, added.room(), at));
    Pdu event = added.event();
    if (event.isMember()) {
      noteMembers(added.room(), at);
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

  private void take(LogPosition at, RoomOutput.StateChanged changed, Concerned concerned) {
    concerned.addAll(users.noteChanged(events, changed.room(), at));
    for (RoomOutput.StateChange each : changed.changes()) {
      if (each.key().type().equals(EventTypes.MEMBER)) {
        noteMembers(changed.room(), at);
        Membership membership =
            Optional.ofNullable(each.now()).flatMap(Membership::of).orElse(Membership.LEAVE);
        member(each.key().stateKey(), changed.room(), membership, at, concerned);
        if (membership == Membership.JOIN) {
          comes(each.key().stateKey(), changed.room(), at);
        }
      }
    }
  }

  /// The others are told of the one, and the one of the others: for that the user is noted with the
  /// own feed.
  private void comes(String user, RoomId room, LogPosition at) {
    Identifiers.read(UserId::parse, user)
        .ifPresent(comer -> {
          var _ = users.noteChanged(comers, room, comer, at);
          var _ = users.noteOwn(comers, comer, at);
        });
  }

  private void noteMembers(RoomId room, LogPosition at) {
    users.noteChanged(members, room, at).forEach(feed -> feed.note(OwnNews.DEVICE_LISTS, at));
  }

  private void member(
      String user, RoomId room, Membership membership, LogPosition at, Concerned concerned) {
    @Nullable UserFeed feed = users.merge(user, room, membership, at);
    if (feed != null) {
      feed.noteChanged(events, room, at);
      feed.noteChanged(members, room, at);
      feed.note(OwnNews.DEVICE_LISTS, at);
      concerned.add(feed);
    }
  }
}
