package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.ClientEventFormat;
import org.hearth.server.matrix.event.ClientUnsigned;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.servers.room.EncodedEvent;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/// Writes events for a user who may see them. This is the one place where an event becomes a client's
/// JSON, so that what is redacted or erased is so on every way out.
///
/// **Thread:** any. **Source:** [room event format][format].
///
/// [format]: https://spec.matrix.org/v1.19/client-server-api/#room-event-format
public final class ClientEvents {
  private static final System.Logger LOGGER = System.getLogger(ClientEvents.class.getName());

  private final RoomQueries rooms;
  private final Erasure erasure;
  private final Bundles bundles;
  private final InstantSource clock;

  public ClientEvents(RoomQueries rooms, Erasure erasure, InstantSource clock) {
    this.rooms = rooms;
    this.erasure = erasure;
    this.bundles = new Bundles(rooms, erasure);
    this.clock = clock;
  }

  /// Writes an array of events of a timeline: with what they replaced.
  public void writeTimeline(
      JsonWriter json,
      Collection<RoomEvent> events,
      Viewer viewer,
      OwnMembership own,
      EventStyle style) {
    json.array();
    events.forEach(each -> json.value(timelineEvent(each, viewer, own, style)));
    json.endArray();
  }

  /// The same with what is aggregated of the events that relate to each.
  public BundledEvents bundled() {
    return new BundledEvents(this, bundles);
  }

  public ObjectNode timelineEvent(
      RoomEvent event, Viewer viewer, OwnMembership own, EventStyle style) {
    return timelineEvent(event, viewer, own, style, null);
  }

  /// @param relations null for nothing
  ObjectNode timelineEvent(
      RoomEvent event,
      Viewer viewer,
      OwnMembership own,
      EventStyle style,
      @Nullable ObjectNode relations) {
    return write(event, viewer, own, style, event.replaces() != null, relations);
  }

  /// Writes an array of events as a state: what they replaced is of no interest here, and costs a
  /// look-up each. They are read some at a time, most of them as JSON that was made for all.
  public void writeState(
      JsonWriter json,
      List<LogPosition> positions,
      Viewer viewer,
      OwnMembership own,
      EventStyle style) {
    if (style.roomId() || style.federation() || style.fields().isPresent()) {
      writeState(json, positions, _ -> true, viewer, own, style);
      return;
    }
    json.array();
    EventBatches.of(positions)
        .forEach(batch -> {
          Map<LogPosition, EncodedEvent> encoded = encoded(batch);
          for (LogPosition position : batch) {
            @Nullable EncodedEvent event = encoded.get(position);
            if (event != null && !erasure.mayHide(event, own)) {
              write(json, event, own);
            } else {
              read(json, List.of(position))
                  .forEach(each -> json.value(stateEvent(each, viewer, own, style)));
            }
          }
        });
    json.endArray();
  }

  /// As [#stateEvent] says it in `/sync`.
  private void write(JsonWriter json, EncodedEvent event, OwnMembership own) {
    json.object(event.bytes().json()).name("unsigned").object();
    json.name("age").value(Math.max(0, clock.millis() - event.bytes().originServerTs()));
    json.name("membership").value(own.at(event.position()).value());
    json.endObject().endObject();
  }

  /// Writes those events of a state that are wanted.
  public void writeState(
      JsonWriter json,
      List<LogPosition> positions,
      Predicate<RoomEvent> wanted,
      Viewer viewer,
      OwnMembership own,
      EventStyle style) {
    json.array();
    EventBatches.of(positions)
        .flatMap(batch -> read(json, batch).stream())
        .filter(wanted)
        .forEach(each -> json.value(stateEvent(each, viewer, own, style)));
    json.endArray();
  }

  /// Where they cannot be read, they are read one by one as others are, which tells why.
  private Map<LogPosition, EncodedEvent> encoded(List<LogPosition> batch) {
    try {
      return rooms.encodedAt(batch);
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOGGER.log(Level.DEBUG, "events of a state are read one by one", e);
      return Map.of();
    }
  }

  /// What cannot be read fails the room or the answer as long as it can be taken back. After that
  /// it is left out: to begin again would end at the same event, for ever.
  private List<RoomEvent> read(JsonWriter json, List<LogPosition> batch) {
    try {
      return rooms.eventsAt(batch);
    } catch (RuntimeException e) {
      if (Unavailable.is(e) || json.canTakeBack() || !json.hasPushed()) {
        throw e;
      }
      LOGGER.log(Level.ERROR, "a large state is told without what of it cannot be read", e);
      return readable(rooms, batch);
    }
  }

  /// Those of the events that can be read.
  private static List<RoomEvent> readable(RoomQueries rooms, List<LogPosition> positions) {
    return positions.stream()
        .flatMap(each -> readable("at " + each, () -> rooms.eventAt(each)).stream())
        .toList();
  }

  /// As many of the events as can be read: for an answer that another can follow.
  public List<RoomEvent> allReadable(List<LogPosition> positions) {
    return allReadable(rooms, positions);
  }

  static List<RoomEvent> allReadable(RoomQueries rooms, List<LogPosition> positions) {
    try {
      return rooms.eventsAt(positions);
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOGGER.log(Level.DEBUG, "events are read one by one", e);
      return readable(rooms, positions);
    }
  }

  /// Reads an event, or what is made of one; empty where it is damaged, which is told in the log.
  ///
  /// @param which event, for the log
  public static <T> Optional<T> readable(String which, Supplier<Optional<T>> read) {
    try {
      return read.get();
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOGGER.log(Level.ERROR, "the event {0} cannot be read: {1}", which, e.getMessage());
      return Optional.empty();
    }
  }

  public ObjectNode stateEvent(
      RoomEvent event, Viewer viewer, OwnMembership own, EventStyle style) {
    return write(event, viewer, own, style, false, null);
  }

  /// A member event of a room that is not here, beside which nothing of the room is known.
  public ObjectNode outside(RoomEvent event, EventStyle style) {
    ObjectNode json =
        style.federation() ? event.pdu().json() : format(event.pdu(), age(event.pdu()), style);
    return style.fields().isPresent() ? style.fields().get().pick(json) : json;
  }

  /// What a state event says, alone.
  public ObjectNode content(RoomEvent event, OwnMembership own) {
    return erasure.shown(event, own).pdu().content();
  }

  /// Whether what the event says may be shown: it was not erased for who was not there.
  public boolean showsContent(RoomEvent event, OwnMembership own) {
    return !erasure.hides(event, own);
  }

  private ObjectNode write(
      RoomEvent added,
      Viewer viewer,
      OwnMembership own,
      EventStyle style,
      boolean withReplaced,
      @Nullable ObjectNode relations) {
    RoomEvent event = erasure.shown(added, own);
    ObjectNode json;
    if (style.federation()) {
      json = event.pdu().json();
    } else {
      ClientUnsigned unsigned = unsigned(event, viewer, own);
      if (withReplaced) {
        unsigned = withReplaced(unsigned, event, viewer, own);
      }
      if (relations != null) {
        unsigned = unsigned.withRelations(relations);
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
