package org.hearth.server.servers.room.shard;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.hearth.server.servers.room.state.AuthEdges;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// What a shard remembers of rooms whose history forks: states other than the current ones, what
/// came out of resolutions, and auth graphs.
///
/// **bound**: a budget of bytes each; states that are being dropped, by the units under way.
///
/// It may hold what is not committed yet; when a commit fails all of it is forgotten.
///
/// **thread**: the shard's.
public final class ShardMemory {
  private static final int BYTES_PER_STATE_OF_A_RESOLUTION = 24;
  private static final int RESOLUTION_BYTES = 100;

  private final ReadPool reads;
  private final long maximumBytes;
  private final Cache<Long, StateSnapshot> states;
  private final Cache<List<Long>, Long> resolutions;
  private final Cache<Long, AuthEdges> graphs;
  private final Deque<Dropped> dropped;

  /// What is asked for what this one does not know.
  private final @Nullable ShardMemory beneath;

  /// States whose rows are being deleted: until that is committed the database still has them.
  private static final class Dropped {
    private final Set<Long> states;
    private volatile boolean committed;

    Dropped(Set<Long> states) {
      this.states = states;
    }
  }

  /// @param maximumBytes of which half is for states and most of the rest for graphs
  public ShardMemory(ReadPool reads, long maximumBytes) {
    this(reads, maximumBytes, null);
  }

  private ShardMemory(ReadPool reads, long maximumBytes, @Nullable ShardMemory beneath) {
    this.reads = reads;
    this.maximumBytes = maximumBytes;
    this.beneath = beneath;
    this.dropped = beneath == null ? new ArrayDeque<>() : beneath.dropped;
    this.states =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes / 2)
            .weigher((Long _, StateSnapshot state) -> state.weightBytes())
            .executor(Runnable::run)
            .build();
    this.resolutions =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes / 16)
            .weigher((List<Long> from, Long _) ->
                RESOLUTION_BYTES + BYTES_PER_STATE_OF_A_RESOLUTION * from.size())
            .executor(Runnable::run)
            .build();
    this.graphs =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes * 7 / 16)
            .weigher((Long _, AuthEdges edges) -> edges.weightBytes())
            .executor(Runnable::run)
            .build();
  }

  /// A memory for what may not come to be: it knows what this one knows, and this one learns of it
  /// nothing but edges of committed events.
  public ShardMemory scratch() {
    return new ShardMemory(reads, maximumBytes, this);
  }

  public @Nullable StateSnapshot state(long number) {
    StateSnapshot known = states.getIfPresent(number);
    return known == null && beneath != null ? beneath.state(number) : known;
  }

  public void keep(StateSnapshot state) {
    states.put(state.number(), state);
  }

  /// The number of the state that these resolve to; null when it is not known.
  ///
  /// @param from numbers of states, ascending
  public @Nullable Long resolution(List<Long> from) {
    Long known = resolutions.getIfPresent(from);
    return known == null && beneath != null ? beneath.resolution(from) : known;
  }

  public void keep(List<Long> from, long resolved) {
    resolutions.put(List.copyOf(from), resolved);
  }

  /// The auth graph of a room.
  public AuthEdges graph(long room) {
    if (beneath != null) {
      return beneath.graph(room);
    }
    AuthEdges known = graphs.getIfPresent(room);
    if (known == null) {
      known = AuthEdges.load(reads, room);
      graphs.put(room, known);
    }
    return known;
  }

  /// Weighs a graph again that has grown.
  public void grown(long room, AuthEdges graph) {
    if (beneath == null) {
      graphs.put(room, graph);
    } else {
      beneath.grown(room, graph);
    }
  }

  /// Forgets states that are going to be deleted; until then [#isDropped] tells of them.
  ///
  /// @return to be called when it is committed
  public Runnable drop(Set<Long> numbers) {
    states.invalidateAll(numbers);
    resolutions.asMap().values().removeIf(numbers::contains);
    Dropped now = new Dropped(Set.copyOf(numbers));
    dropped.addLast(now);
    return () -> now.committed = true;
  }

  /// Whether a state that was just found in the database is not to be referred to any more.
  public boolean isDropped(long number) {
    return dropped.stream().anyMatch(each -> each.states.contains(number));
  }

  /// Lets go of what is no longer in the database. Between commands only: within one, what was read
  /// before the commit may be asked about after it.
  public void forgetDropped() {
    while (!dropped.isEmpty() && dropped.getFirst().committed) {
      dropped.removeFirst();
    }
  }

  /// Forgets everything, because units that were under way will never be committed.
  public void startOver() {
    clear();
    dropped.clear();
  }

  /// Forgets what may not come to be.
  public void clear() {
    states.invalidateAll();
    resolutions.invalidateAll();
    graphs.invalidateAll();
  }
}
