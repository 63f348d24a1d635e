package org.hearth.server.readers.events;

import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.servers.room.RoomEvent;

/// A stretch of a room's history as one user may see it and wants it.
///
/// @param events oldest first
/// @param limited whether there may be more to see before the first event, within what was asked
///   for
/// @param start the point just before the first event; where nothing is, the end of what was asked
///   for
/// @param stateAside whether state may have changed, within what was asked for, by events that are
///   not among these: before them, filtered, or not for this user's eyes
/// @param memberAside the same of members
public record Timeline(
    List<RoomEvent> events,
    boolean limited,
    LogPosition start,
    boolean stateAside,
    boolean memberAside) {
  public Timeline {
    events = List.copyOf(events);
  }

  /// The timeline of who wants none.
  public static Timeline none(LogPosition end) {
    return new Timeline(List.of(), false, end, true, true);
  }

  /// The same, said to have a gap before it.
  public Timeline withGap() {
    return new Timeline(events, true, start, stateAside, memberAside);
  }

  /// The same with an event at its end.
  public Timeline with(RoomEvent event) {
    List<RoomEvent> all = new ArrayList<>(events);
    all.add(event);
    return new Timeline(all, limited, start, stateAside, memberAside);
  }

  public boolean hasState() {
    return events.stream().anyMatch(each -> each.pdu().isState());
  }

  /// Whether members may have changed within what was asked for.
  public boolean mayChangeMembers() {
    return memberAside || events.stream().anyMatch(each -> each.pdu().isMember());
  }
}
