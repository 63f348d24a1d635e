package org.hearth.server.readers.push;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;
import org.hearth.server.box.Alarms;
import org.hearth.server.matrix.id.UserId;

/// The pushers in memory, by user, so that what concerns users without any costs no look into the
/// database. One that is gone from the table may still be here: its next turn finds out.
///
/// **bound**: as many as the table has rows. **thread**: any.
final class Workers {
  private final Pushers pushers;
  private final PushQueue queue;
  private final InstantSource clock;
  private final Alarms alarms;
  private final Lanes lanes;
  private final ConcurrentMap<UserId, List<Worker>> byUser = new ConcurrentHashMap<>();
  private boolean loaded;

  Workers(Pushers pushers, PushQueue queue, InstantSource clock, Alarms alarms, Lanes lanes) {
    this.pushers = pushers;
    this.queue = queue;
    this.clock = clock;
    this.alarms = alarms;
    this.lanes = lanes;
  }

  /// Reads them from the database, the first time.
  synchronized void load() {
    if (loaded) {
      return;
    }
    Map<Long, NavigableSet<Long>> queued = queue.positions();
    for (Pushers.Entry each : pushers.all()) {
      Worker worker = add(each.id(), each.user(), Pusher.gateway(each.url()));
      worker.queued().addAll(queued.getOrDefault(each.id(), Collections.emptyNavigableSet()));
    }
    loaded = true;
  }

  /// The user's pushers.
  List<Worker> of(UserId user) {
    return byUser.getOrDefault(user, List.of());
  }

  /// The users who have pushers.
  Set<UserId> users() {
    return Set.copyOf(byUser.keySet());
  }

  /// All pushers.
  List<Worker> all() {
    return byUser.values().stream().flatMap(Collection::stream).toList();
  }

  /// A pusher that was made.
  Worker add(long id, UserId user, String gateway) {
    Worker worker = new Worker(id, user, gateway, clock, alarms, lanes);
    byUser.merge(
        user,
        List.of(worker),
        (before, added) -> {
          List<Worker> all = new ArrayList<>(before);
          all.removeIf(each -> each.id() == id);
          all.addAll(added);
          return List.copyOf(all);
        });
    return worker;
  }

  /// Forgets those of a user's pushers that are gone from the table.
  void reread(UserId user) {
    // Before the table is read: one that is made meanwhile is in neither, and stays.
    List<Worker> known = of(user);
    if (!known.isEmpty()) {
      Set<Long> there =
          pushers.of(user).stream().map(Pusher::id).collect(Collectors.toUnmodifiableSet());
      known.stream().filter(each -> !there.contains(each.id())).forEach(this::forget);
    }
  }

  /// A pusher that is gone.
  void forget(Worker worker) {
    worker.end();
    byUser.computeIfPresent(
        worker.user(),
        (_, before) -> {
          List<Worker> left = before.stream().filter(each -> each != worker).toList();
          return left.isEmpty() ? null : left;
        });
  }
}
