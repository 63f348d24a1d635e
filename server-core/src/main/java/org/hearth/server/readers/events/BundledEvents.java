package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.servers.room.RelationKind;
import org.hearth.server.servers.room.RoomEvent;
import org.jspecify.annotations.Nullable;

/// Writes events of a timeline with what is aggregated of the events that relate to them. All
/// events that are written at once are of one room, and all viewers are with whom they ignore.
///
/// **Thread:** any. **Source:** [aggregations of child events][aggregations].
///
/// [aggregations]: https://spec.matrix.org/v1.19/client-server-api/#aggregations-of-child-events
public final class BundledEvents {
  private final ClientEvents events;
  private final Bundles bundles;

  BundledEvents(ClientEvents events, Bundles bundles) {
    this.events = events;
    this.bundles = bundles;
  }

  /// Writes an array of events, some at a time, so that no more than those are in memory with what
  /// relates to them.
  public void write(
      JsonWriter json,
      List<RoomEvent> timeline,
      Viewer viewer,
      OwnMembership own,
      EventStyle style) {
    json.array();
    for (int next = 0; next < timeline.size(); next += EventBatches.MOST) {
      List<RoomEvent> batch =
          timeline.subList(next, Math.min(next + EventBatches.MOST, timeline.size()));
      events(batch, bundles(batch, viewer, own), viewer, own, style).forEach(json::value);
    }
    json.endArray();
  }

  /// One event.
  public ObjectNode event(RoomEvent event, Viewer viewer, OwnMembership own, EventStyle style) {
    List<RoomEvent> only = List.of(event);
    return events(only, bundles(only, viewer, own), viewer, own, style).getFirst();
  }

  /// What is aggregated, by event, of those for which there is anything.
  ///
  /// @param timeline no more than are to be in memory with what relates to them
  public Map<EventId, Bundle> bundles(List<RoomEvent> timeline, Viewer viewer, OwnMembership own) {
    return bundles.of(timeline, viewer, own);
  }

  /// The events with what is aggregated.
  public List<ObjectNode> events(
      List<RoomEvent> timeline,
      Map<EventId, Bundle> found,
      Viewer viewer,
      OwnMembership own,
      EventStyle style) {
    // What is within an event is in the same form; of which fields are wanted, the event is asked.
    EventStyle inner = new EventStyle(style.roomId(), style.federation(), Optional.empty());
    Telling telling = new Telling(viewer, own, inner);
    Map<EventId, Bundle> ofReplies = telling.ofReplies(found);
    return timeline.stream()
        .map(each ->
            events.timelineEvent(
                each, viewer, own, style, telling.relations(found.get(each.id()), ofReplies)))
        .toList();
  }

  /// How what is within events is told.
  private final class Telling {
    private final Viewer viewer;
    private final OwnMembership own;
    private final EventStyle style;

    Telling(Viewer viewer, OwnMembership own, EventStyle style) {
      this.viewer = viewer;
      this.own = own;
      this.style = style;
    }

    /// "Child events of the `latest_event` should themselves be aggregated and included under
    /// `m.relations` for that event." A reply is the root of no thread, so that this has an end.
    Map<EventId, Bundle> ofReplies(Map<EventId, Bundle> found) {
      List<RoomEvent> replies =
          found.values().stream()
              .flatMap(each -> each.thread().stream())
              .map(Bundle.ThreadSummary::latest)
              .toList();
      return replies.isEmpty() ? Map.of() : bundles(replies, viewer, own);
    }

    /// The `m.relations` of an event; null for none.
    @Nullable ObjectNode relations(@Nullable Bundle bundle, Map<EventId, Bundle> ofReplies) {
      if (bundle == null) {
        return null;
      }
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      @Nullable RoomEvent edit = bundle.edit();
      if (edit != null) {
        json.set(RelationKind.REPLACEMENT.relType(), event(edit, null));
      }
      if (!bundle.references().isEmpty()) {
        ArrayNode chunk = json.putObject(RelationKind.REFERENCE.relType()).putArray("chunk");
        bundle.references().forEach(each -> chunk.addObject().put("event_id", each.value()));
      }
      bundle
          .thread()
          .ifPresent(each -> {
            ObjectNode thread = json.putObject(RelationKind.THREAD.relType());
            Bundle ofLatest = ofReplies.get(each.latest().id());
            thread.set("latest_event", event(each.latest(), relations(ofLatest, Map.of())));
            thread.put("count", each.count());
            thread.put("current_user_participated", each.participated());
          });
      return json;
    }

    private ObjectNode event(RoomEvent event, @Nullable ObjectNode relations) {
      return events.timelineEvent(event, viewer, own, style, relations);
    }
  }
}
