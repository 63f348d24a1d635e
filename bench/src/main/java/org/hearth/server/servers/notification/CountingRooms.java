package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.Log;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.push.PushRuleset;
import org.hearth.server.servers.receipt.Receipts;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.BenchedRooms;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;

/// A Room Server with NotificationServer beside it.
///
/// **thread**: one.
final class CountingRooms implements AutoCloseable {
  /// Users whose rules are set in one commit.
  private static final int AT_ONCE = 100;

  private final BenchedRooms rooms;
  private final NotificationServer notifications;
  private final AccountData accountData;
  private final JournalWriter<AccountOutput> accountOutput;

  CountingRooms(Path folder) {
    InstantSource clock = InstantSource.system();
    rooms = BenchedRooms.open(folder, RoomServerOptions.standard());
    Store store = rooms.store();
    FailureHandling failures = new FailureHandling(store.deadLetters(), _ -> false, clock);
    Journal journal = new Journal(store, clock);
    JournaledLog<ReceiptOutput> receipts = journal.log(Logs.RECEIPT_OUTPUT, failures);
    JournaledLog<AccountOutput> account = journal.log(Logs.ACCOUNT_OUTPUT, failures);
    accountOutput = account.writer("Bench");
    accountData = new AccountData(store.reads());
    notifications =
        new NotificationServer(
            new NotificationServer.Needs(
                store,
                BenchedRooms.SERVER,
                rooms.queries(),
                new Receipts(store.reads()),
                accountData,
                rooms.output(),
                receipts.output()),
            clock);
    notifications.output().writtenBy(notifications.name());
    notifications.readings().forEach(CountingRooms::register);
    List<Log> logs = new ArrayList<>(notifications.logs());
    logs.add(receipts.output());
    logs.add(account.output());
    rooms.start(logs);
    notifications.start();
  }

  private static <E> void register(Reading<E> reading) {
    reading.log().register(reading.reader(), reading.after().toArray(String[]::new));
  }

  BenchedRooms rooms() {
    return rooms;
  }

  /// Waits until all that was sent is committed and counted.
  void awaitCounted(Duration patience) throws InterruptedException {
    rooms.finish();
    if (!rooms.output().awaitReader(NotificationQueries.READER, rooms.store().head(), patience)) {
      throw new IllegalStateException("the events are not counted after " + patience);
    }
  }

  /// Sets the push rules of users, as their clients do.
  ///
  /// @param from the first of them
  /// @param to the first that is not of them
  void setRules(int from, int to, IntFunction<PushRuleset> rules) {
    for (int first = from; first < to; first += AT_ONCE) {
      List<RowChange> changes = new ArrayList<>();
      List<AccountOutput> entries = new ArrayList<>();
      for (int i = first; i < Math.min(to, first + AT_ONCE); i++) {
        UserId user = BenchedRooms.user(i);
        ObjectNode content = JsonNodeFactory.instance.objectNode();
        content.set("global", rules.apply(i).toJson());
        changes.addAll(
            AccountData.set(user, null, AccountDataQueries.PUSH_RULES, MatrixJson.write(content)));
        entries.add(
            new AccountOutput.AccountDataChanged(
                user, null, AccountDataQueries.PUSH_RULES, content));
      }
      accountOutput.commit(changes, entries);
      for (int i = first; i < Math.min(to, first + AT_ONCE); i++) {
        accountData.noteRuleChange(BenchedRooms.user(i));
      }
    }
  }

  @Override
  public void close() {
    try (rooms) {
      notifications.stop();
      notifications.close();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
