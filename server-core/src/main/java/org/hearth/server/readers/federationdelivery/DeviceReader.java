package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.RowChange;

/// Follows device-output: writes down what other servers have to be told of devices, in one unit
/// with how far it has come, so that nothing of it is ever lost. A message is deleted when its
/// server has acknowledged it. A change of a device is one row ([DeviceChanges]); that somebody has
/// to be told of it is a debt, and until that is written down, changes come again after a restart.
///
/// **bound**: [#MOST_MESSAGES] messages a server and about [#MOST_OF_ALL] for all, the oldest go,
/// of the server that has most; of each device one change, and about [DeliveryRows#MOST_CHANGED] of
/// all, the oldest go; about [#MOST_CHANGES] rows in a unit. **thread**: the log's for this reader.
final class DeviceReader implements LogReader<DeviceOutput> {
  static final int MOST_MESSAGES = 10_000;

  /// Messages for all servers: anybody may send them to servers that are made up.
  static final int MOST_OF_ALL = 100_000;

  /// After so many more, of a hundred parts of all, they are counted.
  private static final int PARTS = 100;

  static final int MOST_CHANGES = 5_000;

  /// Changes of devices in one unit: the servers of each are in memory until it is committed.
  private static final int MOST_CHANGED_AT_ONCE = 20;

  /// The messages of one EDU, unless one message alone is more.
  static final int MOST_BYTES = 48 << 10;

  /// "Arbitrary utf8 string, of maximum length 32 codepoints".
  private static final int LONGEST_MESSAGE_ID = 32;

  private static final System.Logger LOG = System.getLogger(DeviceReader.class.getName());

  private final Listeners listeners;
  private final Queues queues;
  private final DeliveryRows rows;
  private final Consumer<List<RowChange>> commit;
  private final int most;
  private final int mostOfAll;

  /// Messages that came since all were counted; at the start nobody has counted.
  private int uncounted = Integer.MAX_VALUE;

  /// Changes that came since the oldest were deleted.
  private int unpruned = Integer.MAX_VALUE / 2;

  /// Up to there messages are written down; changes may come again.
  private final long messagesUpTo;

  private volatile LogPosition position;

  /// @param commit makes changes durable, all of them or none
  /// @param most messages a server
  /// @param mostOfAll messages for all servers
  DeviceReader(
      Listeners listeners,
      Queues queues,
      DeliveryRows rows,
      Consumer<List<RowChange>> commit,
      int most,
      int mostOfAll) {
    this.listeners = listeners;
    this.queues = queues;
    this.rows = rows;
    this.commit = commit;
    this.most = most;
    this.mostOfAll = mostOfAll;
    LogPosition messages = queues.checkpoints().noted(Logs.DEVICE_OUTPUT.name());
    LogPosition changes = queues.checkpoints().noted(DeliveryRows.CHANGES);
    this.messagesUpTo = messages.value();
    this.position = changes.isAfter(messages) ? messages : changes;
  }

  @Override
  public String name() {
    return FederationDelivery.READER;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public void onBatch(List<Positioned<DeviceOutput>> batch) {
    take(batch, messagesUpTo);
  }

  /// What was held back was not written down, however old it is.
  @Override
  public void onRelease(List<Positioned<DeviceOutput>> entries) {
    take(entries, LogPosition.ORIGIN.value());
  }

  /// @param written up to there messages are written down
  private void take(List<Positioned<DeviceOutput>> batch, long written) {
    Writing writing = new Writing(position);
    for (Positioned<DeviceOutput> each : batch) {
      long at = each.position().value();
      switch (each.entry()) {
        case DeviceOutput.MessagesSent sent -> {
          if (at > written) {
            add(at, sent, writing);
          }
        }
        case DeviceOutput.DeviceListChanged changed -> {
          ObjectNode content =
              user(changed.user())
                  .put("device_id", changed.device().value())
                  .put("stream_id", changed.streamId());
          var previous = content.putArray("prev_id");
          changed.prevId().forEach(previous::add);
          addForAll(
              changed.user(),
              changed.device().value(),
              new DeliveryRows.Edu(at, 0, Edus.DEVICE_LIST_UPDATE, content),
              writing);
        }
        case DeviceOutput.SigningKeysChanged changed ->
            addForAll(
                changed.user(),
                "",
                new DeliveryRows.Edu(at, 0, Edus.SIGNING_KEY_UPDATE, user(changed.user())),
                writing);
        case DeviceOutput.MessageArrived _, DeviceOutput.RemoteDevicesChanged _ -> {}
      }
      writing.reached(each.position());
    }
    writing.write();
    if (uncounted > mostOfAll / PARTS) {
      keepBoundOfAll();
      uncounted = 0;
    }
    if (unpruned > DeliveryRows.MOST_CHANGED / PARTS) {
      commit.accept(List.of(DeliveryRows.deleteChangesBeyond(DeliveryRows.MOST_CHANGED)));
      unpruned = 0;
    }
  }

  /// Who has most gives up most: so whoever fills the table for a server takes that one's place.
  private void keepBoundOfAll() {
    Map<ServerName, Long> counts = new HashMap<>();
    rows.messages().forEach(each -> counts.put(each.server(), each.count()));
    long beyond = counts.values().stream().mapToLong(each -> each).sum() - mostOfAll;
    while (beyond > 0) {
      Map.Entry<ServerName, Long> largest =
          Collections.max(counts.entrySet(), Map.Entry.comparingByValue());
      // At most half at once: the next one may have as many.
      long gone = Math.min(beyond, Math.max(1, largest.getValue() / 2));
      keepBound(largest.getKey(), largest.getValue() - gone);
      largest.setValue(largest.getValue() - gone);
      beyond -= gone;
    }
  }

  /// What entries have to be written, in units that are not too large. What is written of an entry
  /// before the others is written again after a crash, and is the same then.
  private final class Writing {
    private final List<RowChange> changes = new ArrayList<>();
    private final Map<ServerName, Queues.Added> added = new HashMap<>();
    private final List<Changed> changed = new ArrayList<>();
    private LogPosition reached;

    /// @param servers that may have to be told
    private record Changed(long position, Set<ServerName> servers, UserId user) {}

    Writing(LogPosition reached) {
      this.reached = reached;
    }

    /// A device has changed of which these may have to be told.
    void change(DeliveryRows.Change change, Set<ServerName> servers) {
      changes.addAll(DeliveryRows.change(change));
      changed.add(new Changed(change.edu().position(), servers, change.user()));
      if (changed.size() >= MOST_CHANGED_AT_ONCE) {
        write();
      }
    }

    void add(ServerName server, List<RowChange> rows, int edus, UserId by) {
      changes.addAll(rows);
      var _ = added.merge(server, new Queues.Added(edus, Cause.of(by)), Queues.Added::and);
      if (changes.size() >= MOST_CHANGES) {
        write();
      }
    }

    /// All of what is before that, and that, is among what is written.
    void reached(LogPosition at) {
      reached = at.isAfter(reached) ? at : reached;
    }

    void write() {
      if (!changes.isEmpty()) {
        changes.add(DeliveryRows.progress(Logs.DEVICE_OUTPUT.name(), reached));
        commit.accept(List.copyOf(changes));
        changes.clear();
      }
      position = reached;
      changed.forEach(
          each -> queues.devicesChanged(each.position(), each.servers(), Cause.of(each.user())));
      changed.clear();
      queues.edusAdded(added, most).forEach(each -> keepBound(each, most));
      added.clear();
      queues.checkpoints().seen(Logs.DEVICE_OUTPUT.name(), position);
      queues.checkpoints().seen(DeliveryRows.CHANGES, position);
    }
  }

  private static ObjectNode user(UserId user) {
    return JsonNodeFactory.instance.objectNode().put("user_id", user.value());
  }

  /// Of a user who shares no room with another server nobody has to be told.
  private void addForAll(UserId user, String device, DeliveryRows.Edu edu, Writing writing) {
    Set<ServerName> servers = listeners.inRoomsOf(user);
    if (!servers.isEmpty()) {
      writing.change(new DeliveryRows.Change(edu, user, device), servers);
      unpruned++;
    }
  }

  // --- messages

  private void add(long at, DeviceOutput.MessagesSent sent, Writing writing) {
    if (!listeners.isTold(sent.server())) {
      return;
    }
    List<ObjectNode> parts = parts(sent);
    List<RowChange> rows = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      ObjectNode content =
          JsonNodeFactory.instance
              .objectNode()
              .put("sender", sent.user().value())
              .put("type", sent.type())
              .put("message_id", messageId(sent.messageId(), i));
      content.set("messages", parts.get(i));
      rows.addAll(
          DeliveryRows.add(
              sent.server(), new DeliveryRows.Edu(at, i, Edus.DIRECT_TO_DEVICE, content), "", ""));
    }
    writing.add(sent.server(), rows, parts.size(), sent.user());
    uncounted = uncounted < mostOfAll ? uncounted + parts.size() : uncounted;
  }

  /// A message id that is as long as may be loses its end, which the part takes.
  private static String messageId(String id, int part) {
    if (part == 0) {
      return id;
    }
    String suffix = "." + part;
    int kept = LONGEST_MESSAGE_ID - suffix.length();
    return (id.length() > kept ? id.substring(0, kept) : id) + suffix;
  }

  /// The messages in parts that are not too large for one EDU.
  private static List<ObjectNode> parts(DeviceOutput.MessagesSent sent) {
    List<ObjectNode> parts = new ArrayList<>();
    ObjectNode part = JsonNodeFactory.instance.objectNode();
    long bytes = 0;
    for (Map.Entry<UserId, Map<String, ObjectNode>> user : sent.messages().entrySet()) {
      for (Map.Entry<String, ObjectNode> message : user.getValue().entrySet()) {
        long size = MatrixJson.write(message.getValue()).length;
        if (bytes > 0 && bytes + size > MOST_BYTES) {
          parts.add(part);
          part = JsonNodeFactory.instance.objectNode();
          bytes = 0;
        }
        part.withObjectProperty(user.getKey().value()).set(message.getKey(), message.getValue());
        bytes += size;
      }
    }
    if (!part.isEmpty()) {
      parts.add(part);
    }
    return parts;
  }

  private void keepBound(ServerName server, long may) {
    List<DeliveryRows.Key> beyond = rows.messagesBeyond(server, may);
    if (!beyond.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "{0} messages for devices on {1} are given up: more than {2} wait",
          beyond.size(),
          server,
          may);
      List<RowChange> changes = new ArrayList<>();
      beyond.forEach(each -> changes.add(DeliveryRows.delete(server, each)));
      commit.accept(changes);
    }
  }

  /// What devices have missed for so long they are told when they ask.
  @Override
  public void onLost(LogPosition after, LogPosition upTo) {
    if (upTo.isAfter(position)) {
      position = upTo;
    }
  }
}
