package org.hearth.server.writers.federationmembership.resident;

import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;

/// A member event that a server has handed in, after everything that can be checked without the
/// room's state.
///
/// @param signers who has validly signed it
record Handed(Door.Room room, Pdu event, Set<ServerName> signers) {
  Handed {
    signers = Set.copyOf(signers);
  }
}
