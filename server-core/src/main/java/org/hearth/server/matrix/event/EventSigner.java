package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.node.ObjectNode;

/// Signs the events that this server makes.
///
/// **thread**: any.
public interface EventSigner {
  /// The `signatures` of an event.
  ///
  /// @param essentialBytes the event's, see [ReferenceHash#essentialBytes]
  ObjectNode sign(byte[] essentialBytes);

  /// How many bytes `signatures` takes in canonical JSON, always the same: so an event's size is
  /// known before it is signed.
  int signaturesBytes();
}
