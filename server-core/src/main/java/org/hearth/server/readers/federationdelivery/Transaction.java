package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;

/// A transaction for one server, and what is paid when the server has it.
///
/// @param id the same whenever these same events and EDUs are sent to that server
/// @param content the body; not to be changed
/// @param events those that are in it, in order
/// @param bytes about what the body is
/// @param fleeting whether something is in it that is of no use later
/// @param only what it is all about, if it is about one thing
/// @param pays what need not be sent any more then
record Transaction(
    String id,
    ObjectNode content,
    List<EventId> events,
    long bytes,
    boolean fleeting,
    Optional<Object> only,
    Pays pays) {

  /// How many PDUs and EDUs there are.
  int size() {
    return content.path("pdus").size() + content.path("edus").size();
  }

  /// What is paid.
  ///
  /// @param rooms of which rooms what was sent
  /// @param receipts of which rooms which receipts
  record Pays(List<OfRoom> rooms, List<ReceiptsOf> receipts, List<DeliveryRows.Key> edus) {}

  /// @param positions of events that were sent one by one
  /// @param latest whether the latest events of the room were sent, as they were when `newest` was
  ///   the newest that was owed
  record OfRoom(RoomId room, List<Long> positions, boolean latest, long newest) {}

  /// @param since the position from which on receipts were told
  /// @param next the position from which on receipts are still owed
  record ReceiptsOf(RoomId room, long since, long next) {}
}
