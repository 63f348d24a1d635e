package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// The published directory, page by page. A page's token names the room next to it, so rooms that
/// come and go between two pages make no other room appear twice or not at all.
///
/// The rooms are read for all requests together, once in [#LIFE] at most: so long a page may miss
/// what a room says of itself now. What is published or withdrawn is seen at once.
///
/// **thread**: any; whoever comes while the rooms are read waits for that.
final class PublicRoomList {
  private static final int USUAL_LIMIT = 100;
  private static final int HIGHEST_LIMIT = 500;

  static final Duration LIFE = Duration.ofSeconds(1);

  private final Directory directory;
  private final RoomQueries rooms;
  private final LongSupplier nanoTime;
  private final ReentrantLock reading = new ReentrantLock();
  private @Nullable Read read;

  /// All published rooms as they were, in their order; one list is kept at a time.
  private record Read(List<PublicRoom> rooms, long atNanos) {}

  PublicRoomList(Directory directory, RoomQueries rooms, LongSupplier nanoTime) {
    this.directory = directory;
    this.rooms = rooms;
    this.nanoTime = nanoTime;
  }

  /// What is asked for.
  ///
  /// @param limit how many rooms a page has
  /// @param since a token of a page before
  /// @param term what name, topic or alias must contain
  /// @param types the room types to list, empty text for rooms without a type; empty for all
  record Wish(
      Optional<Long> limit,
      Optional<String> since,
      Optional<String> term,
      Optional<Set<String>> types) {}

  /// Where a page begins or ends.
  private record Mark(boolean forwards, int members, RoomId room) {
    String token() {
      String text = (forwards ? "f" : "b") + members + "|" + room.value();
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static Mark of(String token) {
      try {
        String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        int bar = text.indexOf('|');
        if (bar > 1 && (text.charAt(0) == 'f' || text.charAt(0) == 'b')) {
          return new Mark(
              text.charAt(0) == 'f',
              Integer.parseInt(text.substring(1, bar)),
              RoomId.parse(text.substring(bar + 1)));
        }
      } catch (IllegalArgumentException | InvalidIdentifierException _) {
        // It is not one of our tokens, like those of another shape.
      }
      throw MatrixException.invalidParam("since is not a token of this list");
    }

    boolean isBefore(PublicRoom other) {
      return compare(other) < 0;
    }

    boolean isAfter(PublicRoom other) {
      return compare(other) > 0;
    }

    private int compare(PublicRoom other) {
      int byMembers = Integer.compare(other.members(), members);
      return byMembers != 0 ? byMembers : room.compareTo(other.room());
    }
  }

  ObjectNode page(Wish wish) {
    List<PublicRoom> all =
        rooms().stream()
            .filter(room -> wish.term().map(room::says).orElse(true))
            .filter(room ->
                wish.types().map(types -> types.contains(room.roomType().orElse(""))).orElse(true))
            .toList();
    int limit = limit(wish.limit());
    Optional<Mark> since = wish.since().map(Mark::of);
    List<PublicRoom> page = cut(all, since, limit);
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode chunk = body.putArray("chunk");
    page.forEach(each -> chunk.add(each.json()));
    if (!page.isEmpty()) {
      PublicRoom first = page.getFirst();
      PublicRoom last = page.getLast();
      if (all.indexOf(last) < all.size() - 1) {
        body.put("next_batch", new Mark(true, last.members(), last.room()).token());
      }
      if (all.indexOf(first) > 0) {
        body.put("prev_batch", new Mark(false, first.members(), first.room()).token());
      }
    }
    body.put("total_room_count_estimate", all.size());
    return body;
  }

  private List<PublicRoom> rooms() {
    reading.lock();
    try {
      Read kept = read;
      if (kept == null || nanoTime.getAsLong() - kept.atNanos() >= LIFE.toNanos()) {
        kept =
            new Read(
                directory.published().stream()
                    .flatMap(room -> PublicRoom.of(room, rooms).stream())
                    .sorted(PublicRoom.ORDER)
                    .toList(),
                nanoTime.getAsLong());
        read = kept;
      }
      return kept.rooms();
    } finally {
      reading.unlock();
    }
  }

  /// A room was published or withdrawn.
  void changed() {
    reading.lock();
    try {
      read = null;
    } finally {
      reading.unlock();
    }
  }

  private static List<PublicRoom> cut(List<PublicRoom> all, Optional<Mark> since, int limit) {
    if (since.isEmpty()) {
      return all.stream().limit(limit).toList();
    }
    Mark mark = since.get();
    if (mark.forwards()) {
      return all.stream().filter(mark::isBefore).limit(limit).toList();
    }
    return all.reversed().stream().filter(mark::isAfter).limit(limit).toList().reversed();
  }

  /// How many rooms a page has of which so many are asked for.
  static int limit(Optional<Long> asked) {
    long limit = asked.orElse((long) USUAL_LIMIT);
    if (limit < 0) {
      throw MatrixException.invalidParam("limit must not be negative");
    }
    return limit == 0 ? USUAL_LIMIT : (int) Math.min(limit, HIGHEST_LIMIT);
  }
}
