package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.sync.view.Changed;
import org.hearth.server.readers.sync.view.Concerned;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.NewsReader;
import org.hearth.server.readers.sync.view.SpacedWakes;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.servers.presence.PresenceQueries;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Who is there of those who share a room with the user: an `m.presence` event for each of whom the
/// client may not have the newest.
///
/// - A client that has nothing is told of those who are there, the user too, and of those who are
///   remembered to have been: when they were last active, and what they said.
/// - After that it is told of changes, and in the same way of those with whom the user has come to
///   share a room, in the answer that tells of the coming. Of the user it is told what the user has
///   said, since what follows from its own syncing would make each sync answer itself.
/// - A client with a token of an earlier run of the server, or an older one than is noted, is told
///   of all, those who are offline, too: it may show them as there.
///
/// What is told is the newest, and whether the two share a room is asked at that moment, too.
///
/// Presence wakes users as [SpacedWakes] has it, and not at all for what changes nothing but
/// `currently_active`.
///
/// **Bound:** [#MOST_TOLD] in an answer; who is over is told of with the next change. **Thread:**
/// any. **Source:** [presence](https://spec.matrix.org/v1.19/client-server-api/#presence).
public final class PresenceSection implements Section {
  /// Users of whom one answer tells.
  static final int MOST_TOLD = 1_000;

  /// So many who are remembered at most are looked for in the user's rooms; if there are more, the
  /// rooms are looked through.
  private static final int FEW = 64;

  /// Of the log's part in tokens.
  private static final char LETTER = 'p';

  private static final String TYPE = "m.presence";

  /// For whoever has changed, 10,000 of them: for users of whom it is not noted whose presence has.
  private static final int CHANGED_BYTES = 10_000 * Changed.ENTRY_BYTES;

  private final VolatileLog<PresenceOutput> log;
  private final PresenceQueries presence;
  private final RoomQueries rooms;
  private final SyncUsers users;
  private final NewsKind comers;
  private final SpacedWakes wakes;
  private final InstantSource clock;
  private final NewsKind kind;
  private final LogReader<PresenceOutput> reader;
  private volatile Changed<UserId> changed = Changed.after(LogPosition.ORIGIN, CHANGED_BYTES);

  /// @param log not yet started
  /// @param comers noted of who comes to share a room with whom
  public PresenceSection(
      VolatileLog<PresenceOutput> log,
      PresenceQueries presence,
      RoomQueries rooms,
      SyncUsers users,
      NewsKind comers,
      SpacedWakes wakes,
      InstantSource clock) {
    this.log = log;
    this.presence = presence;
    this.rooms = rooms;
    this.users = users;
    this.comers = comers;
    this.wakes = wakes;
    this.clock = clock;
    this.kind = new NewsKind(() -> log.head().position());
    this.reader = NewsReader.of(users, LogPosition.ORIGIN, new Notes());
  }

  /// To be registered with presence-output.
  public LogReader<PresenceOutput> reader() {
    return reader;
  }

  @Override
  public String name() {
    return "presence";
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Volatile(LETTER, log));
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return !isOfThisRun(asked)
        || changed(asked).filter(Set::isEmpty).isEmpty()
        || comers(asked).filter(Set::isEmpty).isEmpty();
  }

  @Override
  public void add(Asked asked, News news) {
    EventFilter filter = asked.request().filter().presence();
    if (!filter.admitsType(TYPE)) {
      return;
    }
    Set<String> ignored = asked.request().viewer().ignored().users();
    int left = filter.limit(MOST_TOLD, MOST_TOLD);
    for (UserId each : toBeTold(asked)) {
      ObjectNode content = presence.of(each).content(clock.instant());
      if (left > 0
          && !ignored.contains(each.value())
          && filter.admits(TYPE, each.value(), content)) {
        ObjectNode event = JsonNodeFactory.instance.objectNode().put("type", TYPE);
        event.put("sender", each.value()).set("content", content);
        news.add(News.Kind.PRESENCE, event);
        left--;
      }
    }
  }

  private Set<UserId> toBeTold(Asked asked) {
    // Both are asked in any case: what happens is noted from the first question on.
    Optional<Set<UserId>> others = changed(asked);
    Optional<Set<UserId>> came = comers(asked);
    SyncRequest request = asked.request();
    if (request.since().isEmpty()) {
      return all(asked, false);
    }
    if (others.isEmpty() || !isOfThisRun(asked) || hasFailed(request)) {
      return all(asked, true);
    }
    Set<UserId> told = new LinkedHashSet<>();
    others.get().stream().filter(each -> sharesRoom(asked, each)).forEach(told::add);
    if (request.fullState() || came.isEmpty()) {
      told.addAll(all(asked, false));
    } else if (!came.get().isEmpty()) {
      addComers(asked, came.get(), told);
    }
    return told;
  }

  /// Those whose presence may be another than the client has; they may be strangers, too.
  private Optional<Set<UserId>> changed(Asked asked) {
    LogPosition since = asked.since(LETTER, log.head());
    Optional<Set<UserId>> noted = asked.changedUsers(kind, since);
    return noted.or(() -> changed.since(since));
  }

  /// Those who have come to a room of the user's, the user among them.
  private Optional<Set<UserId>> comers(Asked asked) {
    return asked.changedUsers(comers, asked.since(this).orElse(LogPosition.ORIGIN));
  }

  private boolean isOfThisRun(Asked asked) {
    Optional<VolatilePosition> known =
        asked.request().since().map(each -> each.volatiles().get(LETTER));
    return known.filter(each -> each.epoch() == log.head().epoch()).isPresent();
  }

  /// Whether the client has less than its token's part says.
  private boolean hasFailed(SyncRequest request) {
    return request.since().filter(each -> each.holdsBack(name())).isPresent();
  }

  private void addComers(Asked asked, Set<UserId> came, Set<UserId> told) {
    UserId user = asked.request().user();
    Set<UserId> those = new LinkedHashSet<>(came);
    if (those.remove(user)) {
      LogPosition since = asked.since(this).orElse(LogPosition.ORIGIN);
      joinedRooms(asked)
          .filter(room -> room.position().isAfter(since))
          .forEach(room -> those.addAll(rooms.joinedUsers(room.room())));
      those.remove(user);
    }
    Telling telling = new Telling(user, false);
    those.stream()
        .filter(presence::isRemembered)
        .filter(each -> sharesRoom(asked, each))
        .forEach(telling::add);
    told.addAll(telling.users());
  }

  /// Those who share a room with the user, and the user.
  ///
  /// @param unknownToo whether those belong to them of whom nothing is remembered
  private Set<UserId> all(Asked asked, boolean unknownToo) {
    Telling telling = new Telling(asked.request().user(), unknownToo);
    // Whether a few are in the user's rooms is found without reading all who are.
    Optional<List<UserId>> few = unknownToo ? Optional.empty() : presence.remembered(FEW);
    if (few.isPresent()) {
      few.get().stream().filter(each -> sharesRoom(asked, each)).forEach(telling::add);
    } else {
      telling.add(asked.request().user());
      joinedRooms(asked).forEach(room -> rooms.joinedUsers(room.room()).forEach(telling::add));
    }
    return telling.users();
  }

  /// Those to be told of, with whom the user shares a room: the ones who are there come first, as
  /// many as an answer takes, since the others may have been there long ago.
  private final class Telling {
    private final Set<UserId> there = new LinkedHashSet<>();
    private final Set<UserId> absent = new LinkedHashSet<>();
    private final UserId user;
    private final boolean unknownToo;

    /// @param unknownToo whether those belong to them of whom nothing is remembered; other servers'
    ///   users are not said to be offline
    Telling(UserId user, boolean unknownToo) {
      this.user = user;
      this.unknownToo = unknownToo;
    }

    void add(UserId each) {
      if (presence.isPresent(each)) {
        addTo(there, each);
      } else if (presence.isRemembered(each)
          || (unknownToo && each.server().equals(user.server()))) {
        addTo(absent, each);
      }
    }

    private void addTo(Set<UserId> those, UserId each) {
      if (those.size() < MOST_TOLD) {
        those.add(each);
      }
    }

    Set<UserId> users() {
      there.addAll(absent);
      return there;
    }
  }

  private static Stream<RoomMembership> joinedRooms(Asked asked) {
    return asked.feed().memberships().stream().filter(each -> each.membership() == Membership.JOIN);
  }

  private boolean sharesRoom(Asked asked, UserId other) {
    return other.equals(asked.request().user())
        || rooms.roomsOf(other, Set.of(Membership.JOIN)).stream()
            .flatMap(each -> asked.feed().membership(each.room()).stream())
            .anyMatch(each -> each.membership() == Membership.JOIN);
  }

  /// Whose presence has changed. No presence is kept: the Presence Server is asked for it. Who
  /// shares a room is woken a while later, by [SpacedWakes].
  private final class Notes implements NewsReader.Notes<PresenceOutput> {
    @Override
    public void note(LogPosition at, PresenceOutput entry, Concerned concerned) {
      UserId user = entry.user();
      changed.add(user, at);
      Set<UserFeed> those = new HashSet<>();
      for (RoomMembership each : rooms.roomsOf(user, Set.of(Membership.JOIN))) {
        those.addAll(users.noteChanged(kind, each.room(), user, at));
      }
      if (entry.why() == PresenceOutput.Why.SAID) {
        those.addAll(users.noteOwn(kind, user, at));
      }
      if (entry.why() != PresenceOutput.Why.ACTIVITY) {
        concerned.addOthers(those, wakes);
      }
    }

    @Override
    public void forget(LogPosition upTo) {
      changed = Changed.after(upTo, CHANGED_BYTES);
    }
  }
}
