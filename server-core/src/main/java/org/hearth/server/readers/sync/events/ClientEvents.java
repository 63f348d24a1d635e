package org.hearth.server.readers.sync.events;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Optional;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.ClientEventFormat;
import org.hearth.server.matrix.event.ClientUnsigned;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.readers.sync.view.Viewer;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// Writes events for a user who may see them. This is the one place where an event becomes a client's
/// JSON, so that what is redacted or erased is so on every way out.
///
/// **Thread:** any. **Source:** [room event format][format].
///
/// [format]: https://spec.matrix.org/v1.19/client-server-api/#room-event-format
public final class ClientEvents {
  private final RoomQueries rooms;
  private final Erasure erasure;
  private final InstantSource clock;

  public ClientEvents(RoomQueries rooms, Erasure erasure, InstantSource clock) {
    this.rooms = rooms;
    this.erasure = erasure;
    this.clock = clock;
  }

  /// Events of a timeline: with what they replaced.
  public ArrayNode timeline(
      Collection<RoomEvent> events, Viewer viewer, OwnMembership own, EventStyle style) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode(events.size());
    events.forEach(each -> array.add(timelineEvent(each, viewer, own, style)));
    return array;
  }

  public ObjectNode timelineEvent(
      RoomEvent event, Viewer viewer, OwnMembership own, EventStyle style) {
    return write(event, viewer, own, style, event.replaces() != null);
  }

  /// Events as a state: what they replaced is of no interest here, and costs a look-up each.
  public ArrayNode state(
      Collection<RoomEvent> events, Viewer viewer, OwnMembership own, EventStyle style) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode(events.size());
    events.forEach(each -> array.add(stateEvent(each, viewer, own, style)));
    return array;
  }

  public ObjectNode stateEvent(
      RoomEvent event, Viewer viewer, OwnMembership own, EventStyle style) {
    return write(event, viewer, own, style, false);
  }

  /// What a state event says, alone.
  public ObjectNode content(RoomEvent event, OwnMembership own) {
    return erasure.shown(event, own).pdu().content();
  }

  private ObjectNode write(
      RoomEvent added, Viewer viewer, OwnMembership own, EventStyle style, boolean withReplaced) {
    RoomEvent event = erasure.shown(added, own);
    ObjectNode json;
    if (style.federation()) {
      json = event.pdu().json();
    } else {
      ClientUnsigned unsigned = unsigned(event, viewer, own);
      if (withReplaced) {
        unsigned = withReplaced(unsigned, event, viewer, own);
      }
      json = format(event.pdu(), unsigned, style);
    }
    return style.fields().isPresent() ? style.fields().get().pick(json) : json;
  }

  private ClientUnsigned unsigned(RoomEvent event, Viewer viewer, OwnMembership own) {
    ClientUnsigned unsigned = age(event.pdu()).withMembership(own.at(event.position()).value());
    @Nullable ClientTransaction transaction = event.transaction();
    if (transaction != null
        && event.sender().equals(viewer.user())
        && transaction.device().equals(viewer.device())) {
      unsigned = unsigned.withTransactionId(transaction.transactionId());
    }
    @Nullable Pdu redaction = event.redactedBecause();
    if (redaction != null) {
      unsigned =
          unsigned.withRedactedBecause(ClientEventFormat.withRoomId(redaction, age(redaction)));
    }
    return unsigned;
  }

  /// "Only returned if the event is a state event, and the client has permission to see the
  /// previous event", which `replaces_state` needs not.
  private ClientUnsigned withReplaced(
      ClientUnsigned unsigned, RoomEvent event, Viewer viewer, OwnMembership own) {
    Optional<RoomEvent> replaced =
        rooms.replacedBy(event).map(before -> erasure.shown(before, own));
    if (replaced.isEmpty()) {
      return unsigned;
    }
    ClientUnsigned full = unsigned.withReplaced(replaced.get().pdu());
    return rooms.maySee(viewer.user(), replaced.get())
        ? full
        : new ClientUnsigned(
            full.ageMillis(),
            null,
            full.replacesState(),
            full.redactedBecause(),
            full.transactionId(),
            full.membership(),
            full.relations());
  }

  private ClientUnsigned age(Pdu event) {
    return ClientUnsigned.age(clock.millis() - event.originServerTs());
  }

  private static ObjectNode format(Pdu event, ClientUnsigned unsigned, EventStyle style) {
    return style.roomId()
        ? ClientEventFormat.withRoomId(event, unsigned)
        : ClientEventFormat.withoutRoomId(event, unsigned);
  }
}
