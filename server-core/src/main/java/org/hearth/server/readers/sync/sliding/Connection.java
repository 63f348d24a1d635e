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
/// **Bound:** [#MOST_STEPS], [#MOST_STATES]; the rooms are those that were sent. [#bytes] counts
/// all of it, and the request that is under way. **Thread:** any; guarded by itself.
final class Connection {
  /// Answers to one `pos` that are known again: of a client that asks more often the oldest are
  /// not.
  static final int MOST_STEPS = 4;

  /// Of the states that clients want in turn, so many are kept, those that were wanted last. Of a
  /// room of which an older one was wanted, all the state is sent again.
  static final int MOST_STATES = 16;

  /// With its name and what names its client.
  private static final int FIXED_BYTES = 1_600;

  private final SentMembers members;
  private final SentMembers.Client client;
  private final Map<RoomId, Sent> sent = new HashMap<>();

  /// By their numbers, by which the rooms refer to them.
  private final Map<Long, RequiredState> states =
      new LinkedHashMap<>(MOST_STATES, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, RequiredState> eldest) {
          return size() > MOST_STATES;
        }
      };

  private final Deque<Step> steps = new ArrayDeque<>();
  private Step base = Step.begin();
  private long lastState = Sent.NO_STATE;
  private @Nullable WaitingSync waiting;
  private long requestBytes;
  private boolean closed;

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

  /// The number of a state, the same for equal ones as long as one is kept.
  synchronized long number(RequiredState state) {
    for (Map.Entry<Long, RequiredState> each : states.entrySet()) {
      if (each.getValue().equals(state)) {
        long number = each.getKey();
        // It is the last that was wanted now.
        var _ = states.get(number);
        return number;
      }
    }
    states.put(++lastState, state);
    return lastState;
  }

  /// The state with that number; that nothing is wanted where it is not kept any more.
  synchronized RequiredState state(long number) {
    return states.getOrDefault(number, RequiredState.NONE);
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
  ///
  /// @param bytes what the request takes as long as it is under way
  synchronized void enter(WaitingSync request, long bytes) {
    if (waiting != null) {
      waiting.end();
    }
    waiting = request;
    requestBytes = bytes;
    if (closed) {
      request.end();
    }
  }

  synchronized void leave(WaitingSync request) {
    if (request.equals(waiting)) {
      waiting = null;
      requestBytes = 0;
    }
  }

  /// Whether a request waits on it.
  synchronized boolean isWaitedOn() {
    return waiting != null;
  }

  /// Nobody comes back to it: who waits, or would wait, is answered.
  synchronized void close() {
    closed = true;
    if (waiting != null) {
      waiting.end();
    }
  }

  synchronized long bytes() {
    return FIXED_BYTES
        + requestBytes
        + states.values().stream().mapToLong(RequiredState::bytes).sum()
        + (long) Sent.BYTES * sent.size()
        + base.bytes()
        + steps.stream().mapToLong(Step::bytes).sum();
  }
}
