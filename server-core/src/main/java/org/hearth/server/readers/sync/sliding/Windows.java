package org.hearth.server.readers.sync.sliding;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.view.UserFeed;

/// Which rooms a request's lists and subscriptions name, and what is wanted of each.
///
/// "A room matches a given list if, after filtering the server-maintained list of rooms by the
/// list's filters, the room's index in the filtered list is within the list's range."
///
/// @param rooms those that are named, in their order, those of subscriptions last
/// @param counts how many rooms pass the filter of each list
/// @param scopes the rooms of which extensions tell, by what they ask for: those within the ranges
///   of their lists, and subscribed ones
record Windows(
    Map<RoomId, RoomConfig> rooms,
    Map<String, Integer> counts,
    Map<ExtensionRequest.Rooms, Set<RoomId>> scopes) {

  static Windows of(
      SlidingRequest request,
      UserFeed feed,
      Connection connection,
      RoomOrders.Order order,
      Filtering filtering) {
    List<ListedRoom> listed = listed(connection, order.rooms(), filtering);
    Map<RoomId, SlidingRequest.Wish> wishes = new LinkedHashMap<>();
    Map<String, Integer> counts = new LinkedHashMap<>();
    // Mostly all extensions ask for the same.
    Map<ExtensionRequest.Rooms, Set<RoomId>> scopes = new HashMap<>();
    request.extensions().ofRooms().values().forEach(each -> scopes.put(each, new HashSet<>()));
    Map<RoomFilter, List<ListedRoom>> filtered = new HashMap<>();
    request
        .lists()
        .forEach((name, list) -> {
          List<ListedRoom> through =
              filtered.computeIfAbsent(list.filter(), filter -> filtering.through(filter, listed));
          counts.put(name, through.size());
          Set<RoomId> window = new HashSet<>();
          for (SlidingRequest.Range each : list.ranges()) {
            for (long i = each.first(); i < through.size() && i <= each.last(); i++) {
              RoomId room = through.get((int) i).room();
              window.add(room);
              wishes.merge(room, list.wish(), SlidingRequest.Wish::and);
            }
          }
          scopes.forEach((config, rooms) -> {
            if (config.admitsList(name)) {
              rooms.addAll(window);
            }
          });
        });
    // "The server MUST ensure that user has permission to see any information the server returns.
    // Currently, the user must either be in the room, be invited/knocked to the room, or have
    // historically been in the room."
    request
        .subscriptions()
        .forEach((room, wish) -> {
          if (feed.membership(room).filter(each -> !each.forgotten()).isPresent()) {
            wishes.merge(room, wish, SlidingRequest.Wish::and);
            scopes.forEach((config, rooms) -> {
              if (config.admitsSubscription(room)) {
                rooms.add(room);
              }
            });
          }
        });
    return new Windows(configs(request, wishes, connection), counts, scopes);
  }

  private static Map<RoomId, RoomConfig> configs(
      SlidingRequest request, Map<RoomId, SlidingRequest.Wish> wishes, Connection connection) {
    record Combined(RequiredState state, long number) {}
    Map<Integer, Combined> combined = new HashMap<>();
    Map<RoomId, RoomConfig> rooms = new LinkedHashMap<>();
    wishes.forEach((room, wish) -> {
      Combined all =
          combined.computeIfAbsent(
              wish.state(),
              bits -> {
                RequiredState state = request.state(bits);
                return new Combined(state, connection.number(state));
              });
      rooms.put(room, new RoomConfig(wish.limit(), all.state(), all.number()));
    });
    return rooms;
  }

  /// The rooms of which lists are made: "the set of rooms that the user either joined, been
  /// invited, knocked on, left, or been kicked or banned from".
  private static List<ListedRoom> listed(
      Connection connection, List<ListedRoom> all, Filtering filtering) {
    List<ListedRoom> listed = new ArrayList<>(all.size());
    LogPosition point = connection.base().point().position();
    for (ListedRoom each : all) {
      if (isListed(each, connection, point, filtering)) {
        listed.add(each);
      }
    }
    return listed;
  }

  private static boolean isListed(
      ListedRoom room, Connection connection, LogPosition point, Filtering filtering) {
    Membership membership = room.membership().membership();
    if (membership != Membership.LEAVE && membership != Membership.BAN) {
      return true;
    }
    if (room.membership().forgotten()) {
      return false;
    }
    // "Rooms that the user has been in but left are only included if the room was previously sent
    // to the client in that connection": until the client was told that.
    boolean untold =
        connection
            .sent(room.room())
            .flatMap(sent -> sent.since(Sent.Kind.EVENTS, point))
            .filter(since -> room.membership().position().isAfter(since))
            .isPresent();
    if (untold) {
      return true;
    }
    // "Rooms the user has been kicked or banned from will always be included in the server list."
    // "Note that rooms the user has been banned from, but never joined, should not be part of the
    // list."
    ListedRoom.Ending ending = filtering.ending(room);
    return !ending.bySelf() && ending.wasThere();
  }
}
