package org.hearth.server.writers.federationsend;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.checks.PolicyAnswer;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.PolicySigning;
import org.jspecify.annotations.Nullable;

/// The signatures of a room's policy server that events of one job need.
///
/// **bound**: time, [#LONGEST]. **thread**: one job's.
final class PolicySignatures {
  /// How long a policy server is asked about events; about the others it is asked another time.
  static final Duration LONGEST = Duration.ofSeconds(30);

  private final PolicySigning policies;
  private final Set<EventId> notRecommended = new HashSet<>();

  /// When the policy server was first asked, in nanoseconds; null before.
  private @Nullable Long began;

  /// The room's policy server, if it had not signed something when the Room Server was last asked.
  private @Nullable PolicyServer unsigned;

  PolicySignatures(PolicySigning policies) {
    this.policies = policies;
  }

  /// The room's policy server has not signed some event.
  void areMissing(PolicyServer policy) {
    unsigned = policy;
  }

  /// Events about which the policy server was asked in vain.
  Set<EventId> notRecommended() {
    return notRecommended;
  }

  /// Has the policy server sign what it has not signed of the events that are to be placed: also
  /// those that are still incomplete, since a walk may have found a hundred, each of which follows
  /// the one before it.
  ///
  /// @param toPlace gets the signed copies
  /// @return whether that changes anything
  boolean haveSigned(Map<EventId, Pdu> toPlace) throws InterruptedException {
    PolicyServer policy = unsigned;
    unsigned = null;
    if (policy == null) {
      return false;
    }
    long now = System.nanoTime();
    began = began == null ? now : began;
    Duration left = LONGEST.minusNanos(now - began);
    List<Pdu> toSign =
        toPlace.values().stream()
            .filter(each ->
                PolicyServer.isAskedAbout(each)
                    && !notRecommended.contains(each.eventId())
                    && !policy.hasSigned(each))
            .toList();
    if (left.isNegative() || toSign.isEmpty()) {
      return false;
    }
    Map<EventId, PolicyAnswer> answers = policies.signAll(policy, toSign, left);
    answers.forEach((id, answer) -> {
      switch (answer) {
        case PolicyAnswer.Signed(Pdu signed) -> toPlace.put(id, signed);
        // "If the event still does not have a valid Policy Server signature, the event is *not*
        // recommended for inclusion": also if the policy server cannot be asked.
        case PolicyAnswer.Refused _, PolicyAnswer.None _ -> notRecommended.add(id);
      }
    });
    return !answers.isEmpty();
  }
}
