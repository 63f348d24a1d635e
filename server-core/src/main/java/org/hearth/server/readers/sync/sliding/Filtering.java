package org.hearth.server.readers.sync.sliding;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.EventBatches;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.jspecify.annotations.Nullable;

/// Which of a user's rooms a filter lets through. What it asks of rooms is kept with them, so that
/// it is read once a room and not once an answer.
///
/// **Thread:** one request's.
final class Filtering {
  private static final String SPACE_CHILD = "m.space.child";
  private static final StateKey ENCRYPTION = new StateKey(EventTypes.ENCRYPTION, "");

  private final RoomQueries rooms;
  private final AccountDataQueries accountData;
  private final UserId user;
  private final UserFeed feed;
  private final RoomOrders.Order order;
  private final LogPosition now;

  /// Where filters find what they ask.
  record Sources(RoomQueries rooms, AccountDataQueries accountData) {}

  Filtering(Sources sources, UserId user, UserFeed feed, RoomOrders.Order order, LogPosition now) {
    this.rooms = sources.rooms();
    this.accountData = sources.accountData();
    this.user = user;
    this.feed = feed;
    this.order = order;
    this.now = now;
  }

  /// The rooms that are direct ones.
  Set<String> direct() {
    return order.personal().direct(accountData, user, feed, now);
  }

  /// Those of the rooms that a filter lets through, in their order.
  List<ListedRoom> through(RoomFilter filter, List<ListedRoom> all) {
    if (filter.equals(RoomFilter.ALL)) {
      return all;
    }
    Set<String> direct = filter.isDm().isPresent() ? direct() : Set.of();
    Map<RoomId, Set<String>> tags =
        filter.asksForTags()
            ? order.personal().tags(accountData, user, feed, now)
            : Map.<RoomId, Set<String>>of();
    Optional<Set<String>> children = filter.spaces().map(this::children);
    List<ListedRoom> through = new ArrayList<>();
    for (ListedRoom each : all) {
      String id = each.room().value();
      boolean invited = each.membership().membership() == Membership.INVITE;
      // What costs a look into the room comes last.
      if (filter.isInvite().filter(wanted -> wanted != invited).isEmpty()
          && filter.isDm().filter(wanted -> wanted != direct.contains(id)).isEmpty()
          && filter.admitsTags(tags.getOrDefault(each.room(), Set.of()))
          && children.filter(those -> !those.contains(id)).isEmpty()
          && (!filter.asksForType() || filter.admitsType(type(each)))
          && filter.isEncrypted().filter(wanted -> wanted != isEncrypted(each)).isEmpty()) {
        through.add(each);
      }
    }
    return through;
  }

  private String type(ListedRoom room) {
    @Nullable String known = room.type();
    if (known != null) {
      return known;
    }
    Optional<? extends JsonNode> create =
        room.create().isPresent()
            ? readable(room.create().get()).map(event -> event.pdu().content())
            : stripped(room, EventTypes.CREATE).map(event -> event.path("content"));
    String type =
        create
            .map(content -> content.path("type"))
            .filter(JsonNode::isTextual)
            .map(JsonNode::textValue)
            .orElse(RoomFilter.NO_TYPE);
    room.type(type);
    return type;
  }

  /// Of who has left it is as it was then.
  private boolean isEncrypted(ListedRoom room) {
    @Nullable Boolean known = room.encrypted();
    if (known != null) {
      return known;
    }
    boolean encrypted =
        switch (room.membership().membership()) {
          case JOIN -> rooms.currentState(room.room()).filter(Filtering::isEncrypted).isPresent();
          case LEAVE, BAN ->
              rooms
                  .stateAt(room.room(), room.membership().position())
                  .filter(Filtering::isEncrypted)
                  .isPresent();
          case INVITE, KNOCK -> stripped(room, EventTypes.ENCRYPTION).isPresent();
        };
    room.encrypted(encrypted);
    return encrypted;
  }

  private static boolean isEncrypted(RoomState state) {
    return state.position(ENCRYPTION).isPresent();
  }

  private Optional<ObjectNode> stripped(ListedRoom room, String type) {
    return rooms.strippedState(room.room(), user).stream()
        .filter(event -> event.path("type").asText().equals(type))
        .findFirst();
  }

  /// "Only rooms directly mentioned as `m.space.child` events in these spaces will be returned.
  /// Unknown spaces or spaces the user is not joined to will be ignored."
  private Set<String> children(Set<RoomId> spaces) {
    Set<String> children = new HashSet<>();
    for (RoomId each : spaces) {
      boolean joined =
          feed.membership(each).filter(own -> own.membership() == Membership.JOIN).isPresent();
      if (joined) {
        rooms.currentState(each).ifPresent(state -> children.addAll(children(each, state)));
      }
    }
    return children;
  }

  private Set<String> children(RoomId space, RoomState state) {
    Personal.@Nullable Children known = order.personal().children(space);
    if (known != null && known.snapshot() == state.snapshot()) {
      return known.rooms();
    }
    List<LogPosition> positions =
        List.copyOf(state.positions(key -> key.type().equals(SPACE_CHILD)).values());
    Set<String> children = new HashSet<>();
    EventBatches.read(rooms, positions)
        // "Child rooms can be removed from a space by omitting the `via` key".
        .filter(event -> event.pdu().content().path("via").isArray())
        .forEach(event -> event.pdu().stateKey().ifPresent(children::add));
    order.personal().children(space, new Personal.Children(state.snapshot(), children));
    return children;
  }

  /// How the user came to be no longer in a room.
  ListedRoom.Ending ending(ListedRoom room) {
    ListedRoom.@Nullable Ending known = room.ending();
    if (known != null) {
      return known;
    }
    RoomMembership membership = room.membership();
    Optional<RoomEvent> event = readable(membership.position());
    boolean bySelf = event.filter(each -> each.sender().equals(user)).isPresent();
    // Of who went of own accord nothing else is asked.
    boolean wasThere =
        !bySelf && OwnMembership.upTo(rooms, Optional.of(membership)).leftAt().isPresent();
    ListedRoom.Ending ending = new ListedRoom.Ending(bySelf, wasThere);
    room.ending(ending);
    return ending;
  }

  private Optional<RoomEvent> readable(LogPosition position) {
    return ClientEvents.readable("at " + position, () -> rooms.eventAt(position));
  }
}
