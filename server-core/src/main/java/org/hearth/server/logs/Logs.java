package org.hearth.server.logs;

import java.util.Map;
import org.hearth.ringlogs.LogSpec;

/// The logs of the server, by name, with what they carry.
public final class Logs {
  /// Entries in the ring of one shard of room-input. Writers beyond it wait, and are told to come
  /// back when that takes too long.
  private static final int ROOM_INPUT_CAPACITY = 1024;

  /// Entries in the ring of room-output: a reader that is further behind reads from the store. No
  /// more than that, because a full ring keeps its entries for the next 1,024 whether they were
  /// read or not, and what lives that long costs the garbage collector.
  private static final int ROOM_OUTPUT_CAPACITY = 1024;

  private static final int ACCOUNT_OUTPUT_CAPACITY = 1024;
  private static final int TYPING_CAPACITY = 1024;
  private static final int DEVICE_CAPACITY = 1024;
  private static final int RECEIPT_CAPACITY = 1024;
  private static final int PRESENCE_CAPACITY = 1024;

  /// A reader that was overtaken has missed entries, so there is room for more of them.
  private static final int NOTIFICATION_CAPACITY = 8 * 1024;

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
          new JsonCodec<>(RoomOutput.class),
          RoomOutput::memoryBytes);

  /// What the services announce.
  public static final LogSpec<AccountOutput> ACCOUNT_OUTPUT =
      new LogSpec<>(
          "account-output",
          AccountOutput.class,
          ACCOUNT_OUTPUT_CAPACITY,
          AccountOutput::partitionKey,
          new JsonCodec<>(AccountOutput.class),
          AccountOutput::memoryBytes);

  /// The commands to the Typing Server.
  public static final LogSpec<TypingInput> TYPING_INPUT =
      new LogSpec<>(
          "typing-input",
          TypingInput.class,
          TYPING_CAPACITY,
          command -> command.room().value(),
          new JsonCodec<>(TypingInput.class));

  /// Who types.
  public static final LogSpec<TypingOutput> TYPING_OUTPUT =
      new LogSpec<>(
          "typing-output",
          TypingOutput.class,
          TYPING_CAPACITY,
          entry -> entry.room().value(),
          new JsonCodec<>(TypingOutput.class));

  /// The commands to the Receipt Server.
  public static final LogSpec<ReceiptInput> RECEIPT_INPUT =
      new LogSpec<>(
          "receipt-input",
          ReceiptInput.class,
          RECEIPT_CAPACITY,
          command -> command.room().value(),
          new JsonCodec<>(ReceiptInput.class));

  /// Who has read up to where.
  public static final LogSpec<ReceiptOutput> RECEIPT_OUTPUT =
      new LogSpec<>(
          "receipt-output",
          ReceiptOutput.class,
          RECEIPT_CAPACITY,
          entry -> entry.room().value(),
          new JsonCodec<>(ReceiptOutput.class));

  /// The commands to the Device Server.
  public static final LogSpec<DeviceInput> DEVICE_INPUT =
      new LogSpec<>(
          "device-input",
          DeviceInput.class,
          DEVICE_CAPACITY,
          command -> command.user().value(),
          new JsonCodec<>(DeviceInput.class));

  /// To which devices messages have come, and what of devices concerns other servers.
  public static final LogSpec<DeviceOutput> DEVICE_OUTPUT =
      new LogSpec<>(
          "device-output",
          DeviceOutput.class,
          DEVICE_CAPACITY,
          entry -> entry.user().value(),
          new JsonCodec<>(
              DeviceOutput.class, Map.of(DeviceOutput.MessageArrived.class, "device-output")),
          DeviceOutput::memoryBytes);

  /// The commands to the Presence Server.
  public static final LogSpec<PresenceInput> PRESENCE_INPUT =
      new LogSpec<>(
          "presence-input",
          PresenceInput.class,
          PRESENCE_CAPACITY,
          command -> command.user().value(),
          new JsonCodec<>(PresenceInput.class));

  /// How it is with users.
  public static final LogSpec<PresenceOutput> PRESENCE_OUTPUT =
      new LogSpec<>(
          "presence-output",
          PresenceOutput.class,
          PRESENCE_CAPACITY,
          entry -> entry.user().value(),
          new JsonCodec<>(PresenceOutput.class));

  /// Whom which events notify.
  public static final LogSpec<NotificationOutput> NOTIFICATION_OUTPUT =
      new LogSpec<>(
          "notification-output",
          NotificationOutput.class,
          NOTIFICATION_CAPACITY,
          entry -> entry.room().value(),
          new JsonCodec<>(NotificationOutput.class),
          NotificationOutput::memoryBytes);

  private Logs() {}
}
