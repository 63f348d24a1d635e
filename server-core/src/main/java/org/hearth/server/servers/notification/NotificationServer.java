package org.hearth.server.servers.notification;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Positioned;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.receipt.ReceiptQueries;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.ThreadPath;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.hearth.server.store.Unavailable;

/// The server of notifications: it asks the push rules of a room's members about each event, keeps
/// what of it is unread, and announces on notification-output whom it notifies.
///
/// What it keeps is stored some time later; after a crash it is made again from room-output, whose
/// entries each room's counts know, and from the receipts.
///
/// **bound**: what [RoomCounts], [UserRules] and [CountsMemory] say. **thread**: as [Box] has it;
/// one reads room-output, one receipt-output, one stores, one announces.
public final class NotificationServer implements Box {
  private static final System.Logger LOG = System.getLogger(NotificationServer.class.getName());

  /// Of counts in memory: some 500 rooms in which much happens.
  private static final long MEMORY_BYTES = 32 << 20;

  /// How long the start waits for what was not stored before the end.
  private static final Duration PATIENCE_AT_START = Duration.ofMinutes(1);

  /// How often it looks meanwhile whether the store has failed.
  private static final Duration LOOK_AT_START = Duration.ofSeconds(1);

  private final Store store;
  private final RoomQueries rooms;
  private final OutputLog<RoomOutput> roomOutput;
  private final LogPosition head;
  private final InstantSource clock;
  private final VolatileLog<NotificationOutput> output;
  private final Evaluation evaluation;
  private final Invitations invitations;
  private final CountsMemory memory;
  private final CountsWriter writer;
  private final Counting counting;
  private final Reads queries = new Reads();

  /// The one thread that a log takes entries of; two readers have some.
  private final ExecutorService announcer =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("notification-announcer").factory());

  private final List<Reading<?>> readings;

  /// What this box uses of others.
  ///
  /// @param store open
  /// @param roomOutput not yet started
  /// @param receiptOutput not yet started
  public record Needs(
      Store store,
      ServerName server,
      RoomQueries rooms,
      ReceiptQueries receipts,
      AccountDataQueries accountData,
      OutputLog<RoomOutput> roomOutput,
      OutputLog<ReceiptOutput> receiptOutput) {}

  public NotificationServer(Needs needs, InstantSource clock) {
    this(needs, clock, MEMORY_BYTES);
  }

  NotificationServer(Needs needs, InstantSource clock, long memoryBytes) {
    this.store = needs.store();
    this.rooms = needs.rooms();
    this.roomOutput = needs.roomOutput();
    this.head = needs.store().head();
    this.clock = clock;
    FailureHandling failures = new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock);
    output = new VolatileLog<>(Logs.NOTIFICATION_OUTPUT, clock.millis(), failures);
    evaluation = new Evaluation(rooms, new UserRules(needs.accountData()));
    invitations = new Invitations(rooms, evaluation);
    StoredCounts table = new StoredCounts(needs.store().reads());
    memory = new CountsMemory(table, rooms, needs.receipts(), needs.server(), memoryBytes);
    // What happened before anything was ever counted is read.
    LogPosition kept = table.progress().orElse(head);
    counting = new Counting(kept);
    LogReader<ReceiptOutput> receiptReader =
        new MemoryReader<>(NotificationQueries.READER, head, new Receiving());
    writer =
        new CountsWriter(
            memory,
            needs.store().committer(),
            output,
            kept,
            counting::position,
            receiptReader::position);
    readings =
        List.of(Reading.of(roomOutput, counting), Reading.of(needs.receiptOutput(), receiptReader));
  }

  @Override
  public String name() {
    return NotificationQueries.BOX;
  }

  @Override
  public String purpose() {
    return "Counts the unread";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVER;
  }

  @Override
  public List<Log> logs() {
    return List.of(output);
  }

  @Override
  public List<Reading<?>> readings() {
    return readings;
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, ReceiptQueries.BOX, AccountDataService.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(StoredCounts.TABLE, StoredCounts.PROGRESS);
  }

  /// The log of whom events notify, for readers, who register before the start.
  public VolatileLog<NotificationOutput> output() {
    return output;
  }

  /// What others may ask.
  public NotificationQueries queries() {
    return queries;
  }

  /// Waits until what was not stored before the end is counted, so that nobody is told less.
  ///
  /// @throws org.hearth.server.store.StorageException if the store has failed
  @Override
  public void start() {
    try {
      if (!awaitCounting()) {
        LOG.log(
            Level.WARNING,
            "what is unread is still being counted: until then fewer notifications are told");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    writer.start();
  }

  private boolean awaitCounting() throws InterruptedException {
    long looks = PATIENCE_AT_START.dividedBy(LOOK_AT_START);
    for (long look = 0; look < looks; look++) {
      store.requireNotFailed();
      if (roomOutput.awaitReader(NotificationQueries.READER, head, LOOK_AT_START)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void stop() throws InterruptedException {
    writer.stop();
  }

  /// Stores what has changed since it was last stored.
  @Override
  public void close() {
    writer.tryToWrite();
    announcer.shutdown();
  }

  /// Stores what has changed, now.
  void write() {
    writer.write();
  }

  /// Tells of something, and returns when that is in the log; both readers do.
  private void publish(List<NotificationOutput> entries) {
    if (entries.isEmpty()) {
      return;
    }
    try {
      CompletableFuture.runAsync(() -> entries.forEach(output::publish), announcer).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  // --- what happens in rooms

  /// Follows room-output. **Thread**: the log's for it.
  private final class Counting implements LogReader<RoomOutput> {
    private volatile LogPosition position;

    /// What is counted of the batch at hand and not yet told; one hop to the announcer serves all.
    private final List<NotificationOutput> told = new ArrayList<>();

    Counting(LogPosition kept) {
      this.position = kept;
    }

    @Override
    public String name() {
      return NotificationQueries.READER;
    }

    /// Up to where everything is in memory or stored; at the start, stored.
    @Override
    public LogPosition position() {
      return position;
    }

    @Override
    public void onBatch(List<Positioned<RoomOutput>> batch) {
      LogPosition reached = position;
      try {
        for (Positioned<RoomOutput> each : batch) {
          take(each.position(), each.entry());
          reached = each.position();
        }
      } finally {
        tell();
        position = reached;
      }
    }

    /// Of a room that was held back everything is later than what is counted of it.
    @Override
    public void onRelease(List<Positioned<RoomOutput>> entries) {
      try {
        for (Positioned<RoomOutput> each : entries) {
          take(each.position(), each.entry());
        }
      } finally {
        tell();
      }
    }

    /// Tells what is counted of a batch, also of one that fails in the middle: what of it is
    /// counted is not given again.
    private void tell() {
      try {
        publish(told);
      } finally {
        told.clear();
      }
    }

    private void take(LogPosition at, RoomOutput entry) {
      switch (entry) {
        case RoomOutput.EventAdded added -> take(at, added);
        case RoomOutput.StateChanged changed -> take(at, changed);
        case RoomOutput.OutsideMember(var event) -> tellInvited(at, event);
        // A redaction that comes with old history redacts what may be counted.
        case RoomOutput.EventStored(var event, _) ->
            event
                .redacts()
                .ifPresent(
                    redacted -> change(event.roomId(), at, counts -> counts.redact(redacted)));
      }
    }

    private void change(RoomId room, LogPosition at, Consumer<RoomCounts> change) {
      var _ =
          memory.change(
              room,
              new LogPosition(at.value() - 1),
              counts -> {
                change.accept(counts);
                return counts;
              });
    }

    private String thread(Pdu event) {
      return ThreadPath.of(rooms, event).root().map(EventId::value).orElse(ReceiptOutput.MAIN);
    }

    private void take(LogPosition at, RoomOutput.EventAdded added) {
      writer.makeRoom();
      Pdu event = added.event();
      RoomCounts room = memory.get(event.roomId(), new LogPosition(at.value() - 1));
      if (room.has(at.value())) {
        room.at(at.value()).ifPresent(each -> announce(room, each, List.of()));
        return;
      }
      Optional<UserId> member = event.isMember() ? memory.localMember(event) : Optional.empty();
      Membership membership =
          event.isMember() ? Membership.of(event).orElse(Membership.LEAVE) : Membership.LEAVE;
      if (member.isPresent()) {
        boolean comes = added.previousMembership() != Membership.JOIN;
        setMember(at, event, member.get(), membership, comes);
      }
      boolean gone = isRedactedSince(at, event);
      List<Way> ways = gone ? List.of() : evaluation.ofMembers(event, room);
      List<NotificationOutput.Audience> invited =
          member.isPresent() && membership == Membership.INVITE && !gone
              ? invited(event, member.get())
              : List.of();
      boolean isOwn = memory.isLocal(event.sender()) && !event.isMember();
      String thread = isOwn || !ways.isEmpty() ? thread(event) : ReceiptOutput.MAIN;
      CountedEvent counted =
          new CountedEvent(at.value(), clock.millis(), event.eventId(), thread, ways);
      change(
          event.roomId(),
          at,
          counts -> {
            counts.count(counted);
            // "When the user updates their read receipt (either by using the API or by sending an
            // event), notifications prior to and including that event MUST be marked as read."
            // Events of members are left out: a new name sends one to every room.
            if (isOwn) {
              var _ = counts.read(event.sender(), thread, at.value());
            }
            if (added.redacts() != null) {
              counts.redact(added.redacts());
            }
          });
      announce(room, counted, invited);
    }

    /// What comes from the store may be redacted already.
    private boolean isRedactedSince(LogPosition at, Pdu event) {
      return !at.isAfter(head)
          && rooms
              .event(event.eventId())
              .filter(each -> each.redactedBecause() != null)
              .isPresent();
    }

    private List<NotificationOutput.Audience> invited(Pdu event, UserId user) {
      return evaluation
          .ofOther(event, user)
          .map(outcome ->
              new NotificationOutput.Audience(
                  outcome.actions(), outcome.highlights(), List.of(user)))
          .stream()
          .toList();
    }

    /// Nothing is counted of a room that is not here.
    private void tellInvited(LogPosition at, Pdu event) {
      Optional<UserId> user =
          memory
              .localMember(event)
              .filter(_ -> Membership.of(event).filter(Membership.INVITE::equals).isPresent());
      List<NotificationOutput.Audience> audiences =
          user.map(each -> invited(event, each)).orElse(List.of());
      if (!audiences.isEmpty()) {
        told.add(
            new NotificationOutput.Notified(
                at.value(),
                event.roomId(),
                event.eventId(),
                ReceiptOutput.MAIN,
                clock.millis(),
                audiences));
      }
    }

    private void announce(
        RoomCounts room, CountedEvent event, List<NotificationOutput.Audience> invited) {
      List<NotificationOutput.Audience> audiences = new ArrayList<>(invited);
      audiences.addAll(room.audiences(event));
      if (!audiences.isEmpty()) {
        told.add(
            new NotificationOutput.Notified(
                event.place(), room.room(), event.id(), event.thread(), event.ts(), audiences));
      }
    }

    private void setMember(
        LogPosition at, Pdu event, UserId user, Membership membership, boolean comes) {
      boolean changed =
          memory.change(
              event.roomId(),
              new LogPosition(at.value() - 1),
              counts ->
                  membership == Membership.JOIN
                      ? counts.join(user, CountsMemory.name(event), comes)
                      : counts.leave(user));
      if (changed) {
        told.add(new NotificationOutput.CountsChanged(at.value(), event.roomId(), user));
      }
    }

    private void take(LogPosition at, RoomOutput.StateChanged changed) {
      RoomCounts room = memory.get(changed.room(), new LogPosition(at.value() - 1));
      if (room.has(at.value())) {
        return;
      }
      for (RoomOutput.StateChange each : changed.changes()) {
        Pdu now = each.now();
        Pdu either = now == null ? each.before() : now;
        if (each.key().type().equals(EventTypes.MEMBER) && either != null) {
          Membership membership =
              Optional.ofNullable(now).flatMap(Membership::of).orElse(Membership.LEAVE);
          memory
              .localMember(either)
              .ifPresent(user -> setMember(at, either, user, membership, false));
        }
      }
      change(changed.room(), at, counts -> counts.passed(at.value()));
    }
  }

  // --- who reads

  /// Follows receipt-output. **Thread**: the log's for it.
  private final class Receiving implements MemoryReader.View<ReceiptOutput> {
    @Override
    public void take(LogPosition at, ReceiptOutput receipt) {
      // Of a room that is not here the receipts are read when it comes in, and nobody knows whether
      // this one changes anything.
      boolean changed =
          memory.changeIfHere(
              receipt.room(),
              counts -> counts.read(receipt.user(), receipt.thread(), receipt.place()),
              memory.isLocal(receipt.user()));
      if (changed) {
        publish(
            List.of(
                new NotificationOutput.CountsChanged(at.value(), receipt.room(), receipt.user())));
      }
    }

    @Override
    public void renew(LogPosition upTo) {
      for (RoomId each : memory.rooms()) {
        memory.changeIfHere(
            each,
            counts -> {
              memory.readReceipts(counts, LogPosition.ORIGIN);
              return true;
            },
            false);
      }
    }
  }

  // --- what others ask

  private final class Reads implements NotificationQueries {
    @Override
    public UnreadCounts counts(RoomId room, UserId user) {
      return memory.find(room).map(each -> each.counts(user)).orElse(UnreadCounts.NONE);
    }

    @Override
    public boolean isNotified(RoomId room, UserId user, long after, long upTo) {
      return memory.find(room).filter(each -> each.isNotified(user, after, upTo)).isPresent();
    }

    @Override
    public Unread unread(UserId user) {
      long roomCount = 0;
      long notifications = 0;
      for (RoomId each : roomsOf(user)) {
        long here = counts(each, user).total().notifications();
        roomCount += here > 0 ? 1 : 0;
        notifications += here;
      }
      return new Unread(roomCount, notifications);
    }

    @Override
    public List<Notification> notifications(
        UserId user, long before, boolean highlights, int limit) {
      List<Notification> all = new ArrayList<>(invitations.of(user, before, highlights, limit));
      for (RoomId each : roomsOf(user)) {
        memory
            .find(each)
            .ifPresent(counts -> all.addAll(counts.notifications(user, before, highlights, limit)));
      }
      return all.stream()
          .sorted(Comparator.comparingLong(Notification::position).reversed())
          .limit(limit)
          .toList();
    }

    private List<RoomId> roomsOf(UserId user) {
      return rooms.roomsOf(user, Set.of(Membership.JOIN)).stream()
          .map(RoomMembership::room)
          .toList();
    }
  }
}
