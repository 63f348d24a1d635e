package org.hearth.server.servers.room;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;

/// One box's way to have the Room Server do something: a command on room-input, and the answer.
///
/// **thread**: any that may wait: of requests, or a box's own. Never a consumer of a log.
///
/// **errors**: every call throws a [org.hearth.ringlogs.LogException] when there is no answer (the
/// log is full, stopped or too slow, or the room is parked), and what the command failed with when
/// it failed.
///
/// **bound**: [#PATIENCE_FOR_PLACE] while the ring is full, [#PATIENCE_FOR_REPLY] for the answer.
public final class RoomClient {
  /// How long a command waits for its place when the log is full.
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);

  /// How long the answer is waited for, which comes when the command is committed.
  private static final Duration PATIENCE_FOR_REPLY = Duration.ofSeconds(60);

  private final LogWriter<RoomInput, RoomReply> input;

  /// @param input the end of room-input that bears the box's name
  public RoomClient(LogWriter<RoomInput, RoomReply> input) {
    this.input = input;
  }

  /// Has a command carried out, and returns when that is durable, or refused.
  public RoomReply ask(RoomInput command) throws InterruptedException {
    return submit(command).await(PATIENCE_FOR_REPLY);
  }

  /// Has commands carried out beside each other.
  ///
  /// @return the answers, in the order of the commands
  public List<RoomReply> askAll(List<? extends RoomInput> commands) throws InterruptedException {
    List<Reply<RoomReply>> replies = new ArrayList<>();
    for (RoomInput each : commands) {
      replies.add(submit(each));
    }
    List<RoomReply> answers = new ArrayList<>();
    for (Reply<RoomReply> each : replies) {
      answers.add(each.await(PATIENCE_FOR_REPLY));
    }
    return answers;
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
