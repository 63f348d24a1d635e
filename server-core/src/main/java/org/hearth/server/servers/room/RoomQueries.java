package org.hearth.server.servers.room;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.jspecify.annotations.Nullable;

/// What others may ask about rooms. Every answer is of what is committed, never of what is under
/// way.
///
/// **thread**: any; a call may read from the disk and is quick when the room is warm. **shape**: an
/// answer about a room that this server does not have is empty. Calls with a position answer as of
/// that position, which makes an answer of many calls one snapshot; calls without one answer as of
/// now.
///
/// **errors**: all calls throw the store's StorageException when it cannot be read.
public interface RoomQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "RoomServer";

  /// About how many users [#joinedRooms] answers at once.
  int MOST_USERS = 100;

  /// How many relations one after the other [#relatedDeep] follows.
  int RELATION_LEVELS = 3;

  // --- rooms

  /// The room, now.
  Optional<RoomSummary> room(RoomId room);

  /// The ids of this server's rooms in order, after that one; null to begin. A room that cannot be
  /// read has one too.
  List<RoomId> roomIds(@Nullable RoomId after, int limit);

  /// How many rooms there are.
  long roomCount();

  /// The id of the room that this create event would make: since room version 12 it is the event's
  /// hash; before, each call gives another.
  ///
  /// @param create without a room id
  /// @param originServerTs the event's time in milliseconds since 1970
  /// @throws org.hearth.server.matrix.error.MatrixException if it would not be an event of that
  ///   version
  RoomId newRoomId(RoomVersion version, EventDraft create, long originServerTs);

  /// The state now.
  Optional<RoomState> currentState(RoomId room);

  /// The state after the last event at or before that position; empty when the room began later.
  Optional<RoomState> stateAt(RoomId room, LogPosition position);

  /// The state before that event.
  RoomState stateBefore(RoomEvent event);

  /// The state after that event: with it, when it is state.
  RoomState stateAfter(RoomEvent event);

  /// Who may do what, now.
  Optional<PowerLevels> powerLevels(RoomId room);

  /// The events that nothing refers to yet.
  List<EventId> forwardExtremities(RoomId room);

  /// Whether, after that position, the current state changed otherwise than by events of the
  /// timeline, because branches of the room's history came together.
  boolean stateChangedAside(RoomId room, LogPosition after);

  /// What is to be looked at about rooms, newest first.
  List<RoomAlert> alerts(int limit);

  // --- the graph

  /// Previous events that are not here, from where the room's history could be fetched on; of more
  /// than a thousand those that were cited last.
  Set<EventId> missingPrevious(RoomId room);

  /// Events between two cuts through the room, as `get_missing_events` asks for them.
  ///
  /// @param earliest these and what is before them are not walked
  /// @param latest what is before these is walked
  List<RoomEvent> between(
      RoomId room,
      Collection<EventId> earliest,
      Collection<EventId> latest,
      int limit,
      long minDepth);

  /// These events and what was before them, deepest first, as `backfill` asks for them.
  List<RoomEvent> backfill(RoomId room, Collection<EventId> from, int limit);

  /// What the event counts for; empty when it is not here.
  Optional<EventStatus> status(EventId event);

  /// Those of the events that are not here, in their order; quick also for a whole state of them.
  Set<EventId> unknown(Collection<EventId> events);

  /// The event nearest to a moment that the user may see.
  ///
  /// @param timestamp milliseconds since 1970
  /// @param forwards the first at or after the moment, else the last at or before it
  Optional<RoomEvent> eventNear(RoomId room, UserId user, long timestamp, boolean forwards);

  // --- events

  /// The event, of whatever room and standing; see [#maySee] and [#status].
  Optional<RoomEvent> event(EventId event);

  /// The event at that position, of whatever room.
  Optional<RoomEvent> eventAt(LogPosition position);

  /// The events at those positions, at which events are known to be, in that order.
  List<RoomEvent> eventsAt(List<LogPosition> positions);

  /// Those of the events at those positions that are state and that everybody who may see them is
  /// told in the same words, by those positions. The others are left out: they are redacted, for
  /// one, or large.
  Map<LogPosition, EncodedEvent> encodedAt(List<LogPosition> positions);

  /// The newest live events of the room, newest first.
  ///
  /// @param upTo the highest position, inclusive
  /// @param after the lowest position, exclusive; [LogPosition#ORIGIN] for no bound
  List<RoomEvent> backwards(RoomId room, LogPosition upTo, LogPosition after, int limit);

  /// The oldest live events of the room, oldest first.
  ///
  /// @param after the lowest position, exclusive
  /// @param upTo the highest position, inclusive
  List<RoomEvent> forwards(RoomId room, LogPosition after, LogPosition upTo, int limit);

  /// The newest live event of a range before which others are missing, of which readers of the
  /// timeline are never told as live; should they come later, they are history.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  Optional<LogPosition> lastGap(RoomId room, LogPosition after, LogPosition upTo);

  /// Events of the room's timeline, live or before that.
  Stretch stretch(RoomId room, Stretch.Reach reach, Stretch.Size size);

  /// The same for who goes on without those whose rows are damaged. The other calls fail on such a
  /// row.
  Stretch readable(RoomId room, Stretch.Reach reach, Stretch.Size size);

  /// The events shown in the room that say that they relate to an event, in the order of the room's
  /// history; without those whose relation a redaction has taken away, and those whose rows are
  /// damaged. What a user may see of them says [#visible].
  ///
  /// As many relations are looked at as the query's limit, and no more: for who goes on from where
  /// the look ended.
  Stretch related(RoomId room, RelationQuery query);

  /// The same of what relates to the event, and to that, and so on for [#RELATION_LEVELS] levels:
  /// the next events of all of it, as many as the query's limit.
  Stretch relatedDeep(RoomId room, RelationQuery query);

  /// What is told together with events of one room of what relates to them; nothing of those to
  /// which nothing of that kind relates.
  ///
  /// @param user who is told
  /// @param ignored of whom replies in threads are not counted
  Map<EventId, Aggregate> aggregates(UserId user, Set<String> ignored, List<RoomEvent> events);

  /// Those of the events of the room that have replies in a thread which are wanted, those with the
  /// latest replies first.
  ThreadStretch threads(RoomId room, ThreadQuery query);

  /// The newest event shown in the room that annotates so, unless it is redacted: there is no older
  /// one then, because a duplicate of one that counts is refused.
  Optional<RoomEvent> annotation(RoomId room, Annotation annotation);

  /// The state event that this one replaced.
  Optional<RoomEvent> replacedBy(RoomEvent event);

  // --- members

  /// The membership now; empty when there never was one.
  Optional<RoomMembership> membership(RoomId room, UserId user);

  /// The membership at that position; empty when there was none yet. `forgotten` is of now.
  Optional<RoomMembership> membershipAt(RoomId room, UserId user, LogPosition position);

  /// What the user is to a room in which this server is not; empty where the room's own tables say
  /// what the user is. Calls that answer with memberships have it, too; calls that answer with
  /// events and state have nothing of such a room.
  Optional<OutsideRoom> outside(RoomId room, UserId user);

  /// The user's rooms where the membership now is one of these; forgotten rooms too.
  List<RoomMembership> roomsOf(UserId user, Set<Membership> memberships);

  /// The rooms in which any of these users is joined now, with those users.
  ///
  /// @param users at most [#MOST_USERS]
  Map<RoomId, List<UserId>> joinedRooms(List<UserId> users);

  /// When something last happened in the rooms with which the user has or had anything to do and
  /// that are here; in one look, however many they are.
  List<RoomActivity> activity(UserId user);

  /// The room's users whose membership now is one of these.
  List<RoomMembership> members(RoomId room, Set<Membership> memberships);

  /// The room's memberships that are later than that position, whatever they are now.
  List<RoomMembership> membersAfter(RoomId room, LogPosition after);

  /// The users that are joined now.
  Set<UserId> joinedUsers(RoomId room);

  /// Whether the user is joined now.
  boolean isJoined(RoomId room, UserId user);

  /// Whether the two are joined in one room now.
  boolean shareRoom(UserId one, UserId other);

  /// What an invited or knocking user is shown of the room: the stripped state as of the member
  /// event that invited them, which is in it.
  ///
  /// **source**: [stripped state](https://spec.matrix.org/v1.19/client-server-api/#stripped-state)
  ///
  /// @return events of type, sender, state key and content; empty when the user is neither invited
  ///   nor knocking
  List<ObjectNode> strippedState(RoomId room, UserId user);

  // --- visibility

  /// Whether the user may see the event, by the room's history visibility and the user's
  /// memberships.
  ///
  /// **source**: [history
  /// visibility](https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility)
  boolean maySee(UserId user, RoomEvent event);

  /// Those of the events that the user may see, in their order. Quick when they are of one room.
  List<RoomEvent> visible(UserId user, Collection<RoomEvent> events);

  /// Whether anyone may look into the room without being in it, now.
  boolean isWorldReadable(RoomId room);
}
