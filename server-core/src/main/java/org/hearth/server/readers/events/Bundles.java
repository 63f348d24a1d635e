package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.Aggregate;
import org.hearth.server.servers.room.RelationKind;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// Finds what a user is told together with events of what relates to them: of what the Room Server
/// has of them, what the user may see, did not ask to be spared, and what is valid.
///
/// **Bound:** of an event [Aggregate#MOST_REPLACEMENTS] edits and [Aggregate#MOST_REFERENCES]
/// references are looked at, those that came last; of a thread its latest reply, and
/// [RelatedEvents#MOST_LOOKED_AT] of them where some are kept from the user.
///
/// **Thread:** any.
final class Bundles {
  private static final String RELATES_TO = "m.relates_to";
  private static final String REL_TYPE = "rel_type";
  private static final String NEW_CONTENT = "m.new_content";
  private static final String SHARED = "shared";
  private static final String WORLD_READABLE = "world_readable";

  /// "The most recent event is determined by comparing `origin_server_ts`; if two or more
  /// replacement events have identical `origin_server_ts`, the event with the lexicographically
  /// largest `event_id` is treated as more recent."
  private static final Comparator<RoomEvent> AGE =
      Comparator.comparingLong((RoomEvent each) -> each.pdu().originServerTs())
          .thenComparing(each -> each.id().value());

  private final RoomQueries rooms;
  private final Erasure erasure;
  private final RelatedEvents related;

  Bundles(RoomQueries rooms, Erasure erasure) {
    this.rooms = rooms;
    this.erasure = erasure;
    this.related = new RelatedEvents(rooms);
  }

  /// The bundles of those of the events that have one, by event.
  ///
  /// @param events of one room, some that are read at once
  /// @param own what the room is to the user
  Map<EventId, Bundle> of(List<RoomEvent> events, Viewer viewer, OwnMembership own) {
    // "State events do not currently receive bundled aggregations."
    List<RoomEvent> parents = events.stream().filter(each -> !each.pdu().isState()).toList();
    Map<EventId, Aggregate> aggregates =
        rooms.aggregates(viewer.user(), viewer.ignored().users(), parents);
    Map<EventId, Bundle> bundles = new HashMap<>();
    for (RoomEvent each : parents) {
      @Nullable Aggregate aggregate = aggregates.get(each.id());
      Bundle bundle =
          aggregate == null
              ? Bundle.NOTHING
              : new Bundle(
                  edit(each, aggregate.replacements(), viewer, own),
                  references(aggregate.references(), viewer),
                  aggregate.thread().flatMap(thread -> thread(each, thread, viewer, own)));
      if (!bundle.isEmpty()) {
        bundles.put(each.id(), bundle);
      }
    }
    return bundles;
  }

  /// Those of the events that the user may see and did not ask to be spared, read some at a time;
  /// without those that are damaged.
  ///
  /// @param made what is kept of each
  private <T> List<T> seen(
      List<LogPosition> positions, Viewer viewer, Function<RoomEvent, Optional<T>> made) {
    return EventBatches.of(positions)
        .flatMap(batch -> {
          List<RoomEvent> read =
              ClientEvents.allReadable(rooms, batch).stream()
                  .filter(each -> !viewer.ignored().hides(each))
                  .toList();
          return rooms.visible(viewer.user(), read).stream();
        })
        .flatMap(each -> made.apply(each).stream())
        .toList();
  }

  // --- edits

  private @Nullable RoomEvent edit(
      RoomEvent event, List<LogPosition> replacements, Viewer viewer, OwnMembership own) {
    // "If the original event is redacted, any `m.replace` relationship should not be bundled with
    // it", nor if it is erased. "The original event must not, itself, have a `rel_type` of
    // `m.replace`."
    if (event.redactedBecause() != null
        || erasure.hides(event, own)
        || relType(event).equals(RelationKind.REPLACEMENT.relType())) {
      return null;
    }
    List<RoomEvent> valid =
        seen(
            replacements,
            viewer,
            each -> isValid(each, event) ? Optional.of(each) : Optional.empty());
    return valid.stream().max(AGE).orElse(null);
  }

  /// "The original event and replacement event must have the same `sender`", "must have the same
  /// `type`", "must not have a `state_key` property"; "the replacement event (once decrypted, if
  /// appropriate) must have an `m.new_content` property".
  private static boolean isValid(RoomEvent edit, RoomEvent event) {
    return edit.redactedBecause() == null
        && edit.sender().equals(event.sender())
        && edit.type().equals(event.type())
        && !edit.pdu().isState()
        && (edit.type().equals(EventTypes.ENCRYPTED)
            || edit.pdu().content().path(NEW_CONTENT).isObject());
  }

  // --- references

  private List<EventId> references(List<LogPosition> latestFirst, Viewer viewer) {
    return seen(
            latestFirst,
            viewer,
            each ->
                relType(each).equals(RelationKind.REFERENCE.relType())
                    ? Optional.of(each.id())
                    : Optional.empty())
        .reversed();
  }

  // --- threads

  private Optional<Bundle.ThreadSummary> thread(
      RoomEvent root, Aggregate.Replies kept, Viewer viewer, OwnMembership own) {
    // "It is not possible to create a thread from an event which itself is the child of an event
    // relationship".
    if (!relType(root).isEmpty()) {
      return Optional.empty();
    }
    RelationQuery replies =
        RelationQuery.latest(root.id(), 1).withRelation(RelationKind.THREAD.relType());
    // "`latest_event` is the most recent event (topologically to the server) in the thread sent by
    // an un-ignored user."
    Optional<RoomEvent> latest =
        seen(List.of(kept.latest()), viewer, Optional::of).stream()
            .findFirst()
            .or(() -> first(related.page(root.room(), replies, viewer)));
    // "… when the authenticated user is either: the `sender` of the thread root event; the `sender`
    // of an event which references the thread root with a `rel_type` of `m.thread`."
    boolean participated = kept.replied() || root.sender().equals(viewer.user());
    return latest.map(
        each -> new Bundle.ThreadSummary(each, count(root, kept, viewer, own), participated));
  }

  private static Optional<RoomEvent> first(RelatedEvents.Page page) {
    return page.events().stream().findFirst();
  }

  /// "`count` is simply the number of events using `m.thread` as a `rel_type` pointing to the
  /// target event"; of which, where some are kept from the user, "any aggregations which would
  /// normally include those events will be lacking them".
  private long count(RoomEvent root, Aggregate.Replies kept, Viewer viewer, OwnMembership own) {
    if (seesAllSince(root, own)) {
      return kept.replies();
    }
    RelationQuery replies =
        RelationQuery.latest(root.id(), RelatedEvents.MOST_LOOKED_AT)
            .withRelation(RelationKind.THREAD.relType());
    return related.page(root.room(), replies, viewer).events().size();
  }

  /// Whether the user, by what is known without a look at each event, may see all that came after
  /// an event.
  private boolean seesAllSince(RoomEvent event, OwnMembership own) {
    if (!event.isHistory() && own.joinedEverSince(event.position())) {
      return true;
    }
    Optional<RoomEvent> visibility =
        rooms
            .currentState(event.room())
            .flatMap(state -> state.event(EventTypes.HISTORY_VISIBILITY));
    String value =
        visibility
            .map(each -> each.pdu().content().path("history_visibility").asText())
            .orElse(SHARED);
    boolean hasBeen = visibility.isEmpty() || visibility.get().place() < event.place();
    return hasBeen
        && (value.equals(WORLD_READABLE)
            || (value.equals(SHARED) && own.newest() == Membership.JOIN));
  }

  /// How the event says that it relates to another; empty if it does not.
  private static String relType(RoomEvent event) {
    JsonNode relation = event.pdu().content().path(RELATES_TO);
    return relation.path(REL_TYPE).asText();
  }
}
