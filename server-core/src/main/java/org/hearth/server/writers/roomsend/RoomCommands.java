package org.hearth.server.writers.roomsend;

import java.time.Duration;
import org.hearth.ringlogs.LogWriter;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;

/// Hands commands to the Room Server and turns what it refuses into the specification's errors.
///
/// **thread**: any; a call waits for the commit.
final class RoomCommands {
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);
  private static final Duration PATIENCE_FOR_REPLY = Duration.ofSeconds(60);

  private final LogWriter<RoomInput, RoomReply> input;

  RoomCommands(LogWriter<RoomInput, RoomReply> input) {
    this.input = input;
  }

  /// Does it; returns when it is durable.
  ///
  /// @throws MatrixException if the Room Server refused
  RoomReply.Done perform(RoomInput command) throws InterruptedException {
    RoomReply reply = input.submit(command, PATIENCE_FOR_PLACE).await(PATIENCE_FOR_REPLY);
    return switch (reply) {
      case RoomReply.Done done -> done;
      case RoomReply.Refused(var refusal, var detail) -> throw error(refusal, detail);
      case RoomReply.Received _ ->
          throw new IllegalStateException("no command of ours is answered so: " + command);
    };
  }

  /// Makes a room; returns when it is durable.
  ///
  /// @throws MatrixException `M_INVALID_ROOM_STATE` for what [#perform] calls forbidden: "the
  ///   initial state implied by the parameters to the request is invalid"
  void create(RoomInput.CreateRoom command) throws InterruptedException {
    try {
      var _ = perform(command);
    } catch (MatrixException e) {
      throw e.is(Errcode.FORBIDDEN)
          ? new MatrixException(Errcode.INVALID_ROOM_STATE, e.safeMessage())
          : e;
    }
  }

  private static MatrixException error(RoomReply.Refusal refusal, String detail) {
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
