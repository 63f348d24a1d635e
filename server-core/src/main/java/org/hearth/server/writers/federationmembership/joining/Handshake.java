package org.hearth.server.writers.federationmembership.joining;

import org.hearth.server.matrix.auth.Membership;

/// What a user of this server asks the servers in a room for: a template first, which comes back
/// signed.
enum Handshake {
  JOIN(Membership.JOIN, "make_join", "send_join", true),
  KNOCK(Membership.KNOCK, "make_knock", "send_knock", true),
  LEAVE(Membership.LEAVE, "make_leave", "send_leave", false);

  private final Membership membership;
  private final String make;
  private final String send;
  private final boolean namesVersions;

  Handshake(Membership membership, String make, String send, boolean namesVersions) {
    this.membership = membership;
    this.make = make;
    this.send = send;
    this.namesVersions = namesVersions;
  }

  /// What the user becomes.
  Membership membership() {
    return membership;
  }

  /// The endpoint that gives a template.
  String make() {
    return make;
  }

  /// The endpoint that takes the event.
  String send() {
    return send;
  }

  /// Whether `make` is told the room versions that this server knows.
  boolean namesVersions() {
    return namesVersions;
  }
}
