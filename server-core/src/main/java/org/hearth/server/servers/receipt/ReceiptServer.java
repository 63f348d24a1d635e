package org.hearth.server.servers.receipt;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.hearth.ringlogs.CommandHandler;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.ReceiptInput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Table;
import org.hearth.server.store.Unavailable;
import org.hearth.server.store.UnitOwner;
import org.jspecify.annotations.Nullable;

/// The server of receipts: it moves markers, never backwards in their room's order, and announces
/// on receipt-output each that has moved.
///
/// Who leaves a room loses the receipts there. Whose marker is to move is checked against the room
/// first, so that a command that comes after the leaving has no effect. What was missed while the
/// server was down is made good by a look at all receipts at the start.
///
/// **bound**: what [Receipts#TABLE] says. **thread**: as [Box] has it; the rest any.
public final class ReceiptServer implements Box {
  private static final System.Logger LOG = System.getLogger(ReceiptServer.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);

  private final RoomQueries rooms;
  private final Receipts receipts;
  private final JournalWriter<ReceiptOutput> output;
  private final InputLog<ReceiptInput, LogPosition> input;
  private final LogWriter<ReceiptInput, LogPosition> commands;
  private final Reading<RoomOutput> reading;
  private final Thread sweep =
      Thread.ofPlatform().daemon().name("receipt-sweep").unstarted(this::sweep);
  private volatile boolean stopping;

  /// @param receipts the same object that answers the others' queries
  /// @param output of which this box is the only writer
  /// @param roomOutput not yet started
  /// @param start the last position that was committed before it is
  public ReceiptServer(
      RoomQueries rooms,
      Receipts receipts,
      JournaledLog<ReceiptOutput> output,
      OutputLog<RoomOutput> roomOutput,
      LogPosition start,
      FailureHandling failures) {
    this.rooms = rooms;
    this.receipts = receipts;
    this.output = output.writer(ReceiptQueries.BOX);
    Markers markers = new Markers();
    input = new InputLog<>(Logs.RECEIPT_INPUT, ReceiptQueries.BOX, 1, _ -> markers, failures);
    commands = input.writer(ReceiptQueries.BOX);
    reading = Reading.of(roomOutput, new MemoryReader<>("receipt-server", start, new Leavers()));
  }

  @Override
  public String name() {
    return ReceiptQueries.BOX;
  }

  @Override
  public String purpose() {
    return "Keeps who read";
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
    return List.of(reading);
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(receipts);
  }

  @Override
  public List<Table> tables() {
    return List.of(Receipts.TABLE);
  }

  /// The log of commands, for writers.
  public InputLog<ReceiptInput, LogPosition> input() {
    return input;
  }

  /// The log of receipts, for readers, who register before the start.
  public OutputLog<ReceiptOutput> output() {
    return output.log();
  }

  @Override
  public void start() {
    sweep.start();
  }

  /// Ends the look at all receipts, which writes to receipt-input.
  @Override
  public void stop() throws InterruptedException {
    stopping = true;
    if (sweep.isAlive() && !sweep.join(PATIENCE_AT_END)) {
      LOG.log(Level.WARNING, "the receipts of those who have left are still being looked for");
    }
  }

  // --- who leaves

  private void sweep() {
    try {
      forgetAbsent();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(
          Level.WARNING,
          "receipts of users who left while the server was down stay until the next start",
          e);
    }
  }

  /// Looks at all users who have receipts.
  private void forgetAbsent() throws InterruptedException {
    Optional<String> user = receipts.userAfter("");
    while (user.isPresent() && !stopping) {
      for (Member each : absent(user.get())) {
        forget(each.room(), each.user());
      }
      user = receipts.userAfter(user.get());
    }
  }

  /// Where a user has receipts and is not joined; nowhere if that cannot be told.
  ///
  /// @param stored the id as it is stored
  private List<Member> absent(String stored) {
    try {
      UserId user = UserId.parse(stored);
      Set<RoomId> absent = new HashSet<>(receipts.roomsOf(user));
      rooms.roomsOf(user, Set.of(Membership.JOIN)).stream()
          .map(RoomMembership::room)
          .forEach(absent::remove);
      return absent.stream().map(room -> new Member(room, user)).toList();
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOG.log(Level.ERROR, "it cannot be told which receipts of " + stored + " are to go", e);
      return List.of();
    }
  }

  private void forget(RoomId room, UserId user) throws InterruptedException {
    // If the log has stopped, the next start looks again.
    commands.tell(new ReceiptInput.ForgetMember(room, user), PATIENCE);
  }

  /// Follows room-output for those who leave. It keeps nothing. **Thread**: the log's for it.
  private final class Leavers implements MemoryReader.View<RoomOutput> {
    @Override
    public void take(LogPosition at, RoomOutput entry) throws InterruptedException {
      for (RoomOutput.Member member : entry.members()) {
        if (member.membership() == Membership.LEAVE || member.membership() == Membership.BAN) {
          Optional<UserId> user = member.id();
          if (user.isPresent()) {
            forget(entry.room(), user.get());
          }
        }
      }
    }

    /// Some may have left without being seen here.
    @Override
    public void renew(LogPosition upTo) throws InterruptedException {
      forgetAbsent();
    }
  }

  // --- who reads

  /// A user in a room.
  private record Member(RoomId room, UserId user) {}

  /// Where the markers of one member are. It never changes; two are equal if they are one.
  private static final class MemberMarkers {
    private final List<ReceiptOutput> markers;

    MemberMarkers(List<ReceiptOutput> markers) {
      this.markers = List.copyOf(markers);
    }

    Optional<ReceiptOutput> like(ReceiptOutput receipt) {
      return markers.stream().filter(each -> isLike(each, receipt)).findFirst();
    }

    private static boolean isLike(ReceiptOutput one, ReceiptOutput other) {
      return one.type() == other.type() && Objects.equals(one.thread(), other.thread());
    }

    MemberMarkers with(ReceiptOutput receipt, Optional<ReceiptOutput> without) {
      List<ReceiptOutput> all = new ArrayList<>(markers);
      all.removeIf(each -> isLike(each, receipt) || Optional.of(each).equals(without));
      all.add(receipt);
      return new MemberMarkers(all);
    }

    /// The marker that has to go for a new one; empty if there is room.
    Optional<ReceiptOutput> displacedBy(ReceiptOutput receipt) {
      List<ReceiptOutput> threads =
          markers.stream()
              .filter(each -> each.type() == receipt.type() && isOfThread(each))
              .toList();
      return isOfThread(receipt) && threads.size() >= Receipts.MOST_THREADS
          ? threads.stream().min(Comparator.comparingLong(ReceiptOutput::place))
          : Optional.empty();
    }

    private static boolean isOfThread(ReceiptOutput receipt) {
      return receipt.thread() != null && !receipt.thread().equals(ReceiptOutput.MAIN);
    }
  }

  /// Moves markers. It knows those that are being committed; the others are in the table.
  ///
  /// **Thread**: the shard's; what is committed is forgotten by the committer's.
  private final class Markers implements CommandHandler<ReceiptInput, LogPosition> {
    private final ConcurrentMap<Member, MemberMarkers> underWay = new ConcurrentHashMap<>();
    private final UnitOwner owner = new UnitOwner(ReceiptQueries.BOX);
    private long generation;

    @Override
    public void handle(ReceiptInput command, Reply<LogPosition> reply) {
      long now = owner.generation();
      if (now != generation) {
        underWay.clear();
        generation = now;
      }
      switch (command) {
        case ReceiptInput.MoveMarker(var receipt) -> move(receipt, reply);
        case ReceiptInput.ForgetMember(var room, var user) -> forget(new Member(room, user), reply);
      }
    }

    private MemberMarkers markers(Member member) {
      MemberMarkers known = underWay.get(member);
      return known == null ? new MemberMarkers(receipts.of(member.room(), member.user())) : known;
    }

    private void move(ReceiptOutput receipt, Reply<LogPosition> reply) {
      Member member = new Member(receipt.room(), receipt.user());
      MemberMarkers before = markers(member);
      Optional<ReceiptOutput> known = before.like(receipt);
      boolean forwards = known.filter(each -> each.place() >= receipt.place()).isEmpty();
      if (!forwards || !rooms.isJoined(receipt.room(), receipt.user())) {
        answer(member, reply);
        return;
      }
      Optional<ReceiptOutput> displaced =
          known.isPresent() ? Optional.empty() : before.displacedBy(receipt);
      List<RowChange> rows = new ArrayList<>();
      displaced.map(Receipts::delete).ifPresent(rows::add);
      rows.add(Receipts.set(receipt, known.isEmpty()));
      commit(member, before.with(receipt, displaced), rows, List.of(receipt), reply);
    }

    private void forget(Member member, Reply<LogPosition> reply) {
      boolean stays = rooms.isJoined(member.room(), member.user());
      if (stays || markers(member).markers.isEmpty()) {
        answer(member, reply);
        return;
      }
      commit(
          member,
          new MemberMarkers(List.of()),
          List.of(Receipts.deleteAll(member.room(), member.user())),
          List.of(),
          reply);
    }

    /// Answers where there is nothing to do, when what was done before is durable.
    private void answer(Member member, Reply<LogPosition> reply) {
      if (underWay.containsKey(member)) {
        output.submit(
            owner, generation, List.of(), List.of(), Outcome.of(reply::complete, reply::fail));
      } else {
        reply.complete(output.log().head());
      }
    }

    private void commit(
        Member member,
        MemberMarkers after,
        List<RowChange> rows,
        List<ReceiptOutput> entries,
        Reply<LogPosition> reply) {
      MemberMarkers before = underWay.put(member, after);
      boolean taken = false;
      try {
        output.submit(
            owner,
            generation,
            rows,
            entries,
            new Outcome() {
              @Override
              public void durable(LogPosition first) {
                underWay.remove(member, after);
              }

              @Override
              public void committed(LogPosition first) {
                reply.complete(first);
              }

              @Override
              public void failed(StorageException failure) {
                reply.fail(failure);
              }
            });
        taken = true;
      } finally {
        if (!taken) {
          putBack(member, before);
        }
      }
    }

    private void putBack(Member member, @Nullable MemberMarkers before) {
      if (before == null) {
        underWay.remove(member);
      } else {
        underWay.put(member, before);
      }
    }
  }
}
