package org.hearth.server.outbound;

import java.net.InetAddress;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the other side answered.
///
/// @param request what it answers
/// @param address whom the connection leads to
/// @param certificate what it proved by to be whom it should be; empty of plain text
/// @param status the status code, 200 to 599
/// @param headers name, in small letters → values, in their order
/// @param body the whole body; not to be changed
@SuppressWarnings("ArrayRecordComponent") // A copy of a megabyte for each reader would be dearer.
public record Response(
    OutboundRequest request,
    InetAddress address,
    Optional<X509Certificate> certificate,
    int status,
    Map<String, List<String>> headers,
    byte[] body)
    implements Outcome {
  /// The first value of a header.
  ///
  /// @param name in small letters
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name)).map(List::getFirst);
  }

  /// Where a redirect leads. Nobody follows it but the caller, with [OutboundRequest#redirectedTo],
  /// and the new address is checked like every other.
  public Optional<URI> redirect() {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> header("location").flatMap(this::resolve);
      default -> Optional.empty();
    };
  }

  private Optional<URI> resolve(String location) {
    try {
      return Optional.of(request.uri().resolve(location));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
