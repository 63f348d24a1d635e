package org.hearth.server.readers.sync.sections;

import java.time.Duration;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.SyncPoint;

/// What one call of `/sync` asks for.
///
/// @param viewer who asks
/// @param filter what the client wants of it
/// @param filterName tells filters of one client apart
/// @param since what the client has; empty for nothing
/// @param fullState whether all state is to be sent, whatever the client has
/// @param stateSection how state is told
/// @param includeLeft whether rooms that the user has left belong to an answer from nothing
/// @param timeout how long to wait for news; zero for not at all
public record SyncRequest(
    Viewer viewer,
    Filter filter,
    String filterName,
    Optional<SyncPoint> since,
    boolean fullState,
    StateSection stateSection,
    boolean includeLeft,
    Duration timeout) {
  /// As of which end of the timelines state is told, and by what name.
  public enum StateSection {
    /// As of the start.
    STATE("state"),
    /// As of the end.
    STATE_AFTER("state_after"),
    /// As of the end, for clients that know it by the name that it had as a proposal.
    ///
    /// **source**: [MSC4222](https://github.com/matrix-org/matrix-spec-proposals/pull/4222)
    UNSTABLE_STATE_AFTER("org.matrix.msc4222.state_after");

    private final String name;

    StateSection(String name) {
      this.name = name;
    }
  }

  public UserId user() {
    return viewer.user();
  }

  /// Up to where the client has that room; empty if it has nothing.
  public Optional<LogPosition> since(RoomId room) {
    return since.flatMap(each -> each.of(room.value()));
  }

  /// The same from nothing: for a client whose token is of a history that this database has not. It
  /// is told of the rooms it may have shown and the user has left, too.
  public SyncRequest fromNothing() {
    return new SyncRequest(
        viewer, filter, filterName, Optional.empty(), fullState, stateSection, true, Duration.ZERO);
  }

  /// The same of a client that has everything up to that point.
  public SyncRequest after(SyncPoint point) {
    return new SyncRequest(
        viewer,
        filter,
        filterName,
        Optional.of(point),
        fullState,
        stateSection,
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
        stateSection,
        includeLeft,
        timeout);
  }

  /// What the answer to a client follows from. How long it waits for news is not of it, nor what
  /// else the request says, such as a number that is another each time.
  public Question question() {
    return new Question(filterName, since, fullState, stateSection, includeLeft);
  }

  /// See [#question()].
  public record Question(
      String filterName,
      Optional<SyncPoint> since,
      boolean fullState,
      StateSection stateSection,
      boolean includeLeft) {}

  SentMembers.Client client() {
    return new SentMembers.Client(viewer.user(), viewer.device(), filterName);
  }

  /// Whether state is told as of the end of the timelines.
  public boolean stateAfter() {
    return stateSection != StateSection.STATE;
  }

  /// Whether all of the user's rooms are told whole.
  public boolean isLarge() {
    return since.isEmpty() || fullState;
  }

  /// The name of the section that tells state.
  public String stateName() {
    return stateSection.name;
  }
}
