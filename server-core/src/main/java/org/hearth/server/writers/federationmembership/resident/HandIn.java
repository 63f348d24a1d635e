package org.hearth.server.writers.federationmembership.resident;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.hearth.server.http.Request;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.ContentHash;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.servers.room.EventStatus;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// Takes in the member events that other servers have made of templates, first what they are and
/// then what the room says of them.
///
/// **thread**: any that may wait; a call may ask other servers for keys, and waits for the commit.
final class HandIn {
  private final ServerName here;
  private final Supplier<SigningKey> key;
  private final Door door;
  private final JoinConditions conditions;
  private final RoomQueries rooms;
  private final RoomClient commands;
  private final PeerEvents events;

  HandIn(ResidentRoutes.Needs needs, Door door, JoinConditions conditions) {
    this.here = needs.here();
    this.key = needs.key();
    this.door = door;
    this.conditions = conditions;
    this.rooms = needs.rooms();
    this.commands = needs.commands();
    this.events = needs.events();
  }

  /// The event of a request.
  ///
  /// @param wanted the membership that the path is about
  /// @throws MatrixException if it is not an event that the server may hand in there: "A specific
  ///   error code is not mandated, but servers SHOULD return `M_INVALID_PARAM`"
  Handed read(Request request, Membership wanted) throws InterruptedException {
    Door.Room room = door.room(request);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.setAll(request.json());
    // What is not signed nobody else has to see; and only this server signs as this server.
    json.remove("unsigned");
    if (json.get("signatures") instanceof ObjectNode signatures) {
      json.set("signatures", signatures.deepCopy().without(here.value()));
    }
    Pdu event = Pdu.parse(json, room.version());
    EventId named = EventId.parse(request.path("eventId"));
    require(event.roomId().equals(room.id()), "The event is of another room than the path says");
    require(event.eventId().equals(named), "The event has another id than the path says");
    // "The event type is not `m.room.member`. The `membership` field inside the event content is
    // not `join`. The event sender is not a user ID on the origin server. The `state_key` is not
    // equal to the `sender`."
    require(
        event.isMember() && Membership.of(event).filter(wanted::equals).isPresent(),
        "Not a %s event".formatted(wanted.value()));
    require(event.sender().isOn(request.origin()), "The sender is not a user of your server");
    require(
        event.stateKey().equals(Optional.of(event.sender().value())),
        "The state_key is not the sender");
    // A copy that was redacted on its way is good enough for history, not for what is new.
    require(
        ContentHash.matches(event.json(), event.version()),
        "The event's hash is not its content's");
    CheckedEvents checked = events.check(room.id(), room.version(), List.of(json));
    @Nullable Set<ServerName> signers = checked.signers().get(named);
    if (signers == null) {
      throw MatrixException.invalidParam("The event is not signed as it has to be");
    }
    Handed handed = new Handed(room, event, signers);
    return wanted == Membership.JOIN && isAuthorisedHere(event) ? vouchedFor(handed) : handed;
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw MatrixException.invalidParam(otherwise);
    }
  }

  /// Whether a join says that a user of this server lets the user in.
  private boolean isAuthorisedHere(Pdu join) {
    return join.version().has(RoomRule.RESTRICTED_JOINS)
        && Identifiers.read(
                UserId::parse, join.content().path("join_authorised_via_users_server").asText())
            .filter(user -> user.isOn(here))
            .isPresent();
  }

  /// "If the resident server is receiving the `/send_join` request, the signature must be added
  /// before sending or persisting the event to other servers." It says that the room lets the user
  /// in, so it is given where that is so, whatever the template said earlier. Whether the user who
  /// is named may let others in, the Room Server judges.
  private Handed vouchedFor(Handed handed) {
    Pdu join = handed.event();
    if (!conditions.way(handed.room(), join.sender()).open()) {
      return handed;
    }
    ObjectNode signed = EventSignatures.sign(join.json(), join.version(), here, key.get());
    Set<ServerName> signers = new HashSet<>(handed.signers());
    signers.add(here);
    return new Handed(handed.room(), Pdu.parse(signed, join.version()), signers);
  }

  /// Has an event taken into the room.
  ///
  /// @return the event as it is there; perhaps it was before
  /// @throws MatrixException if the room does not allow it
  RoomEvent accept(Handed handed) throws InterruptedException {
    EventId id = handed.event().eventId();
    if (rooms.status(id).filter(EventStatus::placed).isEmpty()) {
      requireAllowedNow(handed);
    }
    RoomInput.ReceiveEvents command =
        RoomInput.ReceiveEvents.one(handed.event(), Arrival.HANDED_IN, handed.signers());
    switch (received(command)) {
      case RoomReply.Received received -> requireAccepted(handed, received.of(id));
      case RoomReply.Refused(var refusal, _) -> throw Templates.error(refusal);
      case RoomReply.Done _, RoomReply.Prepared _, RoomReply.ToBeSigned _ ->
          throw new IllegalStateException("events were to be received: " + command);
    }
    return rooms.event(id).orElseThrow();
  }

  /// What the room's policy server does not want is not taken in, so that nobody in the room is
  /// told of it; in whose words it refused is none of the joining server's business.
  private RoomReply received(RoomInput.ReceiveEvents command) throws InterruptedException {
    try {
      return commands.receive(command);
    } catch (MatrixException _) {
      throw Templates.notAllowed();
    }
  }

  /// Asks whether the current state would allow such an event, before the event itself is taken in:
  /// one that is refused is kept for ever, and strangers could fill the disk with them.
  private void requireAllowedNow(Handed handed) throws InterruptedException {
    Pdu event = handed.event();
    EventDraft draft =
        EventDraft.state(
            event.roomId(),
            event.sender(),
            StateKey.member(event.sender().value()),
            event.content());
    var _ = Templates.prepared(commands, new RoomInput.PrepareEvent(event.roomId(), draft));
  }

  private void requireAccepted(Handed handed, EventVerdict verdict) {
    switch (verdict) {
      case EventVerdict.Accepted() -> {}
      case EventVerdict.Known() -> {
        // What was refused before is not in the room, however often it comes; and a join that is
        // over is no way in.
        if (!counts(handed.event().eventId()) || isOver(handed.event())) {
          throw Templates.notAllowed();
        }
      }
      case EventVerdict.SoftFailed _, EventVerdict.Rejected _, EventVerdict.NotSigned _ ->
          throw Templates.notAllowed();
      // The server is not in the room and has nothing to give; this one made the template or has to
      // do without the event.
      case EventVerdict.Incomplete _ ->
          throw MatrixException.invalidParam(
              "The event refers to events that this server does not have");
      case EventVerdict.Dropped _ ->
          throw MatrixException.invalidParam("The event is not one of that room");
    }
  }

  private boolean counts(EventId event) {
    return rooms
        .status(event)
        .filter(each -> each.placed() && !each.rejected() && !each.softFailed())
        .isPresent();
  }

  private boolean isOver(Pdu event) {
    return Membership.isJoin(event) && !rooms.isJoined(event.roomId(), event.sender());
  }
}
