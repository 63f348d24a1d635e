package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.logs.TypingOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.sync.view.Changed;
import org.hearth.server.readers.sync.view.Concerned;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.NewsReader;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.typing.TypingQueries;

/// Who types: an `m.typing` event in each room whose list is another than the client has.
///
/// The list is the newest, also where the answer's point is a moment older; then it is told again
/// with the next answer.
///
/// A client that has lists of an earlier run of the server is told of all its rooms, also of those
/// in which nobody types: what it has may be of any of them.
///
/// **Thread:** any. **Source:** [typing notifications][typing].
///
/// [typing]: https://spec.matrix.org/v1.19/client-server-api/#typing-notifications
public final class TypingSection implements Section {
  /// Of the log's part in tokens.
  private static final char LETTER = 't';

  private static final String TYPE = "m.typing";

  /// For the rooms of whomever that have changed, 10,000 of them: for users of whom it is not noted
  /// which of their rooms have.
  private static final int CHANGED_BYTES = 10_000 * Changed.ENTRY_BYTES;

  private final VolatileLog<TypingOutput> log;
  private final TypingQueries typing;
  private final SyncUsers users;
  private final NewsKind kind;
  private final LogReader<TypingOutput> reader;
  private volatile Changed<RoomId> changed = Changed.after(LogPosition.ORIGIN, CHANGED_BYTES);

  /// @param log not yet started
  public TypingSection(VolatileLog<TypingOutput> log, TypingQueries typing, SyncUsers users) {
    this.log = log;
    this.typing = typing;
    this.users = users;
    this.kind = new NewsKind(() -> log.head().position());
    this.reader = NewsReader.of(users, LogPosition.ORIGIN, new Notes());
  }

  /// To be registered with typing-output.
  public LogReader<TypingOutput> reader() {
    return reader;
  }

  @Override
  public String name() {
    return "typing";
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Volatile(LETTER, log));
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return !typing.rooms().isEmpty() || !changed(asked).isEmpty();
  }

  @Override
  public void add(Asked asked, News news) {
    Filter.Rooms filter = asked.request().filter().room();
    if (!filter.ephemeral().admits(TYPE, "", content(List.of()))) {
      return;
    }
    Set<RoomId> rooms = new LinkedHashSet<>(changed(asked));
    for (RoomId each : news.rooms(News.Place.JOIN).keySet()) {
      if (isSomebodyTyping(each) && isNewlyJoined(asked, each)) {
        rooms.add(each);
      }
    }
    for (RoomId each : rooms) {
      if (filter.ephemeral().admitsRoom(each)) {
        news.heldBack()
            .attempt(each.value(), asked.request().since(each), () -> tell(asked, each, news));
      }
    }
  }

  /// The rooms whose lists may be other than the client has; they may be others' rooms, too.
  private Collection<RoomId> changed(Asked asked) {
    VolatilePosition now = log.head();
    // Asked in any case: what changes is noted from the first question on.
    Optional<Set<RoomId>> noted = asked.changedRooms(kind, asked.since(LETTER, now));
    Optional<VolatilePosition> known =
        asked.request().since().map(each -> each.volatiles().get(LETTER));
    boolean ofThisRun = known.filter(each -> each.epoch() == now.epoch()).isPresent();
    if (!ofThisRun && known.filter(each -> !each.position().equals(LogPosition.ORIGIN)).isEmpty()) {
      return typing.rooms().stream().filter(this::isSomebodyTyping).toList();
    }
    // Who is at the beginning of this run may have lists, too: they are of a moment later.
    Optional<Set<RoomId>> rooms =
        ofThisRun
            ? noted.or(() -> changed.since(known.orElseThrow().position()))
            : Optional.empty();
    return rooms.isPresent()
        ? rooms.get()
        : asked.feed().memberships().stream().map(RoomMembership::room).toList();
  }

  public boolean isSomebodyTyping(RoomId room) {
    return !typing.typing(room).isEmpty();
  }

  /// Of a room in which the user was not, the client has no list.
  private static boolean isNewlyJoined(Asked asked, RoomId room) {
    LogPosition since = asked.request().since(room).orElse(LogPosition.ORIGIN);
    return asked.membership(room).filter(each -> each.position().isAfter(since)).isPresent();
  }

  /// "Once ignored, the client will no longer receive events sent by that user": an ignored user is
  /// not in the list.
  private void tell(Asked asked, RoomId room, News news) {
    if (asked.isJoined(room)) {
      ObjectNode event = event(room, asked.request().viewer().ignored());
      news.joined(room).ifPresent(telling -> telling.ephemeral(event));
    }
  }

  /// Who types in a room now, also if nobody does.
  public ObjectNode now(RoomId room, IgnoredUsers ignored) {
    return event(room, ignored);
  }

  /// Who types in a room, if that may be other than who has been told everything up to a point
  /// knows; for who is not in it.
  Optional<ObjectNode> changed(RoomId room, IgnoredUsers ignored, SyncPoint since) {
    VolatilePosition now = log.head();
    Optional<VolatilePosition> known = Optional.ofNullable(since.volatiles().get(LETTER));
    boolean told =
        known
            .filter(each -> each.epoch() == now.epoch())
            .flatMap(each -> changed.since(each.position()))
            .map(rooms -> !rooms.contains(room))
            .orElse(known.isEmpty() && !isSomebodyTyping(room));
    return told ? Optional.empty() : Optional.of(event(room, ignored));
  }

  private ObjectNode event(RoomId room, IgnoredUsers ignored) {
    List<UserId> shown =
        typing.typing(room).stream()
            .filter(each -> !ignored.users().contains(each.value()))
            .toList();
    ObjectNode event = JsonNodeFactory.instance.objectNode().put("type", TYPE);
    event.set("content", content(shown));
    return event;
  }

  private static ObjectNode content(List<UserId> typists) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    ArrayNode ids = content.putArray("user_ids");
    typists.forEach(each -> ids.add(each.value()));
    return content;
  }

  /// Which rooms have changed. No list is kept: the Typing Server is asked for it.
  private final class Notes implements NewsReader.Notes<TypingOutput> {
    @Override
    public void note(LogPosition at, TypingOutput entry, Concerned concerned) {
      changed.add(entry.room(), at);
      concerned.addOthers(users.noteChanged(kind, entry.room(), at));
    }

    @Override
    public void forget(LogPosition upTo) {
      changed = Changed.after(upTo, CHANGED_BYTES);
    }
  }
}
