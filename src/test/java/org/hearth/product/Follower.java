package org.hearth.product;

import static org.hearth.product.MatrixHttp.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/// A client that follows its rooms by `/sync` for as long as the server lives, and goes on from the
/// same token when it lives again.
///
/// **thread**: one that follows; the others look after it has ended.
final class Follower {
  private static final String FILTER = encoded("{\"room\":{\"timeline\":{\"limit\":50}}}");

  private final MatrixHttp client;
  private final List<String> seen = new ArrayList<>();
  private final AtomicReference<String> since = new AtomicReference<>();

  Follower(MatrixHttp client) {
    this.client = client;
    this.since.set(sync("timeout=0").path("next_batch").textValue());
  }

  /// Follows until the server is gone.
  Thread follow() {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              step(2_000);
            }
          } catch (UncheckedIOException _) {
            // The server is gone.
          }
        });
  }

  /// Follows until there is nothing new.
  void catchUp() {
    while (step(0)) {
      // There may be more.
    }
  }

  /// The ids of the events of timelines, in the order in which they came.
  List<String> seen() {
    return seen;
  }

  private boolean step(int timeoutMillis) {
    String from = since.get();
    JsonNode answer = sync("timeout=" + timeoutMillis + "&since=" + from);
    List<String> news = new ArrayList<>();
    for (var room : answer.path("rooms").path("join").properties()) {
      JsonNode timeline = room.getValue().path("timeline");
      if (timeline.path("limited").asBoolean()) {
        news.addAll(gap(room.getKey(), timeline.path("prev_batch").textValue(), from));
      }
      ids(timeline.path("events")).forEach(news::add);
    }
    seen.addAll(news);
    String next = answer.path("next_batch").textValue();
    since.set(next);
    return !next.equals(from);
  }

  /// What a limited timeline left out, by pages backwards.
  private List<String> gap(String room, String end, String start) {
    List<String> missed = new ArrayList<>();
    String from = end;
    while (true) {
      JsonNode page =
          client
              .get(Crowd.path(room) + "/messages?dir=b&limit=100&from=" + from + "&to=" + start)
              .granted();
      List<String> ids = ids(page.path("chunk")).toList();
      missed.addAll(ids);
      if (ids.isEmpty() || !page.hasNonNull("end")) {
        return missed.reversed();
      }
      from = page.path("end").textValue();
    }
  }

  private static Stream<String> ids(JsonNode events) {
    List<String> ids = new ArrayList<>();
    events.forEach(each -> ids.add(each.path("event_id").textValue()));
    return ids.stream();
  }

  private JsonNode sync(String query) {
    return client.get("/sync?filter=" + FILTER + "&" + query).granted();
  }
}
