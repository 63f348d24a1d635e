package org.hearth.server.servers.room;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.hearth.ringlogs.LogException;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.ParkedException;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/// One box's way to have the Room Server do something: a command on room-input, and the answer.
///
/// **thread**: any that may wait: of requests, or a box's own. Never a consumer of a log.
///
/// **errors**: every call throws a [LogException] when there is no answer, and what the command
/// failed with when it failed; `store.Unavailable` tells which may succeed later.
///
/// Where a room uses a policy server, an event of this server is signed by that server on the way:
/// the caller waits for it, and nobody else does.
///
/// **bound**: [#PATIENCE_FOR_PLACE] while the ring is full, [#PATIENCE_FOR_REPLY] for the answer,
/// and what [PolicySigning] takes.
public final class RoomClient {
  /// How long a command waits for its place when the log is full.
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);

  /// How long the answer is waited for, which comes when the command is committed.
  private static final Duration PATIENCE_FOR_REPLY = Duration.ofSeconds(60);

  /// How many commands of one caller are on their way at a time: the ring is for everybody.
  private static final int WINDOW = 32;

  /// A room's policy server may change between its signature and the room: so often it is asked.
  private static final int MOST_SIGNATURES = 3;

  private final LogWriter<RoomInput, RoomReply> input;
  private final PolicySigning policies;

  /// @param input the end of room-input that bears the box's name
  /// @param policies shared by all boxes
  public RoomClient(LogWriter<RoomInput, RoomReply> input, PolicySigning policies) {
    this.input = input;
    this.policies = policies;
  }

  /// How policy servers are asked about events of others, of which [#ask] says that they are not
  /// signed.
  public PolicySigning policies() {
    return policies;
  }

  /// Has a command carried out, and returns when that is durable, or refused.
  public RoomReply ask(RoomInput command) throws InterruptedException {
    return ask(command, PATIENCE_FOR_REPLY);
  }

  /// The same for a command that may take long.
  ///
  /// @param patience how long the answer is waited for
  public RoomReply ask(RoomInput command, Duration patience) throws InterruptedException {
    return refusable(command, submit(command).await(patience));
  }

  /// What a policy server refuses is refused.
  private RoomReply refusable(RoomInput command, RoomReply reply) throws InterruptedException {
    try {
      return signed(command, reply, false);
    } catch (MatrixException e) {
      return new RoomReply.Refused(Refusal.FORBIDDEN, e.safeMessage());
    }
  }

  /// Has the event of a command signed by the room's policy server, if it has to be, and sent.
  ///
  /// @param reply to the command
  /// @param urgent whether a user waits for it
  /// @throws MatrixException the policy server's refusal
  private RoomReply signed(RoomInput command, RoomReply reply, boolean urgent)
      throws InterruptedException {
    if (!(reply instanceof RoomReply.ToBeSigned)) {
      return reply;
    }
    try (PlacesPerKey<RoomId>.Place place = policies.begin(command.room())) {
      // Whoever waited makes the event anew, so that it follows what was sent meanwhile.
      RoomReply now = place.wasWaitedFor() ? submit(command).await(PATIENCE_FOR_REPLY) : reply;
      for (int i = 0; i < MOST_SIGNATURES; i++) {
        if (!(now instanceof RoomReply.ToBeSigned(var position, Pdu event, var policy))) {
          return now;
        }
        Pdu signed = policies.sign(policy, event, urgent);
        if (command instanceof RoomInput.PrepareEvent) {
          return new RoomReply.Prepared(position, signed);
        }
        now =
            submit(new RoomInput.SendSigned(signed, transaction(command)))
                .await(PATIENCE_FOR_REPLY);
      }
      return now instanceof RoomReply.ToBeSigned
          ? new RoomReply.Refused(Refusal.FORBIDDEN, "The room's policy server keeps changing")
          : now;
    }
  }

  private static @Nullable ClientTransaction transaction(RoomInput command) {
    return command instanceof RoomInput.SendEvent send ? send.transaction() : null;
  }

  /// Has one event taken in that another server had a part in. If the room's policy server has not
  /// signed it, that is asked first.
  ///
  /// @param command of one event
  /// @param patience how long the answer is waited for
  /// @return in which the event is not [EventVerdict.NotSigned]
  /// @throws MatrixException the policy server's refusal; then the event is not taken in
  public RoomReply receive(RoomInput.ReceiveEvents command, Duration patience)
      throws InterruptedException {
    RoomInput.ReceiveEvents now = command;
    EventId id = command.events().getFirst().eventId();
    for (int i = 0; i < MOST_SIGNATURES; i++) {
      RoomReply reply = ask(now, patience);
      if (!(reply instanceof RoomReply.Received received)
          || !(received.of(id) instanceof EventVerdict.NotSigned(PolicyServer policy))) {
        return reply;
      }
      now = now.with(policies.sign(policy, now.events().getFirst(), true));
    }
    throw MatrixException.forbidden("The room's policy server keeps changing");
  }

  /// The same with the usual patience.
  ///
  /// @throws MatrixException the policy server's refusal; then the event is not taken in
  public RoomReply receive(RoomInput.ReceiveEvents command) throws InterruptedException {
    return receive(command, PATIENCE_FOR_REPLY);
  }

  /// What became of one of many commands.
  public sealed interface Outcome {
    /// It was answered.
    record Answered(RoomReply reply) implements Outcome {}

    /// It was not: the room is parked, or what carried it out failed.
    record Failed(RuntimeException failure) implements Outcome {}
  }

  /// Has commands carried out beside each other, [#WINDOW] at a time. One that fails does not keep
  /// the others from it. But when the store or the log takes nothing now, that is thrown at once.
  ///
  /// @return what became of each, in the order of the commands
  public List<Outcome> askAll(List<? extends RoomInput> commands) throws InterruptedException {
    List<Outcome> outcomes = new ArrayList<>(commands.size());
    Deque<Reply<RoomReply>> window = new ArrayDeque<>(WINDOW);
    for (RoomInput each : commands) {
      if (window.size() == WINDOW) {
        outcomes.add(outcome(window.remove()));
      }
      window.add(submitted(each));
    }
    while (!window.isEmpty()) {
      outcomes.add(outcome(window.remove()));
    }
    return allSigned(commands, outcomes);
  }

  /// Has what policy servers have to sign signed by them, beside each other.
  private List<Outcome> allSigned(List<? extends RoomInput> commands, List<Outcome> outcomes)
      throws InterruptedException {
    List<Integer> unsigned =
        IntStream.range(0, outcomes.size())
            .filter(each -> outcomes.get(each) instanceof Outcome.Answered(RoomReply.ToBeSigned _))
            .boxed()
            .toList();
    Queue<Integer> left = new ConcurrentLinkedQueue<>(unsigned);
    List<FutureTask<Void>> threads = new ArrayList<>();
    for (int i = 0; i < Math.min(PolicySigning.MOST_BESIDE_EACH_OTHER, unsigned.size()); i++) {
      FutureTask<Void> thread =
          new FutureTask<>(() -> {
            for (Integer at = left.poll(); at != null; at = left.poll()) {
              Outcome signed = signedOutcome(commands.get(at), outcomes.get(at));
              synchronized (outcomes) {
                outcomes.set(at, signed);
              }
            }
            return null;
          });
      threads.add(thread);
      var _ = Thread.ofVirtual().name("policy-servers").start(thread);
    }
    for (FutureTask<Void> each : threads) {
      try {
        var _ = each.get();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException cause
            ? cause
            : new IllegalStateException("policy servers cannot be asked", e.getCause());
      }
    }
    return outcomes;
  }

  private Outcome signedOutcome(RoomInput command, Outcome outcome) throws InterruptedException {
    if (!(outcome instanceof Outcome.Answered(RoomReply.ToBeSigned unsigned))) {
      return outcome;
    }
    try {
      return new Outcome.Answered(refusable(command, unsigned));
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      return new Outcome.Failed(e);
    }
  }

  /// @return a reply that has failed if the room is parked
  private Reply<RoomReply> submitted(RoomInput command) throws InterruptedException {
    try {
      return submit(command);
    } catch (ParkedException e) {
      Reply<RoomReply> refused = Reply.pending();
      refused.fail(e);
      return refused;
    }
  }

  private static Outcome outcome(Reply<RoomReply> reply) throws InterruptedException {
    try {
      return new Outcome.Answered(reply.await(PATIENCE_FOR_REPLY));
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      return new Outcome.Failed(e);
    }
  }

  private Reply<RoomReply> submit(RoomInput command) throws InterruptedException {
    return input.submit(command, PATIENCE_FOR_PLACE);
  }

  /// Has a command carried out for a client's request.
  ///
  /// @throws MatrixException if it was refused: the specification's error for that
  public RoomReply.Done perform(RoomInput command) throws InterruptedException {
    return switch (signed(command, submit(command).await(PATIENCE_FOR_REPLY), true)) {
      case RoomReply.Done done -> done;
      case RoomReply.Refused(Refusal refusal, String detail) -> throw error(refusal, detail);
      case RoomReply.Received _, RoomReply.Prepared _, RoomReply.ToBeSigned _ ->
          throw new IllegalStateException("no command of ours is answered so: " + command);
    };
  }

  /// Has an event made that is not added, for a client's request.
  ///
  /// @throws MatrixException if it was refused: the specification's error for that
  public Pdu prepare(RoomInput.PrepareEvent command) throws InterruptedException {
    return switch (signed(command, submit(command).await(PATIENCE_FOR_REPLY), true)) {
      case RoomReply.Prepared(_, Pdu event) -> event;
      case RoomReply.Refused(Refusal refusal, String detail) -> throw error(refusal, detail);
      case RoomReply.Done _, RoomReply.Received _, RoomReply.ToBeSigned _ ->
          throw new IllegalStateException("an event was to be prepared: " + command);
    };
  }

  /// Makes a room for a client's request.
  ///
  /// @throws MatrixException `M_INVALID_ROOM_STATE` for what [#perform] calls forbidden: "the
  ///   initial state implied by the parameters to the request is invalid"
  public void create(RoomInput.CreateRoom command) throws InterruptedException {
    try {
      var _ = perform(command);
    } catch (MatrixException e) {
      throw e.is(Errcode.FORBIDDEN)
          ? new MatrixException(Errcode.INVALID_ROOM_STATE, e.safeMessage())
          : e;
    }
  }

  private static MatrixException error(Refusal refusal, String detail) {
    return switch (refusal) {
      case UNKNOWN_ROOM, FORBIDDEN, WRONG_MEMBERSHIP -> MatrixException.forbidden(detail);
      case ROOM_EXISTS -> new MatrixException(Errcode.ROOM_IN_USE, detail);
      case UNKNOWN_EVENT -> MatrixException.notFound(detail);
      case TOO_LARGE -> MatrixException.tooLarge(detail);
      case BAD_CONTENT -> MatrixException.badJson(detail);
      case TOO_MANY -> new MatrixException(Errcode.LIMIT_EXCEEDED, detail);
      case UNRESOLVABLE -> throw new IllegalStateException(detail);
      case UNABLE_TO_AUTHORISE_JOIN ->
          new MatrixException(Errcode.UNABLE_TO_AUTHORISE_JOIN, detail);
    };
  }
}
