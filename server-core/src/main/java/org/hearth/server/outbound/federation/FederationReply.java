package org.hearth.server.outbound.federation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.Failure;

/// What became of a request to another homeserver.
public sealed interface FederationReply {
  /// The server did what was asked.
  ///
  /// @param status 200 to 299
  /// @param body what it says; hostile like everything a peer sends
  record Answer(int status, ObjectNode body) implements FederationReply {}

  /// The server refused.
  ///
  /// @param status below 200 or above 299
  /// @param errcode such as `M_FORBIDDEN`; empty if it gave none
  /// @param error its sentence, cut; empty if it gave none
  /// @param roomVersion which version the room has, "required if the `errcode` is
  ///   `M_INCOMPATIBLE_ROOM_VERSION`"; empty if it gave none
  /// @param retryAfter how long it asks to be left alone, of status 429; it may be years. Zero if
  ///   it does not say
  record Refused(int status, String errcode, String error, String roomVersion, Duration retryAfter)
      implements FederationReply {
    /// A refusal that names no version and no time.
    public Refused(int status, String errcode, String error) {
      this(status, errcode, error, "", Duration.ZERO);
    }
  }

  /// The server answered what is no JSON object within the bounds.
  record Unintelligible(String why) implements FederationReply {}

  /// There is no answer.
  record NotReached(Failure why) implements FederationReply {}

  /// The server could not be reached lately, and is left alone.
  ///
  /// @param until when it is tried again
  /// @param because what the last failure was
  record LeftAlone(Instant until, String because) implements FederationReply {}

  /// This server's owner does not let it talk to that one, or it is this server itself.
  record NotAllowed(ServerName name) implements FederationReply {}

  /// What happened, in words that go on after "because".
  default String words() {
    return switch (this) {
      case Answer(int status, _) -> "it answered with status " + status;
      case Refused(int status, String errcode, String error, _, _) ->
          "it refused with status %d %s %s".formatted(status, errcode, error).stripTrailing();
      case Unintelligible(String why) -> "its answer cannot be read: " + why;
      case NotReached(Failure why) -> why.words();
      case LeftAlone(Instant until, String because) ->
          "it is left alone until %s, since %s".formatted(until, because);
      case NotAllowed(ServerName name) -> "this server does not talk to " + name;
    };
  }
}
