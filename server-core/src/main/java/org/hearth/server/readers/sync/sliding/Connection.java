package org.hearth.server.readers.sync.sliding;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.sections.SentMembers;
import org.hearth.server.readers.sync.view.WaitingSync;
import org.jspecify.annotations.Nullable;

/// One connection: what its client has, and what was answered since.
///
/// ```text
///   what the client has ──(request)──► step ─┐  the client comes with the `pos` of one of these:
///                       ──(again)────► step ─┴► it has that one, and the others never arrived
/// ```
///
/// "The server cannot assume that a client has received a response until it receives a new request
/// with the `pos` token set to the `pos` it returned in the response." So each answer is made of
/// what the client has, and is a step from there; the same request asked again is answered from the
/// same.
///
/// **Bound:** [#MOST_STEPS]; the rooms are those that were sent. **Thread:** any; guarded by
/// itself.
final class Connection {
  /// Answers to one `pos` that are known again: of a client that asks more often the oldest are
  /// not.
  static final int MOST_STEPS = 4;

  /// Of the states that clients want in turn, so many are kept.
  private static final int MOST_STATES = 16;

  private static final int FIXED_BYTES = 1_000;
  private static final int STATE_BYTES = 4_000;

  private final SentMembers members;
  private final SentMembers.Client client;
  private final Map<RoomId, Sent> sent = new HashMap<>();
  private final Map<RequiredState, RequiredState> states =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<RequiredState, RequiredState> eldest) {
          return size() > MOST_STATES;
        }
      };
  private final Deque<Step> steps = new ArrayDeque<>();
  private Step base = Step.begin();
  private @Nullable WaitingSync waiting;

  /// @param members who was told to all clients
  /// @param client by which the members of this connection are known
  Connection(SentMembers members, SentMembers.Client client) {
    this.members = members;
    this.client = client;
  }

  /// Goes on from the answer of that number.
  ///
  /// @return false if the client cannot have that answer
  synchronized boolean comeTo(long number) {
    if (base.number() == number && number != 0) {
      return true;
    }
    for (Step each : steps) {
      if (each.number() == number) {
        take(each);
        return true;
      }
    }
    return false;
  }

  private void take(Step step) {
    steps.clear();
    sent.putAll(step.sent());
    LogPosition number = new LogPosition(step.number());
    for (Step.Member each : step.members()) {
      members.add(client, each.room(), each.user(), each.event(), number);
    }
    base =
        new Step(
            step.number(), step.point(), step.extensions(), Map.of(), step.counts(), List.of());
  }

  /// Notes an answer to who has what the client had when it was made; else nothing: another request
  /// has gone on meanwhile, and the client must not use that one's answer.
  synchronized void answered(Step from, Step step) {
    if (from.number() == base.number()) {
      steps.addLast(step);
      if (steps.size() > MOST_STEPS) {
        steps.removeFirst();
      }
    }
  }

  /// What the client has.
  synchronized Step base() {
    return base;
  }

  /// What the client has of that room; empty if it was never sent.
  synchronized Optional<Sent> sent(RoomId room) {
    return Optional.ofNullable(sent.get(room));
  }

  /// The one of equal values that is kept with the rooms: so that it is there once, and to compare
  /// two costs nothing.
  synchronized RequiredState kept(RequiredState state) {
    return states.computeIfAbsent(state, each -> each);
  }

  /// Looks at every room that was sent.
  synchronized void each(BiConsumer<RoomId, Sent> look) {
    sent.forEach(look);
  }

  /// Whether the client was told that member event for the sake of a timeline.
  boolean hasMember(RoomId room, String user, LogPosition event) {
    return members.has(client, room, user, event, new LogPosition(Long.MAX_VALUE));
  }

  /// "Clients must only have a single active request in-flight at any time per connection": one
  /// that still waits is answered.
  synchronized void enter(WaitingSync request) {
    if (waiting != null) {
      waiting.end();
    }
    waiting = request;
  }

  synchronized void leave(WaitingSync request) {
    if (request.equals(waiting)) {
      waiting = null;
    }
  }

  synchronized long bytes() {
    return FIXED_BYTES
        + (long) STATE_BYTES * states.size()
        + (long) Sent.BYTES * sent.size()
        + base.bytes()
        + steps.stream().mapToLong(Step::bytes).sum();
  }
}
