package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.push.PushOutcome;
import org.hearth.server.servers.notification.Notification;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.store.Committer;
import org.hearth.server.store.RowChange;

/// Follows notification-output: writes down what the pushers have to be told, and wakes them. A
/// batch without a user who has a pusher costs a look into memory for each of them.
///
/// Entries come again after a crash; those up to the last one that was written down are passed
/// over.
///
/// **thread**: the log's for this reader.
final class Intake implements LogReader<NotificationOutput> {
  private final Workers workers;
  private final PushQueue queue;
  private final NotificationQueries notifications;
  private final Committer committer;
  private LogPosition position = LogPosition.ORIGIN;

  /// Up to which event all is written down; negative before that was read.
  private long taken = -1;

  Intake(Workers workers, PushQueue queue, NotificationQueries notifications, Committer committer) {
    this.workers = workers;
    this.queue = queue;
    this.notifications = notifications;
    this.committer = committer;
  }

  @Override
  public String name() {
    return "client-push";
  }

  @Override
  public LogPosition position() {
    return position;
  }

  /// What was lost is asked for, so nothing is gained by parking it.
  @Override
  public boolean rebuilds() {
    return true;
  }

  @Override
  public void onBatch(List<Positioned<NotificationOutput>> batch) {
    load();
    Map<Worker, NavigableMap<Long, PushQueue.Item>> added = new LinkedHashMap<>();
    List<Worker> changed = new ArrayList<>();
    long last = taken;
    for (Positioned<NotificationOutput> each : batch) {
      switch (each.entry()) {
        case NotificationOutput.Notified notified when notified.position() > taken -> {
          add(notified, added);
          last = Math.max(last, notified.position());
        }
        case NotificationOutput.Notified _ -> {}
        case NotificationOutput.CountsChanged counts -> changed.addAll(workers.of(counts.user()));
      }
    }
    if (!added.isEmpty()) {
      write(added, last);
    }
    taken = last;
    position = batch.getLast().position();
    changed.forEach(Worker::wakeForBadge);
    added.keySet().forEach(Worker::wake);
  }

  private void load() {
    workers.load();
    if (taken < 0) {
      taken = queue.intake();
    }
  }

  private void add(
      NotificationOutput.Notified notified, Map<Worker, NavigableMap<Long, PushQueue.Item>> added) {
    for (NotificationOutput.Audience audience : notified.audiences()) {
      PushQueue.Item item = null;
      for (UserId user : audience.users()) {
        for (Worker worker : workers.of(user)) {
          if (item == null) {
            item = item(notified, audience);
          }
          add(worker, item, added);
        }
      }
    }
  }

  /// What was before the pusher is not for it.
  private static void add(
      Worker worker, PushQueue.Item item, Map<Worker, NavigableMap<Long, PushQueue.Item>> added) {
    if (worker.id() < item.position()) {
      added.computeIfAbsent(worker, _ -> new TreeMap<>()).put(item.position(), item);
    }
  }

  private static PushQueue.Item item(
      NotificationOutput.Notified notified, NotificationOutput.Audience audience) {
    return new PushQueue.Item(
        notified.position(),
        notified.room(),
        notified.event(),
        notified.thread(),
        tweaks(audience.actions()),
        Instant.ofEpochMilli(notified.ts()));
  }

  private static ObjectNode tweaks(List<JsonNode> actions) {
    ObjectNode tweaks = JsonNodeFactory.instance.objectNode();
    PushOutcome.of(actions).tweaks().forEach(tweaks::set);
    if (MatrixJson.write(tweaks).length > PushQueue.MOST_TWEAK_BYTES) {
      JsonNode highlight = tweaks.get("highlight");
      tweaks.removeAll();
      if (highlight != null && highlight.isBoolean()) {
        tweaks.set("highlight", highlight);
      }
    }
    return tweaks;
  }

  /// One unit for the batch: what is new, and without what is then over the bound.
  private void write(Map<Worker, NavigableMap<Long, PushQueue.Item>> added, long last) {
    List<RowChange> changes = new ArrayList<>();
    added.forEach((worker, items) -> {
      // Before the commit: a turn that comes right after it removes them.
      worker.queued().addAll(items.keySet());
      while (worker.queued().size() > PushQueue.MOST) {
        Long oldest = worker.queued().pollFirst();
        if (oldest != null && items.remove(oldest) == null) {
          changes.add(PushQueue.remove(worker.id(), oldest));
        }
      }
      items.values().forEach(item -> changes.add(PushQueue.add(worker.id(), item)));
    });
    changes.add(PushQueue.intake(last));
    var _ = committer.commit(ClientPush.BOX, changes, List.of());
  }

  /// Asks what has notified those who have pushers.
  @Override
  public void onLost(LogPosition after, LogPosition upTo) {
    load();
    Map<Worker, NavigableMap<Long, PushQueue.Item>> added = new LinkedHashMap<>();
    long last = taken;
    for (UserId user : workers.users()) {
      for (Notification each :
          notifications.notifications(user, Long.MAX_VALUE, false, PushQueue.MOST)) {
        if (each.position() > taken && !each.read()) {
          last = Math.max(last, each.position());
          PushQueue.Item item = item(each);
          workers.of(user).forEach(worker -> add(worker, item, added));
        }
      }
    }
    if (!added.isEmpty()) {
      write(added, last);
    }
    taken = last;
    position = upTo;
    workers.all().forEach(Worker::wake);
  }

  private static PushQueue.Item item(Notification notification) {
    return new PushQueue.Item(
        notification.position(),
        notification.room(),
        notification.event(),
        PushQueue.ANY_THREAD,
        tweaks(notification.actions()),
        Instant.ofEpochMilli(notification.ts()));
  }
}
