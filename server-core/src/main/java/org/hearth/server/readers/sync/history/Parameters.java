package org.hearth.server.readers.sync.history;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Request;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.FilterFields;
import org.hearth.server.readers.tokens.SyncToken;

/// Reads the parameters that the calls about rooms have in common.
final class Parameters {
  private Parameters() {}

  static RoomId room(Request request) {
    return RoomId.parse(request.path("roomId"));
  }

  /// Whether the direction that is asked for is from later to earlier.
  static boolean backwards(Request request) {
    return switch (request.requiredQuery("dir")) {
      case "b" -> true;
      case "f" -> false;
      default -> throw MatrixException.invalidParam("dir must be b or f");
    };
  }

  /// The number of events that is asked for.
  static int limit(Request request, int whenAbsent, int most) {
    return request
        .queryLong("limit", 0, Long.MAX_VALUE)
        .map(each -> (int) Math.min(each, most))
        .orElse(whenAbsent);
  }

  /// The `RoomEventFilter` in the query; all events where there is none.
  static EventFilter filter(Request request) {
    return request
        .query("filter")
        .map(each -> MatrixJson.parseObject(each.getBytes(StandardCharsets.UTF_8)))
        .map(each -> EventFilter.parse(new FilterFields("", each)))
        .orElse(EventFilter.ALL);
  }

  /// The point that a token in the query means, which may be in the history before the live
  /// timeline.
  static Optional<SyncToken> point(Request request, String name) {
    return request.query(name).map(each -> SyncToken.parse(name, each));
  }

  /// The point of the live timeline that a token in the query means.
  static Optional<LogPosition> token(Request request, String name) {
    return request.query(name).map(each -> SyncToken.parse(name, each).position());
  }
}
