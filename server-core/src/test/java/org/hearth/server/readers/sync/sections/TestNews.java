package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.servers.notification.UnreadCounts;

/// News as sections would add them that do not exist yet.
public final class TestNews {
  private TestNews() {}

  /// One of each that belongs to no room.
  public static News besideRooms(ObjectNode event, UserId changed, UserId left) {
    News news = none();
    for (News.Kind each : News.Kind.values()) {
      news.add(each, event);
    }
    news.deviceLists(new News.DeviceLists(List.of(changed), List.of(left)));
    news.keyCounts(Map.of("signed_curve25519", 20L), List.of("signed_curve25519"));
    return news;
  }

  /// What happens in a room beside its history.
  public static News ofRoom(RoomId room, ObjectNode typing) {
    News news = none();
    news.joined(room).orElseThrow().ephemeral(typing);
    RoomTelling telling = news.joined(room).orElseThrow();
    telling.unread(() -> new UnreadCounts(new UnreadCounts.Count(3, 1), Map.of()));
    telling.countsChanged();
    return news;
  }

  /// None at all.
  public static News none() {
    return new News(new HeldBackNews(new HeldBackNews.Complaints()));
  }

  /// A request from nothing.
  public static SyncRequest request(Viewer viewer) {
    return new SyncRequest(
        viewer,
        Filter.ALL,
        "",
        Optional.empty(),
        false,
        SyncRequest.StateSection.STATE,
        false,
        Duration.ZERO);
  }
}
