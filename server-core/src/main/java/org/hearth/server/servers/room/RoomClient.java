package org.hearth.server.servers.room;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.hearth.ringlogs.LogException;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.ParkedException;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.store.Unavailable;

/// One box's way to have the Room Server do something: a command on room-input, and the answer.
///
/// **thread**: any that may wait: of requests, or a box's own. Never a consumer of a log.
///
/// **errors**: every call throws a [LogException] when there is no answer, and what the command
/// failed with when it failed; `store.Unavailable` tells which may succeed later.
///
/// **bound**: [#PATIENCE_FOR_PLACE] while the ring is full, [#PATIENCE_FOR_REPLY] for the answer.
public final class RoomClient {
  /// How long a command waits for its place when the log is full.
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);

  /// How long the answer is waited for, which comes when the command is committed.
  private static final Duration PATIENCE_FOR_REPLY = Duration.ofSeconds(60);

  /// How many commands of one caller are on their way at a time: the ring is for everybody.
  private static final int WINDOW = 32;

  private final LogWriter<RoomInput, RoomReply> input;

  /// @param input the end of room-input that bears the box's name
  public RoomClient(LogWriter<RoomInput, RoomReply> input) {
    this.input = input;
  }

  /// Has a command carried out, and returns when that is durable, or refused.
  public RoomReply ask(RoomInput command) throws InterruptedException {
    return submit(command).await(PATIENCE_FOR_REPLY);
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
    return outcomes;
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
    return switch (ask(command)) {
      case RoomReply.Done done -> done;
      case RoomReply.Refused(Refusal refusal, String detail) -> throw error(refusal, detail);
      case RoomReply.Received _ ->
          throw new IllegalStateException("no command of ours is answered so: " + command);
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
      case UNRESOLVABLE -> throw new IllegalStateException(detail);
      case UNABLE_TO_AUTHORISE_JOIN ->
          new MatrixException(Errcode.UNABLE_TO_AUTHORISE_JOIN, detail);
    };
  }
}
