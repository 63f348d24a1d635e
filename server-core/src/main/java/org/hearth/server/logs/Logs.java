package org.hearth.server.logs;

import java.util.List;
import org.hearth.ringlogs.Arrow;
import org.hearth.ringlogs.LogSpec;
import org.hearth.ringlogs.Node;
import org.hearth.ringlogs.WiringDescription;

/// The logs of the server, by name, with what they carry; and the picture of the wiring they are
/// part of.
public final class Logs {
  /// Entries in the ring of one shard of room-input. Writers beyond it wait, and are told to come
  /// back when that takes too long.
  private static final int ROOM_INPUT_CAPACITY = 1024;

  /// Entries in the ring of room-output: a reader that is further behind reads from the store. No
  /// more than that, because a full ring keeps its entries for the next 1,024 whether they were
  /// read or not, and what lives that long costs the garbage collector.
  private static final int ROOM_OUTPUT_CAPACITY = 1024;

  private static final int ACCOUNT_OUTPUT_CAPACITY = 1024;

  /// The commands to the Room Server.
  public static final LogSpec<RoomInput> ROOM_INPUT =
      new LogSpec<>(
          "room-input",
          RoomInput.class,
          ROOM_INPUT_CAPACITY,
          command -> command.room().value(),
          new JsonCodec<>(RoomInput.class));

  /// What the Room Server decided.
  public static final LogSpec<RoomOutput> ROOM_OUTPUT =
      new LogSpec<>(
          "room-output",
          RoomOutput.class,
          ROOM_OUTPUT_CAPACITY,
          entry -> entry.room().value(),
          new JsonCodec<>(RoomOutput.class));

  /// What the services announce.
  public static final LogSpec<AccountOutput> ACCOUNT_OUTPUT =
      new LogSpec<>(
          "account-output",
          AccountOutput.class,
          ACCOUNT_OUTPUT_CAPACITY,
          AccountOutput::partitionKey,
          new JsonCodec<>(AccountOutput.class));

  private Logs() {}

  /// The boxes that are built and the arrows between them.
  ///
  /// Who asks whom, and who writes what, cannot be read off the rings: it is said here. The arrows
  /// from the logs to their readers come from the logs themselves.
  public static WiringDescription wiring() {
    Node roomInput = new Node(ROOM_INPUT.name(), Node.Kind.INPUT_LOG);
    Node roomOutput = new Node(ROOM_OUTPUT.name(), Node.Kind.OUTPUT_LOG);
    Node accountOutput = new Node(ACCOUNT_OUTPUT.name(), Node.Kind.OUTPUT_LOG);
    Node roomSend = new Node("ClientRoomSend", Node.Kind.WRITER);
    Node roomServer = new Node("RoomServer", Node.Kind.SERVER);
    Node clientSync = new Node("ClientSync", Node.Kind.READER);
    Node accounts = new Node("Accounts", Node.Kind.SERVICE);
    Node profiles = new Node("Profiles", Node.Kind.SERVICE);
    Node accountData = new Node("AccountData", Node.Kind.SERVICE);
    Node pushRules = new Node("PushRules", Node.Kind.SERVICE);
    Node directory = new Node("Directory", Node.Kind.SERVICE);
    Node guestAccess = new Node("GuestAccess", Node.Kind.READER);
    return new WiringDescription(
        List.of(
            roomSend,
            roomInput,
            roomServer,
            roomOutput,
            clientSync,
            guestAccess,
            accounts,
            profiles,
            accountData,
            pushRules,
            directory,
            accountOutput),
        List.of(
            arrow(roomSend, roomInput, Arrow.Kind.WRITES),
            arrow(profiles, roomInput, Arrow.Kind.WRITES),
            arrow(directory, roomInput, Arrow.Kind.WRITES),
            // Rooms that a closed account leaves, and guests that leave a room closed to them.
            arrow(accounts, roomInput, Arrow.Kind.WRITES),
            arrow(guestAccess, roomInput, Arrow.Kind.WRITES),
            // The sweep of states that nothing refers to.
            arrow(roomServer, roomInput, Arrow.Kind.WRITES),
            arrow(roomInput, roomServer, Arrow.Kind.FEEDS),
            arrow(roomServer, roomOutput, Arrow.Kind.WRITES),
            arrow(roomOutput, clientSync, Arrow.Kind.FEEDS),
            arrow(roomOutput, guestAccess, Arrow.Kind.FEEDS),
            arrow(accounts, accountOutput, Arrow.Kind.WRITES),
            arrow(profiles, accountOutput, Arrow.Kind.WRITES),
            arrow(accountData, accountOutput, Arrow.Kind.WRITES),
            arrow(pushRules, accountOutput, Arrow.Kind.WRITES),
            arrow(directory, accountOutput, Arrow.Kind.WRITES),
            arrow(accountOutput, clientSync, Arrow.Kind.FEEDS),
            arrow(roomSend, roomServer, Arrow.Kind.ASKS),
            arrow(roomSend, profiles, Arrow.Kind.ASKS),
            arrow(roomSend, directory, Arrow.Kind.ASKS),
            arrow(profiles, roomServer, Arrow.Kind.ASKS),
            arrow(directory, roomServer, Arrow.Kind.ASKS),
            arrow(clientSync, roomServer, Arrow.Kind.ASKS),
            arrow(accounts, roomServer, Arrow.Kind.ASKS),
            arrow(guestAccess, roomServer, Arrow.Kind.ASKS),
            arrow(guestAccess, accounts, Arrow.Kind.ASKS),
            arrow(pushRules, accountData, Arrow.Kind.ASKS),
            arrow(roomSend, accounts, Arrow.Kind.ASKS),
            arrow(roomSend, accountData, Arrow.Kind.ASKS),
            arrow(clientSync, accounts, Arrow.Kind.ASKS),
            arrow(clientSync, accountData, Arrow.Kind.ASKS)));
  }

  private static Arrow arrow(Node from, Node to, Arrow.Kind kind) {
    return new Arrow(from.name(), to.name(), kind);
  }
}
