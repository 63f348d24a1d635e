package org.hearth.server.readers.sync;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Alarms;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.TypingOutput;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.Erasure;
import org.hearth.server.readers.events.RecentEvents;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.sync.history.EventRoutes;
import org.hearth.server.readers.sync.history.History;
import org.hearth.server.readers.sync.history.MemberRoutes;
import org.hearth.server.readers.sync.history.MessagesRoute;
import org.hearth.server.readers.sync.history.NotificationsRoute;
import org.hearth.server.readers.sync.history.OlderHistory;
import org.hearth.server.readers.sync.history.RelationsRoute;
import org.hearth.server.readers.sync.history.StateRoutes;
import org.hearth.server.readers.sync.history.ThreadsRoute;
import org.hearth.server.readers.sync.sections.AccountDataSection;
import org.hearth.server.readers.sync.sections.Acknowledgements;
import org.hearth.server.readers.sync.sections.DeviceListChanges;
import org.hearth.server.readers.sync.sections.DeviceListSection;
import org.hearth.server.readers.sync.sections.EphemeralFromOutside;
import org.hearth.server.readers.sync.sections.HeldBackNews;
import org.hearth.server.readers.sync.sections.JoinedRooms;
import org.hearth.server.readers.sync.sections.KeyCountsSection;
import org.hearth.server.readers.sync.sections.LeftRooms;
import org.hearth.server.readers.sync.sections.NewsOfRoom;
import org.hearth.server.readers.sync.sections.PresenceSection;
import org.hearth.server.readers.sync.sections.ReceiptSection;
import org.hearth.server.readers.sync.sections.RoomSummaries;
import org.hearth.server.readers.sync.sections.RoomsSection;
import org.hearth.server.readers.sync.sections.Section;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.SentMembers;
import org.hearth.server.readers.sync.sections.StateChanges;
import org.hearth.server.readers.sync.sections.ToDeviceSection;
import org.hearth.server.readers.sync.sections.TypingSection;
import org.hearth.server.readers.sync.sections.UnreadSection;
import org.hearth.server.readers.sync.sliding.Parts;
import org.hearth.server.readers.sync.sliding.SlidingSyncRoute;
import org.hearth.server.readers.sync.v1.EventsRoute;
import org.hearth.server.readers.sync.v1.InitialSyncRoutes;
import org.hearth.server.readers.sync.v2.DehydratedMessagesRoute;
import org.hearth.server.readers.sync.v2.FilterRoutes;
import org.hearth.server.readers.sync.v2.KeyChangesRoute;
import org.hearth.server.readers.sync.v2.StoredFilters;
import org.hearth.server.readers.sync.v2.SyncJson;
import org.hearth.server.readers.sync.v2.SyncRoutes;
import org.hearth.server.readers.sync.v2.WarmUp;
import org.hearth.server.readers.sync.view.AccountOutputNotes;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.sync.view.NewsReader;
import org.hearth.server.readers.sync.view.RoomOutputNotes;
import org.hearth.server.readers.sync.view.SpacedWakes;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.sync.view.WaitingSync;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.device.DeviceQueries;
import org.hearth.server.servers.device.RemoteDeviceQueries;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.servers.presence.PresenceClient;
import org.hearth.server.servers.presence.PresenceQueries;
import org.hearth.server.servers.receipt.ReceiptQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.typing.TypingQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.directory.DirectoryQueries;
import org.hearth.server.services.directory.DirectoryService;
import org.hearth.server.services.keys.KeyQueries;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// What clients read: `/sync` with its filters, messages, events and their context, state, members.
///
/// **Thread:** constructed and closed by the composition's; the readers by their logs'; the routes
/// by any.
public final class ClientSync implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientSync";

  /// Nobody is woken more often to be told of presence alone.
  private static final Duration PRESENCE_SPACING = Duration.ofSeconds(10);

  /// Nobody is woken more often to be told of what else others do: who types, what was read, whose
  /// devices changed. What they send is told at once.
  static final Duration SPACING = Duration.ofSeconds(1);

  /// So long after the start the answers of those who were here last are made: the start itself,
  /// and those who wait for it, come first.
  private static final Duration BEFORE_WARM_UP = Duration.ofSeconds(3);

  private final SyncUsers users;
  private final List<RouteGroup> routes;
  private final List<Reading<?>> readings;
  private final List<String> asks;
  private final WarmUp warmUp;
  private final Alarms wakeAlarms;

  /// What this component uses of others.
  ///
  /// @param store open; for the stored filters
  /// @param presence empty where presence is off
  /// @param older fetches what is missing of rooms' histories
  /// @param logs not yet started
  public record Needs(
      Store store,
      RoomQueries rooms,
      AccountDataQueries accountData,
      AccountQueries accounts,
      TypingQueries typing,
      ReceiptQueries receipts,
      NotificationQueries notifications,
      KeyQueries keys,
      Devices devices,
      Optional<PresenceParts> presence,
      DirectoryQueries directory,
      OlderHistory older,
      Logs logs,
      InstantSource clock) {}

  /// The Device Server.
  ///
  /// @param remote what is known of devices of users of other servers
  /// @param input told which messages a device has
  public record Devices(
      DeviceQueries queries,
      RemoteDeviceQueries remote,
      LogWriter<DeviceInput, LogPosition> input) {}

  /// The Presence Server, as this component knows it.
  ///
  /// @param client told who syncs
  public record PresenceParts(
      PresenceQueries queries, PresenceClient client, VolatileLog<PresenceOutput> log) {}

  /// The logs that it follows.
  public record Logs(
      OutputLog<RoomOutput> room,
      OutputLog<AccountOutput> account,
      VolatileLog<TypingOutput> typing,
      OutputLog<ReceiptOutput> receipt,
      OutputLog<DeviceOutput> device) {}

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
    this(needs, budget, Alarms.onThread("spaced-wakes"));
  }

  /// @param wakeAlarms wake whom there was too much to tell
  ClientSync(Needs needs, Budget budget, Alarms wakeAlarms) {
    this.wakeAlarms = wakeAlarms;
    RoomQueries rooms = needs.rooms();
    LogPosition start = needs.store().head();
    asks =
        Stream.concat(
                Stream.of(
                    RoomQueries.BOX,
                    AccountService.BOX,
                    AccountDataService.BOX,
                    TypingQueries.BOX,
                    ReceiptQueries.BOX,
                    NotificationQueries.BOX,
                    DeviceQueries.BOX,
                    KeyQueries.BOX,
                    DirectoryService.BOX),
                needs.presence().stream().map(_ -> PresenceQueries.BOX))
            .toList();
    Tokens tokens = new Tokens(needs.store().identity().epoch());
    RecentEvents recent = new RecentEvents(rooms, budget.recentEventsBytes(), start);
    NewsKind roomEvents = new NewsKind(needs.store()::head);
    users =
        new SyncUsers(
            rooms, needs.store()::head, new SpacedWakes(SPACING, wakeAlarms), budget.usersBytes());
    NewsKind members = new NewsKind(needs.store()::head);
    NewsKind comers = new NewsKind(needs.store()::head);
    TypingSection typing = new TypingSection(needs.logs().typing(), needs.typing(), users);
    NewsKind read = new NewsKind(needs.store()::head);
    NewsKind received = new NewsKind(needs.store()::head);
    ReceiptSection receipts =
        new ReceiptSection(needs.logs().receipt(), needs.receipts(), users, received, read, start);
    ToDeviceSection toDevice =
        new ToDeviceSection(needs.logs().device(), needs.devices().queries(), users, start);
    DeviceListChanges deviceLists =
        new DeviceListChanges(rooms, needs.keys(), needs.devices().remote());
    Optional<PresenceSection> presence =
        needs
            .presence()
            .map(each ->
                new PresenceSection(
                    each.log(),
                    each.queries(),
                    rooms,
                    users,
                    comers,
                    new SpacedWakes(PRESENCE_SPACING, wakeAlarms),
                    needs.clock()));
    List<Reading<?>> followed = new ArrayList<>();
    // "The updated notification count from a new event MUST appear in the same `/sync` response as
    // the event itself": what wakes a client is counted by then.
    List<String> afterCounts = List.of(NotificationQueries.READER);
    followed.add(
        new Reading<>(
            needs.logs().room(),
            NewsReader.of(
                users, start, new RoomOutputNotes(recent, users, roomEvents, members, comers)),
            afterCounts));
    followed.add(
        Reading.of(
            needs.logs().account(), NewsReader.of(users, start, new AccountOutputNotes(users))));
    followed.add(new Reading<>(needs.logs().receipt(), receipts.reader(), afterCounts));
    followed.add(Reading.of(needs.logs().device(), toDevice.reader()));
    needs
        .presence()
        .ifPresent(each -> followed.add(Reading.of(each.log(), presence.orElseThrow().reader())));
    followed.add(Reading.of(needs.logs().typing(), typing.reader()));
    readings = List.copyOf(followed);

    Timelines timelines = new Timelines(rooms, recent);
    ClientEvents events =
        new ClientEvents(rooms, new Erasure(rooms, needs.accounts()), needs.clock());
    StateChanges states = new StateChanges(rooms, new SentMembers(budget.sentMembersBytes()));
    RoomSummaries summaries = new RoomSummaries(rooms);
    NewsOfRoom newsOfRoom = new NewsOfRoom(rooms, needs.accountData());
    NewsOfRoom.Readers roomReaders =
        new NewsOfRoom.Readers(
            new JoinedRooms(rooms, timelines, states, summaries),
            new LeftRooms(rooms, timelines, states));
    Section ownData = new AccountDataSection(needs.logs().account(), needs.accountData());
    Section unread =
        new UnreadSection(needs.logs().receipt(), read, needs.notifications(), needs.receipts());
    Section devices =
        new DeviceListSection(
            List.of(needs.logs().account(), needs.logs().room(), needs.logs().device()),
            deviceLists,
            members);
    Section keyCounts = new KeyCountsSection(needs.logs().account(), needs.keys());
    List<Section> kinds =
        new ArrayList<>(
            List.of(
                new RoomsSection(needs.logs().room(), roomEvents, newsOfRoom, roomReaders),
                ownData,
                typing,
                receipts,
                unread,
                toDevice,
                devices,
                keyCounts));
    presence.ifPresent(kinds::add);
    HeldBackNews.Complaints complaints = new HeldBackNews.Complaints();
    Sections sections = new Sections(rooms, needs.accountData(), kinds, complaints);
    Snapshots snapshots = new Snapshots(needs.store(), NewsReader.NAME, sections.follows());
    History history =
        new History(
            rooms, timelines, events, snapshots, tokens, needs.accountData(), needs.older());
    StoredFilters filters = new StoredFilters(needs.store(), needs.clock());
    Optional<PresenceClient> client = needs.presence().map(PresenceParts::client);
    Acknowledgements acknowledgements =
        new Acknowledgements(needs.devices().queries(), needs.devices().input());
    SlidingSyncRoute sliding =
        new SlidingSyncRoute(
            new SlidingSyncRoute.Waiting(users, client, snapshots, acknowledgements, recent),
            new Parts(
                rooms,
                needs.accountData(),
                needs.devices().queries(),
                newsOfRoom,
                timelines,
                summaries,
                events,
                tokens,
                new Parts.Kinds(roomEvents, received, read),
                new Parts.Beside(unread, ownData, receipts, typing, List.of(devices, keyCounts)),
                complaints),
            SlidingSyncRoute.Budget.STANDARD,
            new SecureRandom());
    SyncRoutes sync =
        new SyncRoutes(
            users,
            client,
            snapshots,
            sections,
            acknowledgements,
            new SyncJson(events, tokens),
            recent,
            filters,
            tokens);
    warmUp = sync.warmUp(() -> needs.accounts().seenLast(WarmUp.MOST_USERS), BEFORE_WARM_UP);
    routes =
        List.of(
            sync,
            sliding,
            new KeyChangesRoute(rooms, deviceLists, snapshots, tokens),
            new DehydratedMessagesRoute(needs.keys(), needs.devices().queries()),
            new FilterRoutes(filters),
            new MessagesRoute(history),
            new EventRoutes(history),
            new RelationsRoute(history),
            new ThreadsRoute(history),
            new NotificationsRoute(history, needs.notifications()),
            new StateRoutes(rooms, events, snapshots),
            new MemberRoutes(rooms, events, snapshots),
            new EventsRoute(
                history,
                sections,
                new EphemeralFromOutside(rooms, typing, receipts),
                recent,
                users,
                client),
            new InitialSyncRoutes(history, sections, users, client, needs.directory()));
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "News for the apps";
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
    return asks;
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

  /// Begins to read what the first answers are made of.
  @Override
  public void start() {
    warmUp.start();
  }

  /// Answers everyone who waits, with what there is, and ends the alarms.
  @Override
  public void stop() throws InterruptedException {
    warmUp.stop();
    for (UserFeed each : users.all()) {
      each.waiting().forEach(WaitingSync::end);
    }
    wakeAlarms.close();
  }
}
