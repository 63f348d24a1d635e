package org.hearth.server.outbound.federation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.Limits;

/// A request to another homeserver.
///
/// @param destination whose server is asked
/// @param method such as `GET`
/// @param target the path with the query, from `/_matrix/` on, each part encoded already
/// @param content the body, if there is one; not to be changed
/// @param limits what it may cost, once it is known where the server is
/// @param urgent whether it is sent even while the server is left alone because of failures: what
///   somebody waits for
public record FederationRequest(
    ServerName destination,
    String method,
    String target,
    Optional<ObjectNode> content,
    Limits limits,
    boolean urgent) {
  /// The bytes of an answer, unless the caller expects more.
  public static final int ANSWER_BYTES = 1 << 20;

  private static final Pattern TARGET = Pattern.compile("/_matrix/[\\x21-\\x7e&&[^#]]*");

  public FederationRequest {
    if (!TARGET.matcher(target).matches()) {
      throw new IllegalArgumentException("expected a target of /_matrix/, found " + target);
    }
  }

  /// A GET with the ordinary limits.
  public static FederationRequest get(ServerName destination, String target) {
    return new FederationRequest(
        destination, "GET", target, Optional.empty(), Limits.defaults(), false);
  }

  /// A PUT with the ordinary limits.
  public static FederationRequest put(ServerName destination, String target, ObjectNode content) {
    return new FederationRequest(
        destination, "PUT", target, Optional.of(content), Limits.defaults(), false);
  }

  /// A POST with the ordinary limits.
  public static FederationRequest post(ServerName destination, String target, ObjectNode content) {
    return new FederationRequest(
        destination, "POST", target, Optional.of(content), Limits.defaults(), false);
  }

  /// The same, with an answer of another size that may take another time.
  public FederationRequest withAnswer(int bytes, Duration time) {
    Limits changed =
        new Limits(limits.connect(), limits.handshake(), time, time, limits.headerBytes(), bytes);
    return new FederationRequest(destination, method, target, content, changed, urgent);
  }

  /// The same, sent whatever happened before.
  public FederationRequest asUrgent() {
    return new FederationRequest(destination, method, target, content, limits, true);
  }
}
