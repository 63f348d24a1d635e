package org.hearth.server.readers.sync.sections;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.OwnNews;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.servers.room.RoomMembership;

/// Whose devices the client must look up again, and whose no more, see [DeviceListChanges]. "The
/// server need only populate this property for an incremental `/sync`".
///
/// **Thread:** any. **Source:** [extensions to /sync][sync].
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#e2e-extensions-to-sync
public final class DeviceListSection implements Section {
  private final List<OutputLog<?>> logs;
  private final DeviceListChanges changes;
  private final NewsKind members;

  /// @param logs account-output, room-output and device-output
  /// @param members of which the reader of room-output notes in which rooms members changed
  public DeviceListSection(List<OutputLog<?>> logs, DeviceListChanges changes, NewsKind members) {
    this.logs = List.copyOf(logs);
    this.changes = changes;
    this.members = members;
  }

  @Override
  public String name() {
    return "device-lists";
  }

  @Override
  public List<Followed> follows() {
    return logs.stream().<Followed>map(Followed.Durable::new).toList();
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return asked
        .since(this)
        .filter(since -> asked.feed().mayHave(OwnNews.DEVICE_LISTS, since))
        .isPresent();
  }

  @Override
  public void add(Asked asked, News news) {
    Optional<LogPosition> since = asked.since(this);
    if (since.isEmpty()) {
      // Asked in any case: in which rooms members change is noted from the first question on.
      var _ = asked.changedRooms(members, LogPosition.ORIGIN);
      return;
    }
    Collection<RoomId> rooms =
        asked.changedRooms(members, since.get()).orElseGet(() -> allRooms(asked));
    news.deviceLists(
        changes.between(
            asked.request().user(),
            asked.feed().memberships(),
            rooms,
            since.get(),
            asked.now().position()));
  }

  private static Set<RoomId> allRooms(Asked asked) {
    return asked.feed().memberships().stream()
        .map(RoomMembership::room)
        .collect(Collectors.toUnmodifiableSet());
  }
}
