package org.hearth.server.servers.receipt;

import java.util.List;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about receipts.
///
/// **thread**: any; a call reads from the disk.
public interface ReceiptQueries {
  /// The name in the wiring of the box that answers.
  String BOX = "ReceiptServer";

  /// How many receipts of others [#changed] gives: the newest.
  int MOST_RECEIPTS = 1_000;

  /// The receipts of a room that were set after one position up to another, as a user may know
  /// them: all of one's own, and others' that are not private. One that was set again after `upTo`
  /// is missing; whoever then asks for the changes since `upTo` gets it.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  List<ReceiptOutput> changed(RoomId room, UserId viewer, LogPosition after, LogPosition upTo);

  /// All receipts of a room that were set after a position, of whichever user and type, in the
  /// order in which they were set. For who keeps something of every user's own.
  List<ReceiptOutput> setAfter(RoomId room, LogPosition after);

  /// The first so many of the receipts of a room that are not private and were set after a
  /// position, of whichever user, in the order in which they were set; each at its position.
  List<Positioned<ReceiptOutput>> publicAfter(RoomId room, LogPosition after, int most);

  /// The rooms in which a user's own receipts were set after a position.
  ///
  /// @param upTo inclusive
  Set<RoomId> roomsReadAfter(UserId user, LogPosition after, LogPosition upTo);
}
