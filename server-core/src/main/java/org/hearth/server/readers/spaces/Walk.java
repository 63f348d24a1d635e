package org.hearth.server.readers.spaces;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// A walk through a space and the spaces in it, each before what comes after it, as far as its user
/// may look: page by page. Every room is come to once, however often it is named, so that circles
/// end.
///
/// **bound**: below; a page that comes to one of them ends, and the next goes on.
///
/// **thread**: one request's.
///
/// **source**: [Discovering rooms within spaces][s].
///
/// [s]: https://spec.matrix.org/v1.19/client-server-api/#discovering-rooms-within-spaces
final class Walk {
  /// Rooms that a walk comes to, on all pages.
  static final int MOST_ROOMS = 5_000;

  /// Rooms that are looked at for a page, those among them that the user may not know of.
  private static final int MOST_LOOKED_AT = 500;

  private static final int MOST_BYTES = 512 << 10;

  /// Questions to other servers for a page.
  private static final int MOST_QUESTIONS = 20;

  /// Servers that are asked for one room.
  private static final int MOST_SERVERS = 3;

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration TIME_OF_PAGE = Duration.ofSeconds(15);

  /// What is asked for.
  ///
  /// @param maxDepth how many spaces deep
  record Wish(UserId user, RoomId root, boolean suggestedOnly, int maxDepth) {}

  /// A room to come to.
  ///
  /// @param via servers that may know it
  /// @param parent the question by whose answer it was found, if another server's: it may say what
  ///   this room is
  record Step(
      RoomId room, List<ServerName> via, int depth, RoomsElsewhere.@Nullable Question parent) {}

  /// Where a walk is.
  ///
  /// @param open what is to be come to, the next first
  /// @param seen what it has come to, or will
  record Point(Wish wish, List<Step> open, Set<RoomId> seen) {
    Point {
      open = List.copyOf(open);
      seen = Set.copyOf(seen);
    }

    /// The beginning.
    ///
    /// @param via servers that may know the space, if it is not here
    static Point start(Wish wish, List<ServerName> via) {
      return new Point(wish, List.of(new Step(wish.root(), via, 0, null)), Set.of(wish.root()));
    }
  }

  /// A page.
  ///
  /// @param next where it goes on; empty at the end
  record Page(List<SpaceRoom> rooms, Optional<Point> next) {}

  /// A room that was found.
  ///
  /// @param source the question that was answered by it; null if it is here
  private record Found(SpaceRoom room, RoomsElsewhere.@Nullable Question source) {}

  private final RoomsHere here;
  private final RoomsElsewhere elsewhere;
  private final Wish wish;
  private final Deque<Step> open;
  private final Set<RoomId> seen;
  private final long end = System.nanoTime() + TIME_OF_PAGE.toNanos();
  private int questions;

  Walk(RoomsHere here, RoomsElsewhere elsewhere, Point point) {
    this.here = here;
    this.elsewhere = elsewhere;
    this.wish = point.wish();
    this.open = new ArrayDeque<>(point.open());
    this.seen = new HashSet<>(point.seen());
  }

  /// The next rooms.
  ///
  /// @param limit at most so many
  Page page(int limit) throws InterruptedException {
    List<SpaceRoom> rooms = new ArrayList<>();
    int bytes = 0;
    for (int looked = 0;
        !open.isEmpty()
            && rooms.size() < limit
            && bytes < MOST_BYTES
            && looked < MOST_LOOKED_AT
            && questions < MOST_QUESTIONS
            && System.nanoTime() < end;
        looked++) {
      Step step = open.pop();
      Optional<Found> found = find(step);
      if (found.isPresent()) {
        SpaceRoom room = found.get().room();
        rooms.add(room);
        bytes += room.bytes();
        if (step.depth() < wish.maxDepth()) {
          enter(room, step.depth() + 1, found.get().source());
        }
      }
    }
    return new Page(
        rooms,
        open.isEmpty() ? Optional.empty() : Optional.of(new Point(wish, List.copyOf(open), seen)));
  }

  private void enter(SpaceRoom space, int depth, RoomsElsewhere.@Nullable Question source) {
    List<Step> steps = new ArrayList<>();
    for (SpaceChild each : space.children(wish.suggestedOnly())) {
      if (seen.size() < MOST_ROOMS && seen.add(each.room())) {
        steps.add(new Step(each.room(), each.via(), depth, source));
      }
    }
    steps.reversed().forEach(open::push);
  }

  /// The room, if the user may know of it. "The local data should be used instead of the remote
  /// server's data."
  private Optional<Found> find(Step step) throws InterruptedException {
    Optional<Found> found =
        here.has(step.room())
            ? here.room(step.room()).map(room -> new Found(room, null))
            : findElsewhere(step);
    return found.filter(each -> here.mayKnow(wish.user(), each.room()));
  }

  private Optional<Found> findElsewhere(Step step) throws InterruptedException {
    Optional<SpaceRoom> told = Optional.empty();
    if (step.parent() != null) {
      Optional<RoomsElsewhere.Answer> answer = elsewhere.known(step.parent());
      // "The requesting server should consider these room IDs as not accessible from anywhere. They
      // should not be re-requested."
      if (answer.filter(each -> each.inaccessible().contains(step.room())).isPresent()) {
        return Optional.empty();
      }
      told = answer.flatMap(each -> Optional.ofNullable(each.children().get(step.room())));
      boolean suffices =
          told.filter(each ->
                  !each.isSpace() || !each.children().isEmpty() || step.depth() >= wish.maxDepth())
              .isPresent();
      if (suffices) {
        return Optional.of(new Found(told.get(), step.parent()));
      }
    }
    Optional<Found> asked = ask(step);
    return asked.isPresent() ? asked : told.map(each -> new Found(each, step.parent()));
  }

  private Optional<Found> ask(Step step) throws InterruptedException {
    List<ServerName> servers =
        step.via().stream()
            .filter(each -> !each.equals(here.server()))
            .limit(MOST_SERVERS)
            .toList();
    for (ServerName server : servers) {
      RoomsElsewhere.Question question =
          new RoomsElsewhere.Question(server, step.room(), wish.suggestedOnly());
      if (elsewhere.known(question).isEmpty()) {
        questions++;
      }
      Optional<SpaceRoom> room = elsewhere.ask(question, wish.user().value(), PATIENCE).room();
      if (room.isPresent()) {
        return Optional.of(new Found(room.get(), question));
      }
    }
    return Optional.empty();
  }
}
