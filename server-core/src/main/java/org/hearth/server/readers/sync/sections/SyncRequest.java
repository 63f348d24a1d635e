package org.hearth.server.readers.sync.sections;

import java.time.Duration;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.sync.view.IgnoredUsers;
import org.hearth.server.readers.sync.view.SyncPoint;
import org.hearth.server.readers.sync.view.Viewer;

/// What one call of `/sync` asks for.
///
/// @param viewer who asks
/// @param filter what the client wants of it
/// @param filterName tells filters of one client apart
/// @param since what the client has; empty for nothing
/// @param fullState whether all state is to be sent, whatever the client has
/// @param stateAfter whether state is told as of the end of the timelines
/// @param includeLeft whether rooms that the user has left belong to an answer from nothing
/// @param timeout how long to wait for news; zero for not at all
public record SyncRequest(
    Viewer viewer,
    Filter filter,
    String filterName,
    Optional<SyncPoint> since,
    boolean fullState,
    boolean stateAfter,
    boolean includeLeft,
    Duration timeout) {

  public UserId user() {
    return viewer.user();
  }

  /// Up to where the client has that room; empty if it has nothing.
  public Optional<LogPosition> since(RoomId room) {
    return since.flatMap(each -> each.of(SyncPoint.HeldBack.of(room)));
  }

  /// The same from nothing: for a client whose token is of a history that this database has not. It
  /// is told of the rooms it may have shown and the user has left, too.
  public SyncRequest fromNothing() {
    return new SyncRequest(
        viewer, filter, filterName, Optional.empty(), fullState, stateAfter, true, Duration.ZERO);
  }

  /// The same of a client that has everything up to that point.
  public SyncRequest after(SyncPoint point) {
    return new SyncRequest(
        viewer,
        filter,
        filterName,
        Optional.of(point),
        fullState,
        stateAfter,
        includeLeft,
        timeout);
  }

  /// The same with what is to be kept from who asks.
  public SyncRequest ignoring(IgnoredUsers users) {
    return new SyncRequest(
        viewer.ignoring(users),
        filter,
        filterName,
        since,
        fullState,
        stateAfter,
        includeLeft,
        timeout);
  }

  SentMembers.Client client() {
    return new SentMembers.Client(viewer.user(), viewer.device(), filterName);
  }

  /// Whether all of the user's rooms are told whole.
  public boolean isLarge() {
    return since.isEmpty() || fullState;
  }

  /// The name of the section that tells state.
  public String stateName() {
    return stateAfter ? "state_after" : "state";
  }
}
