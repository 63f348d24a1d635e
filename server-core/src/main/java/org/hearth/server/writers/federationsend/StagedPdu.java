package org.hearth.server.writers.federationsend;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.services.staging.StagedEvent;
import org.jspecify.annotations.Nullable;

/// An event on its way to the Room Server.
///
/// **thread**: whoever has it in a turn; between turns it is handed on by the lock of [RoomWork].
final class StagedPdu {
  /// What an event names itself, and the first of a state. A peer may name a state of a hundred
  /// thousand events, and each event that waits would remember them all.
  static final int MOST_MISSING = 100;

  private final StagedEvent staged;
  private @Nullable Pdu event;
  private @Nullable Set<ServerName> signers;
  private Set<EventId> missing = Set.of();
  private @Nullable ServerName policyServer;
  private int attempts;
  private long heldBytes;

  /// Nobody needs it any more.
  private volatile boolean gone;

  StagedPdu(StagedEvent staged) {
    this.staged = staged;
  }

  StagedEvent staged() {
    return staged;
  }

  EventId id() {
    return staged.event();
  }

  ServerName origin() {
    return staged.origin();
  }

  /// The event, if it is in memory.
  @Nullable Pdu event() {
    return event;
  }

  /// Who has signed it; null before it was verified.
  @Nullable Set<ServerName> signers() {
    return signers;
  }

  /// Keeps the event in memory.
  ///
  /// @param bytes that it takes there
  void hold(Pdu read, long bytes) {
    event = read;
    heldBytes = bytes;
  }

  /// Whether it may stay in memory while it waits.
  boolean isHeld() {
    return heldBytes > 0;
  }

  /// It has passed checks 2 and 3, perhaps as a redacted copy.
  void verified(Pdu checked, Set<ServerName> by) {
    event = checked;
    signers = by;
  }

  /// What the event took in memory, which is given back.
  long release() {
    long held = heldBytes;
    heldBytes = 0;
    event = null;
    signers = null;
    return held;
  }

  /// What was not here when it was last to be judged.
  Set<EventId> missing() {
    return missing;
  }

  /// Remembers what was not here, or the first of it: when one of those comes, this one has its
  /// turn before its pause is over.
  void missing(Stream<EventId> events) {
    policyServer = null;
    missing = events.limit(MOST_MISSING).collect(Collectors.toUnmodifiableSet());
  }

  /// The server on whose account its jobs are: the one that has handed it over, unless nothing is
  /// missing but the signature of a policy server. Then it waits for that one, and what others have
  /// handed over does not wait behind it.
  ServerName lane() {
    ServerName policy = policyServer;
    return policy == null ? origin() : policy;
  }

  /// It waits for the signature of that policy server.
  void waitsFor(ServerName policy) {
    policyServer = policy;
    missing = Set.of();
  }

  /// How often what it needs was asked for in vain.
  int attempts() {
    return attempts;
  }

  void triedInVain() {
    attempts++;
  }

  boolean isGone() {
    return gone;
  }

  void goes() {
    gone = true;
  }
}
