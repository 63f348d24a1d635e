package org.hearth.server.readers.sync.sliding;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.sync.view.OwnNews;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.services.accountdata.AccountDataItem;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.jspecify.annotations.Nullable;

/// What filters ask of a user's own data, and of the spaces that they name: read when it is first
/// asked for, and again when it has changed.
///
/// **Bound:** of spaces [#MOST_SPACES] are kept; the rest is no more than the user's data.
/// **Thread:** any.
final class Personal {
  static final int MOST_SPACES = 32;
  private static final int CHILD_BYTES = 150;
  private static final int ROOM_BYTES = 150;
  private static final String DIRECT = "m.direct";
  private static final String TAG = "m.tag";

  private @Nullable Noted<Set<String>> direct;
  private @Nullable Noted<Map<RoomId, Set<String>>> tags;
  private final Map<RoomId, Children> spaces =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<RoomId, Children> eldest) {
          return size() > MOST_SPACES;
        }
      };

  private record Noted<T>(LogPosition asOf, T what, long bytes) {}

  /// @param snapshot the number of the space's state
  record Children(long snapshot, Set<String> rooms) {}

  /// The rooms that are direct ones: "rooms present […] in the `m.direct` entry in account data".
  synchronized Set<String> direct(
      AccountDataQueries accountData, UserId user, UserFeed feed, LogPosition now) {
    if (direct == null || feed.mayHave(OwnNews.ACCOUNT_DATA, direct.asOf())) {
      Set<String> rooms = new HashSet<>();
      accountData
          .global(user, DIRECT)
          .ifPresent(content ->
              content.forEach(ofUser -> {
                for (JsonNode each : ofUser) {
                  rooms.add(each.asText());
                }
              }));
      direct = new Noted<>(now, Set.copyOf(rooms), Memory.of(rooms));
    }
    return direct.what();
  }

  /// The names of the tags of each room.
  synchronized Map<RoomId, Set<String>> tags(
      AccountDataQueries accountData, UserId user, UserFeed feed, LogPosition now) {
    if (tags == null || feed.mayHave(OwnNews.ACCOUNT_DATA, tags.asOf())) {
      Map<RoomId, Set<String>> names = new HashMap<>();
      long bytes = 0;
      for (AccountDataItem each : accountData.all(user, now)) {
        if (each.room() != null && each.type().equals(TAG)) {
          Set<String> ofRoom = new HashSet<>();
          each.content().path("tags").fieldNames().forEachRemaining(ofRoom::add);
          names.put(each.room(), ofRoom);
          bytes += ROOM_BYTES + Memory.of(ofRoom);
        }
      }
      tags = new Noted<>(now, names, bytes);
    }
    return tags.what();
  }

  /// What is known of a space.
  synchronized @Nullable Children children(RoomId space) {
    return spaces.get(space);
  }

  synchronized void children(RoomId space, Children children) {
    spaces.put(space, children);
  }

  synchronized long bytes() {
    long bytes = (direct == null ? 0 : direct.bytes()) + (tags == null ? 0 : tags.bytes());
    for (Children each : spaces.values()) {
      bytes += (long) CHILD_BYTES * each.rooms().size();
    }
    return bytes;
  }
}
