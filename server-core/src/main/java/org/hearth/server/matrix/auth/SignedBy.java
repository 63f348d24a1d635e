package org.hearth.server.matrix.auth;

import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;

/// Whether an event carries a valid signature of a server.
///
/// Keys come from elsewhere, so who calls the rules says how signatures were checked.
@FunctionalInterface
public interface SignedBy {
  /// For a caller that has checked the signatures of all servers that must sign, the authorising
  /// user's among them.
  SignedBy CHECKED_BEFORE = (_, _) -> true;

  /// For a caller that has found out whose signatures an event carries.
  ///
  /// @param signers the servers that have validly signed the event, which does not change meanwhile
  static SignedBy servers(Set<ServerName> signers) {
    return (_, server) -> signers.contains(server);
  }

  /// Whether the server has validly signed the event.
  boolean isSignedBy(Pdu event, ServerName server);
}
