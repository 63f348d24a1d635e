package org.hearth.server.outbound;

import java.net.InetAddress;
import java.time.Duration;

/// Why a request got no response.
public sealed interface Failure extends Outcome {
  /// What happened, in words that go on after "because".
  default String words() {
    return switch (this) {
      case InvalidHost(String host) -> host + " is neither a domain name nor an address";
      case PlainTextRefused _ -> "the address is not encrypted";
      case AddressBlocked(String host, InetAddress address) ->
          host.startsWith("[") || host.equals(address.getHostAddress())
              ? host + " is in a blocked network"
              : "%s has the address %s, which is in a blocked network"
                  .formatted(host, address.getHostAddress());
      case NameNotFound(String host, String reason) ->
          "%s cannot be found: %s".formatted(host, reason);
      case ConnectFailed(InetAddress address, String reason) ->
          "%s takes no connection: %s".formatted(address.getHostAddress(), reason);
      case TlsFailed(InetAddress address, TlsReason why, String reason) ->
          "%s could not be verified (%s): %s"
              .formatted(address.getHostAddress(), why.words, reason);
      case TimedOut(Phase phase, Duration allowed) ->
          "it took longer than %s s in %s".formatted(seconds(allowed), phase.words);
      case TooLarge(Part part, long limit) ->
          "the response has more than %d bytes of %s".formatted(limit, part.words);
      case ConnectionLost(String reason) -> "the connection was lost: " + reason;
      case InvalidResponse(String reason) -> "what came is no proper response: " + reason;
      case Busy _ -> "too much is under way already";
      case Stopping _ -> "this server is stopping";
    };
  }

  private static String seconds(Duration time) {
    return String.valueOf(time.toMillis() / 1_000.0);
  }

  /// The host is neither a domain name nor an address in its ordinary spelling.
  record InvalidHost(String host) implements Failure {}

  /// The caller asked for encryption, and the address has none.
  record PlainTextRefused() implements Failure {}

  /// The host has an address in a blocked network. No connection was tried, neither to this address
  /// nor to another of the host.
  record AddressBlocked(String host, InetAddress address) implements Failure {}

  /// The name has no address, or nobody could be asked.
  record NameNotFound(String host, String reason) implements Failure {}

  /// No address of the host took the connection; `address` is the one tried last.
  record ConnectFailed(InetAddress address, String reason) implements Failure {}

  /// The other side could not be verified, or speaks no TLS that is accepted here.
  record TlsFailed(InetAddress address, TlsReason why, String reason) implements Failure {}

  /// The time allowed for a phase, or for the whole, ended in this phase.
  record TimedOut(Phase phase, Duration allowed) implements Failure {}

  /// A part of the response is longer than the request's limits allow.
  record TooLarge(Part part, long limit) implements Failure {}

  /// The connection ended before the response did.
  record ConnectionLost(String reason) implements Failure {}

  /// What came is no HTTP response, or is encoded in a way that was not asked for.
  record InvalidResponse(String reason) implements Failure {}

  /// Too many requests wait for this destination, or for all; or there is no memory for the answer.
  record Busy() implements Failure {}

  /// This server is stopping.
  record Stopping() implements Failure {}

  /// Why the TLS handshake failed.
  enum TlsReason {
    /// The certificate is for other names.
    WRONG_NAME("the certificate is for other names"),
    /// The certificate is no longer valid.
    EXPIRED("the certificate has expired"),
    /// The certificate is not valid yet.
    NOT_YET_VALID("the certificate is not valid yet"),
    /// Nobody who is trusted signed the certificate.
    UNTRUSTED("nobody trusted signed the certificate"),
    /// Anything else: no version or cipher in common, not TLS at all.
    PROTOCOL("no TLS in common");

    private final String words;

    TlsReason(String words) {
      this.words = words;
    }
  }

  /// A part of a response.
  enum Part {
    /// Status line and headers; trailers too.
    HEADERS("headers"),
    /// The body.
    BODY("body");

    private final String words;

    Part(String words) {
      this.words = words;
    }
  }
}
