package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Requester;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.directory.DirectoryQueries;
import org.jspecify.annotations.Nullable;

/// Sending messages and state, and redacting.
///
/// **source**: [Sending events to a
/// room](https://spec.matrix.org/v1.19/client-server-api/#sending-events-to-a-room),
/// [Redactions](https://spec.matrix.org/v1.19/client-server-api/#redactions)
final class EventRoutes implements RouteGroup {
  private static final int LONGEST_BYTES = 255;

  private final RoomQueries rooms;
  private final RoomClient commands;
  private final DirectoryQueries directory;
  private final MembershipChanges memberships;
  private final Annotations annotations;
  private final ThreadRoots threads;

  EventRoutes(
      RoomQueries rooms,
      RoomClient commands,
      DirectoryQueries directory,
      MembershipChanges memberships) {
    this.rooms = rooms;
    this.commands = commands;
    this.directory = directory;
    this.memberships = memberships;
    this.annotations = new Annotations(rooms, commands);
    this.threads = new ThreadRoots(rooms);
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(
            HttpMethod.PUT,
            ClientPaths.v3("/rooms/{roomId}/send/{eventType}/{txnId}"),
            Access.USER_OR_GUEST,
            RateClass.MESSAGE,
            this::send)
        .add(
            HttpMethod.PUT,
            ClientPaths.v3("/rooms/{roomId}/state/{eventType}"),
            Access.USER_OR_GUEST,
            RateClass.MESSAGE,
            request -> setState(request, ""))
        .add(
            HttpMethod.PUT,
            ClientPaths.v3("/rooms/{roomId}/state/{eventType}/{stateKey?}"),
            Access.USER_OR_GUEST,
            RateClass.MESSAGE,
            request -> setState(request, request.path("stateKey")))
        .add(
            HttpMethod.PUT,
            ClientPaths.v3("/rooms/{roomId}/redact/{eventId}/{txnId}"),
            Access.USER,
            RateClass.MESSAGE,
            this::redact);
  }

  private Response send(Request request) throws InterruptedException {
    RoomId room = RoomId.parse(request.path("roomId"));
    String type = type(request);
    ObjectNode content = request.json();
    EventDraft draft =
        type.equals(EventTypes.REDACTION)
            ? redaction(room, request, redactedBy(content), content)
            : EventDraft.message(room, request.requester().user(), type, content);
    threads.check(draft);
    return eventId(annotations.send(new RoomInput.SendEvent(room, draft, transaction(request))));
  }

  private Response setState(Request request, String key) throws InterruptedException {
    RoomId room = RoomId.parse(request.path("roomId"));
    String type = type(request);
    limit(key, "A state key");
    ObjectNode content = request.json();
    StateKey stateKey = new StateKey(type, key);
    if (type.equals(EventTypes.MEMBER)) {
      return eventId(memberships.byState(request.requester(), room, key, content));
    }
    if (type.equals(EventTypes.CANONICAL_ALIAS)) {
      directory.checkCanonicalAlias(room, content, currentContent(room, stateKey));
    }
    return eventId(
        commands.perform(
            new RoomInput.SendEvent(
                room,
                EventDraft.state(room, request.requester().user(), stateKey, content),
                null)));
  }

  private Response redact(Request request) throws InterruptedException {
    RoomId room = RoomId.parse(request.path("roomId"));
    EventId redacted = EventId.parse(request.path("eventId"));
    ObjectNode content = request.jsonOrEmpty();
    var _ = Fields.of(content).optionalString("reason");
    EventDraft draft = redaction(room, request, redacted, content);
    return eventId(commands.perform(new RoomInput.SendEvent(room, draft, transaction(request))));
  }

  private static EventDraft redaction(
      RoomId room, Request request, EventId redacted, ObjectNode content) {
    return EventDraft.redaction(room, request.requester().user(), redacted, content);
  }

  private static EventId redactedBy(ObjectNode content) {
    return EventId.parse(Fields.of(content).string("redacts"));
  }

  private @Nullable ObjectNode currentContent(RoomId room, StateKey key) {
    return rooms
        .currentState(room)
        .flatMap(state -> state.event(key))
        .map(event -> event.pdu().content())
        .orElse(null);
  }

  private static String type(Request request) {
    String type = request.path("eventType");
    limit(type, "An event type");
    if (type.isEmpty()) {
      throw MatrixException.invalidParam("An event type must not be empty");
    }
    return type;
  }

  private static void limit(String text, String what) {
    if (text.getBytes(StandardCharsets.UTF_8).length > LONGEST_BYTES) {
      throw MatrixException.tooLarge(what + " has at most " + LONGEST_BYTES + " bytes");
    }
  }

  private static @Nullable ClientTransaction transaction(Request request) {
    Requester requester = request.requester();
    String id = request.path("txnId");
    limit(id, "A transaction id");
    return Optional.ofNullable(requester.device())
        .map(device -> new ClientTransaction(device, id))
        .orElse(null);
  }

  private static Response eventId(RoomReply.Done done) {
    return Response.field("event_id", done.events().getFirst().value());
  }
}
