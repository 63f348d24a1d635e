package org.hearth.server.services.account;

import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.servers.room.RoomQueries;

/// The box GuestAccess: it keeps this server's guests out of rooms that are not open to guests.
///
/// [GuestAccess] follows the rooms; [GuestRemoval] lets the guests leave.
///
/// **thread**: as [Box] has it.
public final class Guests implements Box {
  /// The name in the wiring.
  public static final String BOX = "GuestAccess";

  private final GuestRemoval removal;
  private final Reading<RoomOutput> reading;

  /// @param exit lets the guests leave
  /// @param roomOutput not yet started
  /// @param start the last position that was committed before it is
  public Guests(
      AccountQueries accounts,
      RoomQueries rooms,
      RoomExit exit,
      OutputLog<RoomOutput> roomOutput,
      LogPosition start) {
    this.removal = new GuestRemoval(accounts, rooms::joinedUsers, exit);
    this.reading =
        Reading.of(roomOutput, new MemoryReader<>("guest-access", start, new GuestAccess(removal)));
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Shuts guests out";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<Reading<?>> readings() {
    return List.of(reading);
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, AccountService.BOX);
  }

  @Override
  public void start() {
    removal.start();
  }

  @Override
  public void stop() {
    removal.close();
  }
}
