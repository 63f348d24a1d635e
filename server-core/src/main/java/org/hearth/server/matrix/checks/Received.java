package org.hearth.server.matrix.checks;

import java.util.Objects;
import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;

/// What checks 1 to 3 make of something that a peer has sent as an event.
public sealed interface Received {
  /// An event that has passed all three.
  ///
  /// @param event as it was sent
  /// @param signers the servers that have validly signed it, of those that any rule asks for
  record Intact(Pdu event, Set<ServerName> signers) implements Received {
    public Intact {
      signers = Set.copyOf(signers);
    }
  }

  /// An event that has passed the first two; its content hash is not that of its content. "The
  /// receiving server should use the redacted copy it calculated rather than the full copy it
  /// received."
  ///
  /// @param event the redacted copy
  /// @param signers the servers that have validly signed it, of those that any rule asks for
  record Redacted(Pdu event, Set<ServerName> signers) implements Received {
    public Redacted {
      signers = Set.copyOf(signers);
    }
  }

  /// It is no event for us.
  ///
  /// @param rule that it breaks; its name is stable and may be stored
  /// @param detail what was expected and what was found, for the operator's log; contains what the
  ///   peer wrote
  record Dropped(DropRule rule, String detail) implements Received {
    public Dropped {
      Objects.requireNonNull(rule);
      Objects.requireNonNull(detail);
    }
  }
}
