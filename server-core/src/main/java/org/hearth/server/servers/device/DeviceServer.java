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
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.account.Device;
import org.hearth.server.services.keys.KeyQueries;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOwner;
import org.jspecify.annotations.Nullable;

/// The server of devices: it keeps the messages that are on their way to them, and announces each
/// on device-output.
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

  private final AccountQueries accounts;
  private final KeyQueries keys;
  private final Inboxes inboxes;
  private final JournalWriter<DeviceOutput> output;
  private final InputLog<DeviceInput, LogPosition> input;

  /// @param keys asked for dehydrated devices
  /// @param inboxes the same object that answers the others' queries
  /// @param output of which this box is the only writer
  public DeviceServer(
      AccountQueries accounts,
      KeyQueries keys,
      Inboxes inboxes,
      JournaledLog<DeviceOutput> output,
      FailureHandling failures) {
    this.accounts = accounts;
    this.keys = keys;
    this.inboxes = inboxes;
    this.output = output.writer(DeviceQueries.BOX);
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
  public List<String> asks() {
    return List.of(AccountService.BOX, KeyQueries.BOX);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(inboxes);
  }

  @Override
  public List<Table> tables() {
    return List.of(Inboxes.MESSAGE, Inboxes.TRANSACTION);
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

    /// Transactions that are being committed.
    private final ConcurrentMap<Inboxes.Transaction, Reply<LogPosition>> underWay =
        new ConcurrentHashMap<>();

    @Override
    public void handle(DeviceInput command, Reply<LogPosition> reply) {
      switch (command) {
        case DeviceInput.SendMessages send -> send(send, reply);
        case DeviceInput.AcknowledgeMessages(var user, var device, var upTo) ->
            commit(
                List.of(inboxes.messages().deleteUpTo(DeviceRows.key(user, device), upTo)),
                List.of(),
                reply,
                () -> {});
      }
    }

    private void send(DeviceInput.SendMessages send, Reply<LogPosition> reply) {
      Inboxes.Transaction transaction =
          new Inboxes.Transaction(
              new DeviceRows.Key(send.user().value(), send.device()),
              send.type(),
              send.transactionId());
      Reply<LogPosition> first = underWay.get(transaction);
      if (first != null) {
        first.onDone((position, failure) -> answer(reply, position, failure));
      } else if (inboxes.isDone(transaction)) {
        reply.complete(output.log().head());
      } else {
        try {
          deliver(send, transaction, reply);
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

    private void deliver(
        DeviceInput.SendMessages send, Inboxes.Transaction transaction, Reply<LogPosition> reply) {
      List<RowChange> rows = new ArrayList<>();
      List<DeviceOutput> entries = new ArrayList<>();
      long bytes = 0;
      for (var recipient : send.messages().entrySet()) {
        for (var message : addressees(recipient.getKey(), recipient.getValue()).entrySet()) {
          bytes += message.getValue().length;
          if (bytes > MOST_BYTES_A_CALL || entries.size() == MOST_MESSAGES_A_CALL) {
            throw MatrixException.tooLarge(
                "One call sends %d messages of %d bytes together, and no more"
                    .formatted(MOST_MESSAGES_A_CALL, MOST_BYTES_A_CALL));
          }
          DeviceRows.Key key = DeviceRows.key(recipient.getKey(), message.getKey());
          rows.addAll(inboxes.messages().add(key));
          rows.add(
              Inboxes.insert(key, send.user(), send.type(), message.getValue(), entries.size()));
          entries.add(new DeviceOutput(recipient.getKey(), message.getKey()));
        }
      }
      rows.addAll(inboxes.transactions().add(transaction.device()));
      rows.add(Inboxes.insert(transaction));
      underWay.put(transaction, reply);
      commit(rows, entries, reply, () -> underWay.remove(transaction));
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
      for (Device each : accounts.devices(user)) {
        devices.add(each.id());
        others.remove(each.id().value());
      }
      if (!others.isEmpty()) {
        keys.dehydratedDevice(user).ifPresent(devices::add);
      }
      return devices;
    }

    /// @param settled run in any case, before the reply and after the commit
    private void commit(
        List<RowChange> rows,
        List<DeviceOutput> entries,
        Reply<LogPosition> reply,
        Runnable settled) {
      boolean taken = false;
      try {
        output.submit(
            owner,
            owner.generation(),
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
}
