package org.hearth.server.readers.sync.sliding;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.sections.WindowSection.Wanted;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.servers.room.RoomMembership;

/// Of which rooms an answer tells, of each from where on, and which rooms fall behind.
///
/// A room that is named and of which the client has all is looked at only if its user's feed has
/// noted news of it. One that is not named and has news falls behind: the next answer that names it
/// tells what came since. So an answer costs a glance at each room that is named, and a look into
/// those with news.
///
/// **Thread:** one request's.
final class Plan {
  private final Parts parts;
  private final Connection connection;
  private final Step base;
  private final UserFeed feed;
  private final Windows windows;
  private final Set<String> direct;
  private final List<Wanted> wanted = new ArrayList<>();
  private final List<Step.Member> members = new ArrayList<>();

  /// What changes of what the connection has been sent.
  private final Map<RoomId, Sent> changes = new HashMap<>();

  Plan(Look look, Windows windows, Set<String> direct) {
    this.parts = look.parts();
    this.connection = look.connection();
    this.base = look.base();
    this.feed = look.feed();
    this.windows = windows;
    this.direct = direct;
    plan();
  }

  private void plan() {
    boolean begins = base.number() == 0;
    LogPosition point = base.point().position();
    Optional<Set<RoomId>> changed =
        begins ? Optional.empty() : feed.changedRooms(parts.kinds().events(), point);
    windows
        .rooms()
        .forEach((room, config) -> {
          Optional<Sent> sent = connection.sent(room);
          if (sent.isEmpty()) {
            want(room, config, Optional.empty(), false, false, RequiredState.NONE);
          } else {
            again(room, config, sent.get(), changed);
          }
        });
    if (begins) {
      // What changes is noted from the first question on.
      var _ = feed.changedRooms(parts.kinds().read(), point);
      var _ = feed.changedRooms(parts.kinds().receipts(), point);
    } else {
      fallBehind(Sent.Kind.EVENTS, point, changed, windows.rooms().keySet());
      // What is unread changes when the user reads, too.
      fallBehind(
          Sent.Kind.EVENTS,
          point,
          feed.changedRooms(parts.kinds().read(), point),
          windows.rooms().keySet());
    }
  }

  private void again(RoomId room, RoomConfig config, Sent sent, Optional<Set<RoomId>> changed) {
    boolean live = sent.events() == Sent.LIVE;
    boolean mayHaveNews = !live || changed.map(those -> those.contains(room)).orElse(true);
    // "If the `timeline_limit` has increased (to say `N`) and the server has not previously sent
    // down all of the latest `N` events on the connection, the server SHOULD send down the latest
    // `N` events even if *some* of the events have previously been sent."
    boolean expanded = config.limit() > sent.limit() && config.limit() > sent.covered();
    boolean otherState = config.number() != sent.state();
    boolean otherDm = direct.contains(room.value()) != sent.dm();
    if (mayHaveNews || expanded || otherState || otherDm) {
      Optional<LogPosition> since = sent.since(Sent.Kind.EVENTS, base.point().position());
      want(room, config, since, expanded, !live || otherDm, connection.state(sent.state()));
    } else if (config.limit() != sent.limit()) {
      changes.put(room, sent.with(config, sent.covered(), sent.dm()));
    }
  }

  private void want(
      RoomId room,
      RoomConfig config,
      Optional<LogPosition> since,
      boolean expanded,
      boolean counts,
      RequiredState before) {
    boolean isThere =
        feed.membership(room)
            .map(RoomMembership::membership)
            .filter(each -> each != Membership.LEAVE && each != Membership.BAN)
            .isPresent();
    wanted.add(
        new Wanted(
            room,
            since,
            config.limit(),
            expanded,
            counts,
            new RequiredStates(
                parts.rooms(), connection, config.state(), before, isThere, members)));
  }

  /// Rooms with news that is not told: from now on it is known up to where the client has them.
  ///
  /// @param changed empty where it is not known which have news
  /// @param told those whose news is told
  void fallBehind(
      Sent.Kind kind, LogPosition point, Optional<Set<RoomId>> changed, Set<RoomId> told) {
    if (changed.isPresent()) {
      for (RoomId each : changed.get()) {
        if (!told.contains(each)) {
          sent(each).ifPresent(sent -> fallBehind(kind, point, each, sent));
        }
      }
      return;
    }
    Set<RoomId> all = new HashSet<>();
    connection.each((room, sent) -> {
      if (sent.upTo(kind) == Sent.LIVE && !told.contains(room)) {
        all.add(room);
      }
    });
    all.forEach(each -> sent(each).ifPresent(sent -> fallBehind(kind, point, each, sent)));
  }

  private void fallBehind(Sent.Kind kind, LogPosition point, RoomId room, Sent sent) {
    if (sent.upTo(kind) == Sent.LIVE) {
      changes.put(room, sent.with(kind, point.value()));
    }
  }

  /// What the client has of a room, with what this answer has changed so far.
  Optional<Sent> sent(RoomId room) {
    Optional<Sent> changed = Optional.ofNullable(changes.get(room));
    return changed.isPresent() ? changed : connection.sent(room);
  }

  void change(RoomId room, Sent sent) {
    changes.put(room, sent);
  }

  List<Wanted> wanted() {
    return wanted;
  }

  Windows windows() {
    return windows;
  }

  boolean isDirect(RoomId room) {
    return direct.contains(room.value());
  }

  Map<RoomId, Sent> changes() {
    return changes;
  }

  List<Step.Member> members() {
    return members;
  }
}
