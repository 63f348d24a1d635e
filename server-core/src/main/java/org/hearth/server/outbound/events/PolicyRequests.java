package org.hearth.server.outbound.events;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import org.hearth.server.matrix.checks.PolicyAnswer;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.outbound.federation.PeerRequests;

/// Asks policy servers to sign events.
///
/// **thread**: any that may wait; none of a log. **errors**: nothing that a peer sends makes it
/// throw.
///
/// **source**: [`POST /_matrix/policy/v1/sign`][sign]
///
/// [sign]: https://spec.matrix.org/v1.19/server-server-api/#post_matrixpolicyv1sign
public final class PolicyRequests {
  /// How long an answer may take.
  static final Duration TIME = Duration.ofSeconds(10);

  private static final int ANSWER_BYTES = 64 << 10;
  private static final String TARGET = "/_matrix/policy/v1/sign";

  private final PeerRequests peers;

  public PolicyRequests(PeerRequests peers) {
    this.peers = peers;
  }

  /// Asks one about an event: "This endpoint MUST NOT be called for events which have a type of
  /// `m.room.policy` and an empty string `state_key`."
  ///
  /// @param urgent whether it is asked even if it could not be reached lately
  /// @throws InterruptedException if the caller was interrupted
  public PolicyAnswer ask(PolicyServer policy, Pdu event, boolean urgent)
      throws InterruptedException {
    if (!PolicyServer.isAskedAbout(event)) {
      throw new IllegalArgumentException("no policy server is asked about " + event);
    }
    FederationRequest request =
        FederationRequest.post(policy.name(), TARGET, event.exchanged())
            .withAnswer(ANSWER_BYTES, TIME);
    return switch (peers.send(urgent ? request.asUrgent() : request)) {
      case FederationReply.Answer(_, ObjectNode answer) -> signed(policy, event, answer);
      case FederationReply.Refused(int status, String errcode, String error, _, _)
          when status >= 400 && status < 500 ->
          new PolicyAnswer.Refused(status, errcode, error);
      case FederationReply other -> new PolicyAnswer.None(other.words());
    };
  }

  /// "After asking for a signature, homeservers SHOULD validate the returned signature before
  /// continuing to send events."
  private static PolicyAnswer signed(PolicyServer policy, Pdu event, ObjectNode answer) {
    try {
      Optional<Pdu> signed = policy.signed(event, answer);
      return signed.isPresent()
          ? new PolicyAnswer.Signed(signed.get())
          : new PolicyAnswer.None("its answer has no signature by the key that the room names");
    } catch (MatrixException e) {
      return new PolicyAnswer.None("the signed event would be none: " + e.safeMessage());
    }
  }
}
