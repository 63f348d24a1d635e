package org.hearth.server.outbound;

import java.net.InetAddress;
import java.time.Duration;

/// Why a request got no response.
public sealed interface Failure extends Outcome {
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

  /// Too many requests wait for this destination, or for all.
  record Busy() implements Failure {}

  /// This server is stopping.
  record Stopping() implements Failure {}

  /// Why the TLS handshake failed.
  enum TlsReason {
    /// The certificate is for other names.
    WRONG_NAME,
    /// The certificate is no longer valid.
    EXPIRED,
    /// The certificate is not valid yet.
    NOT_YET_VALID,
    /// Nobody who is trusted signed the certificate.
    UNTRUSTED,
    /// Anything else: no version or cipher in common, not TLS at all.
    PROTOCOL
  }

  /// A part of a response.
  enum Part {
    /// Status line and headers; trailers too.
    HEADERS,
    /// The body.
    BODY
  }
}
