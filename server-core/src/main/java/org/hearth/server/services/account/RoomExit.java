package org.hearth.server.services.account;

import java.util.Collection;
import java.util.List;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;

/// Lets users leave rooms.
public interface RoomExit {
  /// Leaves every room where the user is joined, invited or knocking; returns when all of that is
  /// durable.
  ///
  /// @throws InterruptedException if interrupted; some rooms may then not have been left
  /// @throws RuntimeException if a room could not be left now; to be tried again. One that is
  ///   parked or damaged does not keep the user in the others
  void leaveAll(UserId user) throws InterruptedException;

  /// Those of the guests who are joined to a room that does not let guests join (any more).
  ///
  /// @param guests at most [RoomQueries#MOST_USERS]
  Collection<UserId> whereGuestsMayNotBe(List<UserId> guests);

  /// Leaves every room where the guest is joined that does not let guests join (any more); returns
  /// when that is durable.
  ///
  /// @throws InterruptedException if interrupted; some rooms may then not have been left
  /// @throws RuntimeException if a room could not be left now; to be tried again. One that is
  ///   parked or damaged does not keep the user in the others
  void leaveWhereGuestsMayNotBe(UserId guest) throws InterruptedException;
}
