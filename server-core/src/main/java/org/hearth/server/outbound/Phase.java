package org.hearth.server.outbound;

/// The steps of a request, in their order.
public enum Phase {
  /// Waiting for a free connection.
  QUEUE("waiting for a free connection"),
  /// Asking for the addresses of the name.
  RESOLVE("finding the address"),
  /// Connecting to one of them.
  CONNECT("connecting"),
  /// The TLS handshake.
  HANDSHAKE("the TLS handshake"),
  /// Writing the request.
  SEND("sending the request"),
  /// Waiting for the status line and the headers.
  ANSWER("waiting for the answer"),
  /// Reading the body.
  BODY("reading the answer");

  final String words;

  Phase(String words) {
    this.words = words;
  }
}
