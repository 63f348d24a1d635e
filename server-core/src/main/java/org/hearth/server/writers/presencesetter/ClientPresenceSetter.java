package org.hearth.server.writers.presencesetter;

import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
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
import org.hearth.server.logs.Presence;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.presence.PresenceClient;
import org.hearth.server.servers.presence.PresenceQueries;
import org.hearth.server.servers.presence.StatusMessages;
import org.hearth.server.servers.presence.UserPresence;
import org.hearth.server.servers.room.RoomQueries;

/// The writer of the client calls about presence: to say one's own, to look at another's.
///
/// A message stays until another one is set, since it is not said again with each presence: an
/// empty one, or `null`, takes it away.
///
/// Guests may not: [guest access][guests] does not list these endpoints.
///
/// Where presence is off, everybody is offline and what is said has no effect. Clients say it
/// unasked, so that an error would be of use to nobody.
///
/// **thread**: any; a call waits until the Presence Server has taken it in. **source**:
/// [presence][presence].
///
/// [presence]: https://spec.matrix.org/v1.19/client-server-api/#presence
/// [guests]: https://spec.matrix.org/v1.19/client-server-api/#guest-access
public final class ClientPresenceSetter implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientPresenceSetter";

  private static final String PATH = "/presence/{userId}/status";
  private static final String MESSAGE = "status_msg";

  private final RoomQueries rooms;
  private final Optional<Server> presence;
  private final InstantSource clock;

  /// The Presence Server, as this box knows it.
  public record Server(PresenceQueries queries, PresenceClient client) {}

  /// @param presence empty where presence is off
  public ClientPresenceSetter(RoomQueries rooms, Optional<Server> presence, InstantSource clock) {
    this.rooms = rooms;
    this.presence = presence;
    this.clock = clock;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Who is there";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.WRITER;
  }

  @Override
  public List<String> asks() {
    return Stream.concat(
            Stream.of(RoomQueries.BOX), presence.stream().map(_ -> PresenceQueries.BOX))
        .toList();
  }

  @Override
  public List<RouteGroup> routes() {
    return List.of(routes ->
        routes
            .add(HttpMethod.PUT, ClientPaths.v3(PATH), Access.USER, RateClass.DEFAULT, this::say)
            .add(HttpMethod.GET, ClientPaths.v3(PATH), Access.USER, RateClass.DEFAULT, this::look));
  }

  private Response say(Request request) throws InterruptedException {
    UserId user = UserId.parse(request.path("userId"));
    Fields body = Fields.of(request.json());
    Presence said =
        Presence.of(body.string("presence"))
            .orElseThrow(
                () -> MatrixException.badJson("presence must be online, unavailable or offline"));
    Optional<String> message = body.optionalString(MESSAGE);
    message.ifPresent(StatusMessages::check);
    if (!user.equals(request.requester().user())) {
      throw MatrixException.forbidden("Nobody can say how it is with others");
    }
    if (presence.isPresent()) {
      boolean taken = message.isEmpty() && body.json().has(MESSAGE);
      presence
          .get()
          .client()
          .say(user, request.requester().device(), said, taken ? Optional.of("") : message);
    }
    return Response.empty();
  }

  private Response look(Request request) {
    UserId user = UserId.parse(request.path("userId"));
    UserId who = request.requester().user();
    if (!user.equals(who) && !rooms.shareRoom(who, user)) {
      throw MatrixException.forbidden("You share no room with that user");
    }
    boolean elsewhere = !user.server().equals(who.server());
    if (elsewhere && presence.filter(each -> each.queries().isRemembered(user)).isEmpty()) {
      throw MatrixException.notFound("The presence of that user is not known here");
    }
    UserPresence now =
        presence
            .map(each -> each.queries().of(user))
            .orElse(new UserPresence(Presence.OFFLINE, null, false, null));
    return Response.json(now.content(clock.instant()));
  }
}
