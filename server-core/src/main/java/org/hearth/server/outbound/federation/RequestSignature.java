package org.hearth.server.outbound.federation;

import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.SignedRequest;
import org.hearth.server.matrix.sign.SigningKey;

/// Makes the `Authorization` header by which a request proves whose it is.
///
/// **source**: [Request Authentication][spec]
///
/// [spec]: https://spec.matrix.org/v1.19/server-server-api/#request-authentication
final class RequestSignature {
  private RequestSignature() {}

  /// The header's value: "Step 2 add `Authorization` header".
  static String header(SignedRequest request, SigningKey key) {
    // "For compatibility with older servers, the sender should only include one space after
    // `X-Matrix`, only use lower-case names, avoid using backslashes in parameter values, and avoid
    // including whitespace around the commas". No name has a quote.
    return "X-Matrix origin=\"%s\",destination=\"%s\",key=\"%s\",sig=\"%s\""
        .formatted(
            request.origin(),
            request.destination(),
            key.id().value(),
            UnpaddedBase64.encode(key.sign(request.bytes())));
  }
}
