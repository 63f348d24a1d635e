package org.hearth.server.writers.typingsetter;

import java.time.Duration;
import java.util.List;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.TypingInput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;

/// The writer of the client call that says who types.
///
/// Guests may not: [guest access][guests] does not list this endpoint.
///
/// **thread**: any; a call waits until the Typing Server has taken it in. **source**: [typing
/// notifications][typing].
///
/// [typing]: https://spec.matrix.org/v1.19/client-server-api/#typing-notifications
/// [guests]: https://spec.matrix.org/v1.19/client-server-api/#guest-access
public final class ClientTypingSetter implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientTypingSetter";

  /// How long a user types who does not say how long.
  static final Duration STANDARD_TIMEOUT = Duration.ofSeconds(30);

  /// Nobody types longer than that without saying it again, whatever the client asks for.
  static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(2);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final RoomQueries rooms;
  private final LogWriter<TypingInput, VolatilePosition> typingInput;

  public ClientTypingSetter(
      RoomQueries rooms, LogWriter<TypingInput, VolatilePosition> typingInput) {
    this.rooms = rooms;
    this.typingInput = typingInput;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Who types";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.WRITER;
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX);
  }

  @Override
  public List<RouteGroup> routes() {
    return List.of(routes ->
        routes.add(
            HttpMethod.PUT,
            ClientPaths.v3("/rooms/{roomId}/typing/{userId}"),
            Access.USER,
            RateClass.DEFAULT,
            this::set));
  }

  private Response set(Request request) throws InterruptedException {
    RoomId room = RoomId.parse(request.path("roomId"));
    UserId user = UserId.parse(request.path("userId"));
    Fields body = Fields.of(request.json());
    boolean typing = body.bool("typing");
    long timeoutMillis =
        body.optionalInteger("timeout", 0, Long.MAX_VALUE).orElse(STANDARD_TIMEOUT.toMillis());
    if (!user.equals(request.requester().user())) {
      throw MatrixException.forbidden("Nobody can say of others that they type");
    }
    if (!rooms.isJoined(room, user)) {
      throw MatrixException.forbidden("You are not in this room");
    }
    TypingInput command =
        typing && timeoutMillis > 0
            ? new TypingInput.StartTyping(
                room, user, Math.min(timeoutMillis, LONGEST_TIMEOUT.toMillis()))
            : new TypingInput.StopTyping(room, user);
    var _ = typingInput.submit(command, PATIENCE).await(PATIENCE);
    return Response.empty();
  }
}
