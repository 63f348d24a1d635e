package org.hearth.server.outbound;

/// The steps of a request, in their order.
public enum Phase {
  /// Waiting for a free connection.
  QUEUE,
  /// Asking for the addresses of the name.
  RESOLVE,
  /// Connecting to one of them.
  CONNECT,
  /// The TLS handshake.
  HANDSHAKE,
  /// Writing the request.
  SEND,
  /// Waiting for the status line and the headers.
  ANSWER,
  /// Reading the body.
  BODY
}
