package org.hearth.server.readers.sync.sections;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.servers.notification.UnreadCounts;
import org.hearth.server.servers.receipt.ReceiptQueries;

/// How many notifications the user has not seen, in each room of which something is told, in those
/// where the user has read since, and in those where an event has notified the user that the filter
/// keeps from the timeline. They are those of now: events and receipts of which a client is told are
/// counted by then.
///
/// **Thread:** any. **Source:** [receiving notifications][counts].
///
/// [counts]: https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications
public final class UnreadSection implements Section {
  private final OutputLog<ReceiptOutput> log;
  private final NewsKind kind;
  private final NotificationQueries notifications;
  private final ReceiptQueries receipts;

  /// @param log receipt-output
  /// @param kind of which the reader of that log notes news for who has read
  public UnreadSection(
      OutputLog<ReceiptOutput> log,
      NewsKind kind,
      NotificationQueries notifications,
      ReceiptQueries receipts) {
    this.log = log;
    this.kind = kind;
    this.notifications = notifications;
    this.receipts = receipts;
  }

  @Override
  public String name() {
    return "unread";
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Durable(log));
  }

  /// It has of whatever room the sections before this one tell.
  @Override
  public boolean mayHaveNews(Asked asked) {
    return true;
  }

  @Override
  public void add(Asked asked, News news) {
    boolean hidden = !asked.request().filter().room().timeline().admitsAll();
    news.rooms(News.Place.JOIN)
        .forEach((room, telling) -> {
          telling.unread(counts(asked, room, news.heldBack()));
          if (hidden) {
            telling.countsChangedIf(() -> isNotified(asked, room, news.heldBack()));
          }
        });
    for (RoomId each : read(asked)) {
      if (asked.isJoined(each)) {
        news.joined(each)
            .ifPresent(telling -> {
              telling.unread(counts(asked, each, news.heldBack()));
              telling.countsChanged();
            });
      }
    }
  }

  /// The rooms in which the user has read since.
  private Set<RoomId> read(Asked asked) {
    UserId user = asked.request().user();
    LogPosition now = asked.now().position();
    return asked
        .since(this)
        .map(since ->
            asked
                .changedRooms(kind, since)
                .orElseGet(() -> receipts.roomsReadAfter(user, since, now)))
        .orElse(Set.of());
  }

  /// Whether an event has notified the user since.
  private boolean isNotified(Asked asked, RoomId room, HeldBackNews heldBack) {
    return asked
        .since(this)
        .filter(since ->
            heldBack.orElse(
                "the counts of " + room,
                () ->
                    notifications.isNotified(
                        room,
                        asked.request().user(),
                        since.value(),
                        asked.now().position().value()),
                false))
        .isPresent();
  }

  /// "If `unread_thread_notifications` was specified as `true` on the `RoomEventFilter`, these
  /// counts will only be for the main timeline rather than all events in the room."
  private Supplier<UnreadCounts> counts(Asked asked, RoomId room, HeldBackNews heldBack) {
    return () -> {
      UnreadCounts counts =
          heldBack.orElse(
              "the counts of " + room,
              () -> notifications.counts(room, asked.request().user()),
              UnreadCounts.NONE);
      return asked.request().filter().room().unreadThreadNotifications()
          ? counts
          : new UnreadCounts(counts.total(), Map.of());
    };
  }
}
