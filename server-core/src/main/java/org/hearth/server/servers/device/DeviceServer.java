package org.hearth.server.servers.device;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.hearth.ringlogs.CommandHandler;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.account.Device;
import org.hearth.server.services.keys.KeyQueries;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOwner;
import org.jspecify.annotations.Nullable;

/// The server of devices: it keeps the messages that are on their way to them, and announces each
/// on device-output, with what other servers are to be told of devices; and it keeps what those
/// tell of theirs ([RemoteLists], [LocalLists]).
///
/// Of a device that is removed, the messages go in the commit that removes it ([Inboxes]).
///
/// **bound**: what the tables say. **thread**: as [Box] has it; the rest any.
public final class DeviceServer implements Box {
  /// "The device ID may also be `*`, meaning all known devices for the user."
  private static final String ALL_DEVICES = "*";

  /// Messages of one call, each to one device.
  static final int MOST_MESSAGES_A_CALL = 2_000;

  /// What the messages of one call take together, where one goes to many devices once for each.
  static final int MOST_BYTES_A_CALL = 4 << 20;

  /// The name of its readers.
  static final String READER = "device-server";

  private final Needs needs;
  private final RemoteLists lists;
  private final ReceivedIds received;
  private final Elsewhere elsewhere;
  private final JournalWriter<DeviceOutput> output;
  private final InputLog<DeviceInput, LogPosition> input;
  private final List<Reading<?>> readings;

  /// What this box uses.
  ///
  /// @param here the name of this server
  /// @param keys asked for dehydrated devices
  /// @param inboxes the same object that answers the others' queries
  /// @param remote the same
  /// @param random for ids of messages
  public record Needs(
      ServerName here,
      Store store,
      AccountQueries accounts,
      KeyQueries keys,
      RoomQueries rooms,
      PeerQueries peers,
      Inboxes inboxes,
      RemoteDevices remote,
      RandomGenerator random) {}

  /// The logs that it follows, not yet started.
  public record Followed(OutputLog<AccountOutput> account, OutputLog<RoomOutput> room) {}

  /// @param output of which this box is the only writer
  public DeviceServer(
      Needs needs, Followed followed, JournaledLog<DeviceOutput> output, FailureHandling failures) {
    this.needs = needs;
    this.output = output.writer(DeviceQueries.BOX);
    ReadPool reads = needs.store().reads();
    SharedRooms shared = new SharedRooms(needs.here(), needs.rooms(), needs.peers());
    lists = new RemoteLists(needs.remote(), shared);
    received = new ReceivedIds(reads);
    elsewhere = new Elsewhere(needs.here(), needs.random());
    readings =
        new LocalLists(
                new LocalLists.Needs(
                    reads,
                    needs.store().identity().epoch(),
                    needs.accounts(),
                    needs.keys(),
                    shared,
                    needs.remote(),
                    this.output),
                needs.store().head())
            .readings(followed.account(), followed.room());
    Messages messages = new Messages();
    input = new InputLog<>(Logs.DEVICE_INPUT, DeviceQueries.BOX, 1, _ -> messages, failures);
  }

  @Override
  public String name() {
    return DeviceQueries.BOX;
  }

  @Override
  public String purpose() {
    return "Post for devices";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVER;
  }

  @Override
  public List<Log> logs() {
    return List.of(input, output.log());
  }

  @Override
  public List<Reading<?>> readings() {
    return readings;
  }

  @Override
  public List<String> asks() {
    return List.of(AccountService.BOX, KeyQueries.BOX, RoomQueries.BOX);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(needs.inboxes());
  }

  @Override
  public List<Table> tables() {
    return List.of(
        Inboxes.MESSAGE,
        Inboxes.TRANSACTION,
        ReceivedIds.TABLE,
        LocalLists.STREAM,
        LocalLists.PROGRESS,
        RemoteDevices.LIST,
        RemoteDevices.DEVICE);
  }

  /// The log of commands, for writers.
  public InputLog<DeviceInput, LogPosition> input() {
    return input;
  }

  /// The log of what has come for devices, for readers, who register before the start.
  public OutputLog<DeviceOutput> output() {
    return output.log();
  }

  /// Handles the commands. **Thread**: the shard's.
  private final class Messages implements CommandHandler<DeviceInput, LogPosition> {
    private final UnitOwner owner = new UnitOwner(DeviceQueries.BOX);

    /// Transactions, and messages of other servers, that are being committed.
    private final ConcurrentMap<Object, Reply<LogPosition>> underWay = new ConcurrentHashMap<>();

    @Override
    public void handle(DeviceInput command, Reply<LogPosition> reply) {
      long generation = owner.generation();
      switch (command) {
        case DeviceInput.SendMessages send -> send(generation, send, reply);
        case DeviceInput.ReceiveMessages receive -> receive(generation, receive, reply);
        case DeviceInput.AcknowledgeMessages(var user, var device, var upTo) ->
            commit(
                generation,
                List.of(needs.inboxes().messages().deleteUpTo(DeviceRows.key(user, device), upTo)),
                List.of(),
                reply,
                () -> {});
        case DeviceInput.ReceiveDeviceUpdate update ->
            commit(generation, command, () -> lists.take(update), reply);
        case DeviceInput.ReceiveSigningKeys keys ->
            commit(generation, command, () -> lists.take(keys), reply);
        case DeviceInput.FollowDevices follow ->
            commit(generation, command, () -> lists.take(follow), reply);
        case DeviceInput.ReceiveDeviceList list ->
            commit(generation, command, () -> lists.take(list), reply);
      }
    }

    /// Of users of this server nobody else says anything.
    private void commit(
        long generation,
        DeviceInput command,
        Supplier<RemoteLists.Decision> deciding,
        Reply<LogPosition> reply) {
      if (command.user().isOn(needs.here())) {
        reply.fail(MatrixException.forbidden("The user is of this server"));
        return;
      }
      RemoteLists.Decision decision = deciding.get();
      if (decision.isNothing()) {
        reply.complete(output.log().head());
      } else {
        commit(generation, decision.rows(), decision.entries(), reply, decision.settled());
      }
    }

    private void send(long generation, DeviceInput.SendMessages send, Reply<LogPosition> reply) {
      Inboxes.Transaction transaction =
          new Inboxes.Transaction(
              new DeviceRows.Key(send.user().value(), send.device()),
              send.type(),
              send.transactionId());
      once(
          generation,
          transaction,
          () -> needs.inboxes().isDone(transaction),
          () -> {
            Delivery delivery = deliver(send.user(), send.type(), send.messages(), true);
            delivery.rows().addAll(needs.inboxes().transactions().add(transaction.device(), 0));
            delivery.rows().add(Inboxes.insert(transaction));
            return delivery;
          },
          reply);
    }

    /// "Unique ID for the message, used for idempotence."
    private void receive(
        long generation, DeviceInput.ReceiveMessages receive, Reply<LogPosition> reply) {
      if (receive.user().isOn(needs.here())) {
        reply.fail(MatrixException.forbidden("The sender is of this server"));
        return;
      }
      ReceivedIds.Id id = new ReceivedIds.Id(receive.user().server(), receive.messageId());
      once(
          generation,
          id,
          () -> received.isKnown(id),
          () -> {
            Delivery delivery = deliver(receive.user(), receive.type(), receive.messages(), false);
            if (!delivery.entries().isEmpty()) {
              delivery.rows().addAll(received.add(id));
            }
            return delivery;
          },
          reply);
    }

    /// Does something that may be repeated, but once.
    private void once(
        long generation,
        Object id,
        BooleanSupplier isDone,
        Supplier<Delivery> deciding,
        Reply<LogPosition> reply) {
      Reply<LogPosition> first = underWay.get(id);
      if (first != null) {
        first.onDone((position, failure) -> answer(reply, position, failure));
      } else if (isDone.getAsBoolean()) {
        reply.complete(output.log().head());
      } else {
        try {
          Delivery delivery = deciding.get();
          if (delivery.rows().isEmpty()) {
            reply.complete(output.log().head());
            return;
          }
          underWay.put(id, reply);
          commit(generation, delivery.rows(), delivery.entries(), reply, () -> underWay.remove(id));
        } catch (MatrixException e) {
          reply.fail(e);
        }
      }
    }

    private static void answer(
        Reply<LogPosition> reply,
        @Nullable LogPosition position,
        @Nullable RuntimeException failure) {
      if (position != null) {
        reply.complete(position);
      } else if (failure != null) {
        reply.fail(failure);
      }
    }

    /// @param goesOn whether messages to users elsewhere are sent there
    private Delivery deliver(
        UserId sender, String type, Map<UserId, Map<String, ObjectNode>> messages, boolean goesOn) {
      List<Addressed> all = new ArrayList<>();
      long bytes = 0;
      for (var recipient : messages.entrySet()) {
        for (var message : addressees(recipient.getKey(), recipient.getValue()).entrySet()) {
          bytes += message.getValue().length;
          check(bytes, all.size());
          all.add(new Addressed(recipient.getKey(), message.getKey(), message.getValue()));
        }
      }
      List<DeviceOutput> beyond = List.of();
      if (goesOn) {
        Elsewhere.Split split = elsewhere.split(sender, type, messages);
        check(bytes + split.bytes(), all.size() + split.messages() - 1);
        beyond = List.copyOf(split.entries());
      }
      Delivery delivery = deliver(sender, type, all);
      delivery.entries().addAll(beyond);
      return delivery;
    }

    /// What is refused has been by now: what is counted here is stored.
    private Delivery deliver(UserId sender, String type, List<Addressed> all) {
      Delivery delivery = new Delivery(new ArrayList<>(), new ArrayList<>());
      for (Addressed each : all) {
        DeviceRows.Key key = DeviceRows.key(each.user(), each.device());
        int index = delivery.entries().size();
        delivery.rows().addAll(needs.inboxes().add(key, each.content().length));
        delivery.rows().add(Inboxes.insert(key, sender, type, each.content(), index));
        delivery.entries().add(new DeviceOutput.MessageArrived(each.user(), each.device()));
      }
      return delivery;
    }

    private static void check(long bytes, int before) {
      if (bytes > MOST_BYTES_A_CALL || before >= MOST_MESSAGES_A_CALL) {
        throw MatrixException.tooLarge(
            "One call sends %d messages of %d bytes together, and no more"
                .formatted(MOST_MESSAGES_A_CALL, MOST_BYTES_A_CALL));
      }
    }

    /// The devices of a user to which messages go, with the content. Others than there are, and
    /// users who are not here, are left out.
    private Map<DeviceId, byte[]> addressees(UserId user, Map<String, ObjectNode> messages) {
      Map<DeviceId, byte[]> all = new LinkedHashMap<>();
      for (DeviceId each : devices(user, messages.keySet())) {
        ObjectNode content = messages.get(each.value());
        if (content == null) {
          content = messages.get(ALL_DEVICES);
        }
        if (content != null) {
          all.put(each, MatrixJson.write(content));
        }
      }
      return all;
    }

    /// The user's devices, with the dehydrated one if one is wanted that is not logged in.
    private Set<DeviceId> devices(UserId user, Set<String> wanted) {
      Set<DeviceId> devices = new LinkedHashSet<>();
      Set<String> others = new HashSet<>(wanted);
      for (Device each : needs.accounts().devices(user)) {
        devices.add(each.id());
        others.remove(each.id().value());
      }
      if (!others.isEmpty()) {
        needs.keys().dehydratedDevice(user).ifPresent(devices::add);
      }
      return devices;
    }

    /// @param settled run in any case, before the reply and after the commit
    private void commit(
        long generation,
        List<RowChange> rows,
        List<DeviceOutput> entries,
        Reply<LogPosition> reply,
        Runnable settled) {
      boolean taken = false;
      try {
        output.submit(
            owner,
            generation,
            rows,
            entries,
            Outcome.of(
                first -> {
                  settled.run();
                  reply.complete(first);
                },
                failure -> {
                  settled.run();
                  reply.fail(failure);
                }));
        taken = true;
      } catch (StorageException e) {
        reply.fail(e);
      } finally {
        if (!taken) {
          settled.run();
        }
      }
    }
  }

  /// A message to one device.
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Addressed(UserId user, DeviceId device, byte[] content) {}

  /// What a call or a message of another server brings.
  private record Delivery(List<RowChange> rows, List<DeviceOutput> entries) {}
}
