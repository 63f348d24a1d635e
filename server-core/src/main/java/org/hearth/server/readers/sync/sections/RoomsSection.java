package org.hearth.server.readers.sync.sections;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomMembership;

/// What happened in the user's rooms: events, state, members, and the user's own coming and going.
///
/// It visits the rooms in which there was news since the client's token, and those that could not
/// be read then. It visits all of the user's rooms for a client that has nothing or wants all
/// state, and when the token is older than what the user's feed remembers.
///
/// **Thread:** any.
public final class RoomsSection implements Section {
  private final OutputLog<RoomOutput> log;
  private final NewsKind events;
  private final NewsOfRoom news;
  private final NewsOfRoom.Readers readers;

  /// @param events the kind of news that the reader of the log notes
  public RoomsSection(
      OutputLog<RoomOutput> log, NewsKind events, NewsOfRoom news, NewsOfRoom.Readers readers) {
    this.log = log;
    this.events = events;
    this.news = news;
    this.readers = readers;
  }

  @Override
  public String name() {
    return "rooms";
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Durable(log));
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return changed(asked).filter(Set::isEmpty).isEmpty();
  }

  @Override
  public void add(Asked asked, News told) {
    Collection<RoomMembership> visited =
        changed(asked).map(asked::newestMemberships).orElseGet(asked.feed()::memberships);
    for (RoomMembership each : visited) {
      RoomId room = each.room();
      told.heldBack()
          .attempt(
              room.value(),
              asked.request().since(room),
              () ->
                  asked
                      .asOfNow(each)
                      .ifPresent(membership ->
                          told.put(
                              NewsOfRoom.place(membership.membership()),
                              room,
                              () ->
                                  news.of(
                                      asked.request(),
                                      asked.now().position(),
                                      membership,
                                      readers))));
    }
  }

  /// The rooms to visit; empty for all.
  private Optional<Set<RoomId>> changed(Asked asked) {
    Optional<SyncPoint> since = asked.request().since();
    if (since.isEmpty() || asked.request().fullState()) {
      return Optional.empty();
    }
    Optional<Set<RoomId>> changed = asked.changedRooms(events, since.get().position());
    if (changed.isEmpty() || since.get().heldBack().isEmpty()) {
      return changed;
    }
    Set<RoomId> visited = new HashSet<>(changed.get());
    visited.addAll(asked.roomsHeldBack());
    return Optional.of(visited);
  }
}
