package org.hearth.server.readers.federationdelivery;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.hearth.ringlogs.FollowedLog;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Alarms;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.TypingOutput;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.receipt.ReceiptQueries;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.typing.TypingQueries;
import org.hearth.server.services.keys.KeyQueries;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// The reader that tells other servers what happens here: a queue for each, one transaction at a
/// time.
///
/// **bound**: [Queues], [Turns]. **thread**: as [Box] has it; what is asked of it any.
///
/// **source**: [Transactions](https://spec.matrix.org/v1.19/server-server-api/#transactions),
/// [EDUs](https://spec.matrix.org/v1.19/server-server-api/#edus)
public final class FederationDelivery implements Box {
  /// The name in the wiring.
  public static final String BOX = "FederationDelivery";

  /// The name of its readers.
  static final String READER = "federation-delivery";

  /// For what is being committed: requests that are under way are ended.
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(10);

  private static final System.Logger LOG = System.getLogger(FederationDelivery.class.getName());

  private final Needs needs;
  private final Alarms alarms;
  private final Queues queues;
  private final Sender sender;
  private final Turns turns;
  private final List<Reading<?>> readings = new ArrayList<>();

  /// What this box is made of.
  ///
  /// @param here the name of this server
  /// @param allowed whom this server may talk to
  /// @param logs not yet started
  public record Needs(
      ServerName here,
      Predicate<ServerName> allowed,
      Store store,
      Asked asked,
      FederationClient federation,
      Logs logs,
      InstantSource clock) {}

  /// Whom it asks.
  public record Asked(
      RoomQueries rooms,
      PeerQueries peers,
      ReceiptQueries receipts,
      TypingQueries typing,
      KeyQueries keys) {}

  /// What it follows.
  ///
  /// @param presence empty where nobody's presence is told
  public record Logs(
      FollowedLog<RoomOutput> rooms,
      FollowedLog<ReceiptOutput> receipts,
      FollowedLog<TypingOutput> typing,
      FollowedLog<DeviceOutput> devices,
      Optional<? extends FollowedLog<PresenceOutput>> presence) {}

  /// @param alarms its own
  public FederationDelivery(Needs needs, Alarms alarms) {
    this(needs, alarms, Queues.MOST);
  }

  /// @param most servers that have something to be told
  FederationDelivery(Needs needs, Alarms alarms, int most) {
    this.needs = needs;
    this.alarms = alarms;
    DeliveryRows rows = new DeliveryRows(needs.store().reads());
    turns = new Turns(this::turn);
    queues = new Queues(needs.store().committer(), needs.clock(), alarms, turns::add, most);
    Asked asked = needs.asked();
    Listeners listeners =
        new Listeners(needs.here(), asked.rooms(), asked.peers(), needs.allowed());
    sender =
        new Sender(
            queues,
            new Composer(
                new Composer.Needs(
                    needs.here(),
                    asked.rooms(),
                    asked.peers(),
                    asked.receipts(),
                    rows,
                    new Edus(asked.keys()),
                    needs.clock())),
            new DeviceChanges(listeners, rows, needs.store().committer()),
            needs.federation(),
            needs.allowed(),
            needs.store().committer(),
            needs.clock());
    queues.load(rows);
    follow(needs.logs(), listeners, rows);
    needs.federation().onSignOfLife(queues::alive);
  }

  private void follow(Logs logs, Listeners listeners, DeliveryRows rows) {
    Asked asked = needs.asked();
    readings.add(
        Reading.of(
            logs.rooms(),
            new RoomReader(
                needs.here(),
                asked.rooms(),
                new JoinedServers(asked.rooms()),
                queues,
                needs.allowed(),
                queues.checkpoints().noted(logs.rooms().name()))));
    readings.add(
        Reading.of(
            logs.receipts(),
            new ReceiptReader(
                queues, listeners, queues.checkpoints().noted(logs.receipts().name()))));
    readings.add(
        Reading.of(
            logs.devices(),
            new DeviceReader(
                listeners,
                queues,
                rows,
                changes -> {
                  var _ = needs.store().committer().commit(BOX, changes, List.of());
                },
                DeviceReader.MOST_MESSAGES,
                DeviceReader.MOST_OF_ALL)));
    readings.add(
        Reading.of(
            logs.typing(),
            new MemoryReader<>(
                READER,
                LogPosition.ORIGIN,
                new TypingReader(queues, listeners, asked.typing(), alarms))));
    logs.presence()
        .ifPresent(log ->
            readings.add(
                Reading.of(
                    log,
                    new MemoryReader<>(
                        READER, LogPosition.ORIGIN, new PresenceReader(queues, listeners)))));
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Tells servers";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<Reading<?>> readings() {
    return List.copyOf(readings);
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, ReceiptQueries.BOX, TypingQueries.BOX, KeyQueries.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(DeliveryRows.PROGRESS, DeliveryRows.DEBT, DeliveryRows.EDU, DeliveryRows.CHANGE);
  }

  /// Goes on with what the last run left.
  @Override
  public void start() {
    queues.wakeAll();
  }

  @Override
  public void stop() throws InterruptedException {
    sender.stop();
    if (!turns.stop(PATIENCE_AT_END)) {
      LOG.log(Level.WARNING, "other servers are still being told: some are told again");
    }
    alarms.close();
  }

  /// Writes down what the readers have brought until the end.
  @Override
  public void close() {
    try {
      queues.checkpoints().write();
    } catch (StorageException e) {
      LOG.log(Level.WARNING, "what has been told is not written down: {0}", e.getMessage());
    }
  }

  private boolean turn(Queue queue) {
    return sender.take(queue);
  }

  /// How delivery to each server stands, those with most to be told first. Servers that were not
  /// told anything for long are not among them.
  public List<DestinationState> destinations() {
    Instant now = needs.clock().instant();
    return queues.all().stream()
        .map(queue -> queues.locked(queue, each -> state(each, now)))
        .sorted(
            Comparator.comparingLong(DestinationState::waiting)
                .reversed()
                .thenComparing(DestinationState::name))
        .toList();
  }

  /// Has a server tried at once that is paused after a refusal; one that could not be reached is
  /// tried at its sign of life.
  public void retry(ServerName server) {
    queues.retry(server);
  }

  private static DestinationState state(Queue queue, Instant now) {
    boolean paused = queue.pausedUntil().isAfter(now);
    DestinationState.State state;
    if (queue.size() == 0 && !queue.isSending()) {
      state = DestinationState.State.IDLE;
    } else if (paused) {
      state =
          queue.isFailing() ? DestinationState.State.LEFT_ALONE : DestinationState.State.WAITING;
    } else {
      state = DestinationState.State.SENDING;
    }
    return new DestinationState(
        queue.name(),
        state,
        queue.size(),
        paused ? Optional.of(queue.pausedUntil()) : Optional.empty(),
        queue.lastError());
  }
}
