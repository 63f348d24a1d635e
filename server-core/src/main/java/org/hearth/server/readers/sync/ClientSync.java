package org.hearth.server.readers.sync;

import java.time.InstantSource;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.TypingOutput;
import org.hearth.server.readers.sync.events.ClientEvents;
import org.hearth.server.readers.sync.events.Erasure;
import org.hearth.server.readers.sync.events.Timelines;
import org.hearth.server.readers.sync.history.EventRoutes;
import org.hearth.server.readers.sync.history.History;
import org.hearth.server.readers.sync.history.MemberRoutes;
import org.hearth.server.readers.sync.history.MessagesRoute;
import org.hearth.server.readers.sync.history.StateRoutes;
import org.hearth.server.readers.sync.sections.AccountDataSection;
import org.hearth.server.readers.sync.sections.JoinedRooms;
import org.hearth.server.readers.sync.sections.LeftRooms;
import org.hearth.server.readers.sync.sections.ReceiptSection;
import org.hearth.server.readers.sync.sections.RoomSummaries;
import org.hearth.server.readers.sync.sections.RoomsSection;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.SentMembers;
import org.hearth.server.readers.sync.sections.StateChanges;
import org.hearth.server.readers.sync.sections.TypingSection;
import org.hearth.server.readers.sync.v1.EventsRoute;
import org.hearth.server.readers.sync.v1.InitialSyncRoutes;
import org.hearth.server.readers.sync.v2.FilterRoutes;
import org.hearth.server.readers.sync.v2.StoredFilters;
import org.hearth.server.readers.sync.v2.SyncJson;
import org.hearth.server.readers.sync.v2.SyncRoutes;
import org.hearth.server.readers.sync.view.AccountOutputReader;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.RecentEvents;
import org.hearth.server.readers.sync.view.RoomOutputReader;
import org.hearth.server.readers.sync.view.Snapshots;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.Tokens;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.sync.view.WaitingSync;
import org.hearth.server.servers.receipt.ReceiptQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.typing.TypingQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.directory.DirectoryQueries;
import org.hearth.server.services.directory.DirectoryService;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// What clients read: `/sync` with its filters, messages, events and their context, state, members.
///
/// **Thread:** constructed and closed by the composition's; the readers by their logs'; the routes
/// by any.
public final class ClientSync implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientSync";

  private final SyncUsers users;
  private final RoomOutputReader roomOutputReader;
  private final AccountOutputReader accountOutputReader;
  private final List<RouteGroup> routes;
  private final List<Reading<?>> readings;

  /// What this component uses of others.
  ///
  /// @param store open; for the stored filters
  /// @param logs not yet started
  public record Needs(
      Store store,
      RoomQueries rooms,
      AccountDataQueries accountData,
      AccountQueries accounts,
      TypingQueries typing,
      ReceiptQueries receipts,
      DirectoryQueries directory,
      Logs logs,
      InstantSource clock) {}

  /// The logs that it follows.
  public record Logs(
      OutputLog<RoomOutput> room,
      OutputLog<AccountOutput> account,
      VolatileLog<TypingOutput> typing,
      OutputLog<ReceiptOutput> receipt) {}

  /// How much memory this component takes for speed.
  ///
  /// @param recentEventsBytes for the newest events of all rooms
  /// @param sentMembersBytes for what lazily loading clients have been told
  /// @param usersBytes for the memberships of the users who sync
  public record Budget(long recentEventsBytes, long sentMembersBytes, long usersBytes) {
    /// 4, 8 and 8 MiB: over a thousand messages, some ten thousand members told, and as many
    /// memberships.
    public static final Budget STANDARD = new Budget(4L << 20, 8L << 20, 8L << 20);
  }

  public ClientSync(Needs needs, Budget budget) {
    RoomQueries rooms = needs.rooms();
    LogPosition start = needs.store().head();
    Tokens tokens = new Tokens(needs.store().identity().epoch());
    RecentEvents recent = new RecentEvents(rooms, budget.recentEventsBytes(), start);
    NewsKind roomEvents = new NewsKind(needs.store()::head);
    users = new SyncUsers(rooms, needs.store()::head, budget.usersBytes());
    roomOutputReader = new RoomOutputReader(recent, users, roomEvents, start);
    accountOutputReader = new AccountOutputReader(users, start);
    TypingSection typing = new TypingSection(needs.logs().typing(), needs.typing(), users);
    ReceiptSection receipts =
        new ReceiptSection(
            needs.logs().receipt(),
            needs.receipts(),
            users,
            new NewsKind(needs.store()::head),
            start);
    readings =
        List.of(
            Reading.of(needs.logs().room(), roomOutputReader),
            Reading.of(needs.logs().account(), accountOutputReader),
            Reading.of(needs.logs().receipt(), receipts.reader()),
            Reading.of(needs.logs().typing(), typing.reader()));

    Timelines timelines = new Timelines(rooms, recent);
    ClientEvents events =
        new ClientEvents(rooms, new Erasure(rooms, needs.accounts()), needs.clock());
    StateChanges states = new StateChanges(rooms, new SentMembers(budget.sentMembersBytes()));
    RoomsSection.Readers roomReaders =
        new RoomsSection.Readers(
            new JoinedRooms(rooms, timelines, states, new RoomSummaries(rooms)),
            new LeftRooms(rooms, timelines, states));
    Sections sections =
        new Sections(
            rooms,
            needs.accountData(),
            List.of(
                new RoomsSection(
                    needs.logs().room(), roomEvents, rooms, needs.accountData(), roomReaders),
                new AccountDataSection(needs.logs().account(), needs.accountData()),
                typing,
                receipts));
    Snapshots snapshots = new Snapshots(needs.store(), sections.follows());
    History history = new History(rooms, timelines, events, snapshots, tokens, needs.accountData());
    StoredFilters filters = new StoredFilters(needs.store(), needs.clock());
    routes =
        List.of(
            new SyncRoutes(
                users, snapshots, sections, new SyncJson(events, tokens), recent, filters, tokens),
            new FilterRoutes(filters),
            new MessagesRoute(history),
            new EventRoutes(history),
            new StateRoutes(rooms, events, snapshots),
            new MemberRoutes(rooms, events, snapshots),
            new EventsRoute(history, sections, recent, users),
            new InitialSyncRoutes(history, sections, users, needs.directory()));
  }

  /// To be registered with room-output.
  public LogReader<RoomOutput> roomOutputReader() {
    return roomOutputReader;
  }

  /// To be registered with account-output.
  public LogReader<AccountOutput> accountOutputReader() {
    return accountOutputReader;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<Reading<?>> readings() {
    return readings;
  }

  @Override
  public List<String> asks() {
    return List.of(
        RoomQueries.BOX,
        AccountService.BOX,
        AccountDataService.BOX,
        TypingQueries.BOX,
        ReceiptQueries.BOX,
        DirectoryService.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(StoredFilters.TABLE);
  }

  @Override
  public List<RouteGroup> routes() {
    return routes;
  }

  /// Who syncs.
  SyncUsers users() {
    return users;
  }

  /// Answers everyone who waits, with what there is.
  @Override
  public void stop() {
    for (UserFeed each : users.all()) {
      each.waiting().forEach(WaitingSync::end);
    }
  }
}
