package org.hearth.server.writers.receiptupdater;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
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
import org.hearth.server.logs.ReceiptInput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.ThreadPath;
import org.hearth.server.services.accountdata.AccountDataService;
import org.jspecify.annotations.Nullable;

/// The writer of the client calls that say how far a user has read.
///
/// Guests may not: [guest access][guests] does not list these endpoints.
///
/// **thread**: any; a call waits until the marker is durable. **source**: [receipts][receipts],
/// [read and unread markers][markers].
///
/// [receipts]: https://spec.matrix.org/v1.19/client-server-api/#receipts
/// [markers]: https://spec.matrix.org/v1.19/client-server-api/#read-and-unread-markers
/// [guests]: https://spec.matrix.org/v1.19/client-server-api/#guest-access
public final class ClientReceiptUpdater implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientReceiptUpdater";

  private static final String FULLY_READ = "m.fully_read";
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);
  private static final Duration PATIENCE_FOR_REPLY = Duration.ofSeconds(60);

  private final RoomQueries rooms;
  private final AccountDataService accountData;
  private final LogWriter<ReceiptInput, LogPosition> receiptInput;
  private final InstantSource clock;

  public ClientReceiptUpdater(
      RoomQueries rooms,
      AccountDataService accountData,
      LogWriter<ReceiptInput, LogPosition> receiptInput,
      InstantSource clock) {
    this.rooms = rooms;
    this.accountData = accountData;
    this.receiptInput = receiptInput;
    this.clock = clock;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "What was read";
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
  public List<String> commands() {
    return List.of(AccountDataService.BOX);
  }

  @Override
  public List<RouteGroup> routes() {
    return List.of(routes ->
        routes
            .add(
                HttpMethod.POST,
                ClientPaths.v3("/rooms/{roomId}/receipt/{receiptType}/{eventId}"),
                Access.USER,
                RateClass.DEFAULT,
                this::setReceipt)
            .add(
                HttpMethod.POST,
                ClientPaths.v3("/rooms/{roomId}/read_markers"),
                Access.USER,
                RateClass.DEFAULT,
                this::setMarkers));
  }

  /// "This API updates the marker for the given receipt type to the event ID specified."
  private Response setReceipt(Request request) throws InterruptedException {
    RoomId room = RoomId.parse(request.path("roomId"));
    String type = request.path("receiptType");
    EventId id = EventId.parse(request.path("eventId"));
    Optional<ReceiptType> receiptType = ReceiptType.of(type);
    if (receiptType.isEmpty() && !type.equals(FULLY_READ)) {
      throw MatrixException.invalidParam(
          "The receipt type must be m.read, m.read.private or m.fully_read");
    }
    Optional<String> thread = thread(request.jsonOrEmpty());
    if (thread.isPresent() && receiptType.isEmpty()) {
      throw MatrixException.invalidParam("m.fully_read has no thread_id");
    }
    UserId user = request.requester().user();
    RoomEvent event = event(room, user, id);
    if (receiptType.isEmpty()) {
      moveFullyRead(user, event);
      return Response.empty();
    }
    if (thread.isPresent() && !isIn(event, thread.get())) {
      throw MatrixException.invalidParam("The event is not related to that thread_id");
    }
    var _ = move(user, event, receiptType.get(), thread.orElse(null)).await(PATIENCE_FOR_REPLY);
    return Response.empty();
  }

  /// "Sets the position of the read marker for a given room, and optionally the read receipt's
  /// location." All is checked before anything moves.
  private Response setMarkers(Request request) throws InterruptedException {
    RoomId room = RoomId.parse(request.path("roomId"));
    UserId user = request.requester().user();
    Fields body = Fields.of(request.json());
    checkJoined(room, user);
    Optional<RoomEvent> fullyRead = event(body, FULLY_READ, room, user);
    Optional<RoomEvent> read = event(body, ReceiptType.READ.id(), room, user);
    Optional<RoomEvent> readPrivate = event(body, ReceiptType.READ_PRIVATE.id(), room, user);
    if (fullyRead.isPresent()) {
      moveFullyRead(user, fullyRead.get());
    }
    List<Reply<LogPosition>> replies = new ArrayList<>();
    if (read.isPresent()) {
      replies.add(move(user, read.get(), ReceiptType.READ, null));
    }
    if (readPrivate.isPresent()) {
      replies.add(move(user, readPrivate.get(), ReceiptType.READ_PRIVATE, null));
    }
    for (Reply<LogPosition> each : replies) {
      var _ = each.await(PATIENCE_FOR_REPLY);
    }
    return Response.empty();
  }

  /// "The `thread_id` is invalid in some way. For example: It is not a string. It is empty."
  private static Optional<String> thread(ObjectNode body) {
    JsonNode thread = body.get("thread_id");
    if (thread == null) {
      return Optional.empty();
    }
    if (!thread.isTextual() || thread.textValue().isEmpty()) {
      throw MatrixException.invalidParam("thread_id must be a non-empty string");
    }
    if (!thread.textValue().equals(ReceiptOutput.MAIN) && eventId(thread.textValue()).isEmpty()) {
      throw MatrixException.invalidParam("thread_id must be main or an event id");
    }
    return Optional.of(thread.textValue());
  }

  private Optional<RoomEvent> event(Fields body, String name, RoomId room, UserId user) {
    return body.optionalString(name).map(EventId::parse).map(id -> event(room, user, id));
  }

  /// The event, if it is in the room and the user may see it; all else is as if it were not there.
  private RoomEvent event(RoomId room, UserId user, EventId id) {
    checkJoined(room, user);
    return rooms
        .event(id)
        .filter(event -> event.room().equals(room))
        .filter(event -> rooms.maySee(user, event))
        .orElseThrow(() -> MatrixException.notFound("Event not found"));
  }

  private void checkJoined(RoomId room, UserId user) {
    if (!rooms.isJoined(room, user)) {
      throw MatrixException.forbidden("You are not in this room");
    }
  }

  private Reply<LogPosition> move(
      UserId user, RoomEvent event, ReceiptType type, @Nullable String thread)
      throws InterruptedException {
    ReceiptOutput receipt =
        new ReceiptOutput(
            event.room(), user, type, thread, event.id(), event.place(), clock.millis());
    return receiptInput.submit(new ReceiptInput.MoveMarker(receipt), PATIENCE_FOR_PLACE);
  }

  private void moveFullyRead(UserId user, RoomEvent event) {
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("event_id", event.id().value());
    accountData.setOwn(
        user,
        event.room(),
        FULLY_READ,
        content,
        known ->
            eventId(known.path("event_id").asText())
                .flatMap(rooms::event)
                .filter(marked -> marked.place() >= event.place())
                .isEmpty());
  }

  /// Whether a receipt of that thread may be of the event.
  ///
  /// "Thread roots are considered to be in the main timeline, as are events that are related to a
  /// thread root via non-thread relations." They are related to the thread, too: a receipt of it
  /// may be of them.
  private boolean isIn(RoomEvent event, String thread) {
    ThreadPath path = ThreadPath.of(rooms, event.pdu());
    return path.passed().stream().map(EventId::value).anyMatch(thread::equals)
        || path.root().map(EventId::value).orElse(ReceiptOutput.MAIN).equals(thread);
  }

  private static Optional<EventId> eventId(String text) {
    return Identifiers.read(EventId::parse, text);
  }
}
