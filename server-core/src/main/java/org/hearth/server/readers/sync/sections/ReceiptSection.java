package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.view.Concerned;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.NewsReader;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.servers.receipt.ReceiptQueries;
import org.hearth.server.servers.room.RoomMembership;

/// Who has read up to where: an `m.receipt` event in each room in which that has changed.
///
/// A client that has nothing of a room is told of the newest receipts that there are, as many as
/// [ReceiptQueries#MOST_RECEIPTS]; so is one that has not synced for long.
///
/// **Thread:** any. **Source:** [receipts][receipts].
///
/// [receipts]: https://spec.matrix.org/v1.19/client-server-api/#receipts
public final class ReceiptSection implements Section {
  private static final String TYPE = "m.receipt";

  /// What a client may take for another: the event's content names each user once for an event and
  /// a type. An unthreaded receipt says more than one of a thread, and a thread's root is in the
  /// main timeline.
  private static final Comparator<ReceiptOutput> FAR_REACHING_FIRST =
      Comparator.comparingInt(each -> {
        String thread = each.thread();
        if (thread == null) {
          return 0;
        }
        return thread.equals(ReceiptOutput.MAIN) ? 1 : 2;
      });

  private final OutputLog<ReceiptOutput> log;
  private final ReceiptQueries receipts;
  private final SyncUsers users;
  private final NewsKind kind;
  private final NewsKind counts;
  private final LogReader<ReceiptOutput> reader;

  /// @param log not yet started
  /// @param kind of which the reader of the log notes news
  /// @param counts of which it notes news for the user who has read, and nobody else
  /// @param start the last position that was committed before the log is started
  public ReceiptSection(
      OutputLog<ReceiptOutput> log,
      ReceiptQueries receipts,
      SyncUsers users,
      NewsKind kind,
      NewsKind counts,
      LogPosition start) {
    this.log = log;
    this.receipts = receipts;
    this.users = users;
    this.kind = kind;
    this.counts = counts;
    this.reader = NewsReader.of(users, start, this::note);
  }

  /// To be registered with receipt-output. It keeps no receipt: the Receipt Server is asked for
  /// them.
  public LogReader<ReceiptOutput> reader() {
    return reader;
  }

  @Override
  public String name() {
    return "receipts";
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Durable(log));
  }

  /// It may always have: of a room to which the user has come the client has none, and which those
  /// are say the sections before this one.
  @Override
  public boolean mayHaveNews(Asked asked) {
    return true;
  }

  @Override
  public void add(Asked asked, News news) {
    Filter.Rooms filter = asked.request().filter().room();
    if (!filter.ephemeral().admits(TYPE, "", JsonNodeFactory.instance.objectNode())) {
      return;
    }
    Set<RoomId> rooms = new LinkedHashSet<>(changed(asked));
    rooms.addAll(asked.roomsHeldBack());
    for (RoomId each : news.rooms(News.Place.JOIN).keySet()) {
      if (known(asked, each).isEmpty()) {
        rooms.add(each);
      }
    }
    for (RoomId each : rooms) {
      if (filter.ephemeral().admitsRoom(each)) {
        tell(asked, each, news);
      }
    }
  }

  /// The rooms with receipts that the client may not have.
  private Set<RoomId> changed(Asked asked) {
    return asked
        .since(this)
        .flatMap(since -> asked.changedRooms(kind, since))
        .orElseGet(() ->
            asked.feed().memberships().stream()
                .map(RoomMembership::room)
                .collect(Collectors.toUnmodifiableSet()));
  }

  private void tell(Asked asked, RoomId room, News news) {
    if (asked.isJoined(room)) {
      LogPosition after = known(asked, room).orElse(LogPosition.ORIGIN);
      news.joined(room)
          .ifPresent(
              telling -> telling.ephemeral(() -> event(asked, room, after, news.heldBack())));
    }
  }

  /// Up to where the client has the room's receipts; empty if it has nothing. A user who was away
  /// in between is told of all, as one who is new.
  private Optional<LogPosition> known(Asked asked, RoomId room) {
    OwnMembership own = OwnMembership.upTo(asked.rooms(), asked.membership(room));
    return asked
        .since(this)
        .flatMap(all -> asked.request().since(room).map(since -> earlier(all, since)))
        .filter(own::joinedEverSince);
  }

  private static LogPosition earlier(LogPosition one, LogPosition other) {
    return one.isAfter(other) ? other : one;
  }

  /// "Once ignored, the client will no longer receive events sent by that user": the receipts of an
  /// ignored user are left out.
  private Optional<ObjectNode> event(
      Asked asked, RoomId room, LogPosition after, HeldBackNews heldBack) {
    return heldBack.orElse(
        "the receipts of " + room,
        () -> event(room, asked.request().viewer(), after, asked.now().position()),
        Optional.empty());
  }

  /// The receipts of a room that were set after one position up to another.
  Optional<ObjectNode> event(RoomId room, Viewer viewer, LogPosition after, LogPosition upTo) {
    IgnoredUsers ignored = viewer.ignored();
    List<ReceiptOutput> told =
        receipts.changed(room, viewer.user(), after, upTo).stream()
            .filter(each -> !ignored.users().contains(each.user().value()))
            .sorted(FAR_REACHING_FIRST)
            .toList();
    if (told.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode event = JsonNodeFactory.instance.objectNode().put("type", TYPE);
    ObjectNode content = event.putObject("content");
    for (ReceiptOutput each : told) {
      ObjectNode receipt = JsonNodeFactory.instance.objectNode().put("ts", each.ts());
      if (each.thread() != null) {
        receipt.put("thread_id", each.thread());
      }
      content
          .withObjectProperty(each.event().value())
          .withObjectProperty(each.type().id())
          .putIfAbsent(each.user().value(), receipt);
    }
    return Optional.of(event);
  }

  /// Who has read is told at once, with the counts that follow; the others when they can be.
  private void note(LogPosition at, ReceiptOutput receipt, Concerned concerned) {
    RoomId room = receipt.room();
    String user = receipt.user().value();
    concerned.addAll(users.noteChanged(counts, room, user, at));
    concerned.addOthers(
        receipt.type() == ReceiptType.READ_PRIVATE
            ? users.noteChanged(kind, room, user, at)
            : users.noteChanged(kind, room, at));
  }
}
