package org.hearth.server.logs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;

/// One entry and more of each kind, by the name of the file that has its bytes.
final class Entries {
  private static final UserId ALICE = RoomFixture.ALICE;
  private static final DeviceId PHONE = DeviceId.parse("PHONE");
  static final RoomId ROOM = RoomId.parse("!room:a.example");
  private static final RoomAlias ALIAS = RoomAlias.parse("#home:a.example");
  private static final EventId EVENT = EventId.parse("$event:a.example");

  /// Numbers of every size, texts that have to be escaped, every kind of value.
  private static final ObjectNode CONTENT =
      RoomFixture.json(
          """
          {"int": 1, "long": 9007199254740993, "big": 123456789012345678901234567890, "minus": -7,
           "double": 1.5, "tiny": 1e-9, "text": "\\u0000\\n\\"\\u00e9\\ud83d\\ude00", "yes": true,
           "null": null, "list": [1, [], {}, ""], "": {}}
          """);

  private Entries() {}

  static Map<String, RoomInput> roomInput() {
    EventDraft create =
        EventDraft.create(null, ALICE, RoomFixture.json("{\"room_version\": \"12\"}"));
    EventDraft message = EventDraft.message(ROOM, ALICE, "m.room.message", CONTENT);
    RoomFixture room = room();
    List<Pdu> events = room.events();
    EventId first = events.getFirst().eventId();
    EventId last = events.getLast().eventId();
    Map<String, RoomInput> entries = new LinkedHashMap<>();
    entries.put(
        "create-room",
        new RoomInput.CreateRoom(
            ROOM,
            "12",
            1_700_000_000_000L,
            create,
            List.of(
                EventDraft.state(ROOM, ALICE, StateKey.member(ALICE.value()), CONTENT), message)));
    entries.put(
        "send-event",
        new RoomInput.SendEvent(ROOM, message, new ClientTransaction(PHONE, "txn \"1\"")));
    entries.put(
        "send-event-without-transaction",
        new RoomInput.SendEvent(
            ROOM, EventDraft.redaction(ROOM, ALICE, EVENT, RoomFixture.json("{}")), null));
    entries.put(
        "change-membership",
        new RoomInput.ChangeMembership(
            ROOM,
            ALICE,
            RoomFixture.BOB,
            Membership.INVITE,
            CONTENT,
            Set.of(Membership.LEAVE, Membership.KNOCK),
            RoomId.parse("!other:b.example")));
    entries.put(
        "change-membership-of-anybody",
        new RoomInput.ChangeMembership(
            ROOM, ALICE, ALICE, Membership.JOIN, RoomFixture.json("{}"), Set.of(), null));
    entries.put(
        "prepare-event",
        new RoomInput.PrepareEvent(ROOM, message, RoomId.parse("!other:b.example")));
    entries.put("prepare-event-of-anybody", new RoomInput.PrepareEvent(ROOM, message));
    entries.put("update-profile", new RoomInput.UpdateProfile(ROOM, ALICE, "Alice", null));
    entries.put("forget-room", new RoomInput.ForgetRoom(ROOM, ALICE));
    entries.put(
        "receive-events",
        new RoomInput.ReceiveEvents(
            room.roomId(),
            room.version().id(),
            RoomInput.Arrival.HISTORY,
            List.of(events.getLast()),
            events.subList(0, events.size() - 1),
            Map.of(last, List.of(first)),
            Map.of(last, Set.of(ServerName.parse("a.example"), ServerName.parse("b.example"))),
            Set.of(first, EVENT),
            Set.of(EVENT)));
    entries.put(
        "receive-room",
        new RoomInput.ReceiveRoom(
            room.roomId(),
            room.version().id(),
            events,
            Set.of(first),
            Map.of(last, Set.of(ServerName.parse("a.example"), ServerName.parse("b.example"))),
            true,
            null));
    entries.put(
        "receive-room-of-a-join",
        new RoomInput.ReceiveRoom(
            room.roomId(), room.version().id(), events, Set.of(first), Map.of(), false, EVENT));
    entries.put(
        "enter-room",
        new RoomInput.EnterRoom(
            room.roomId(),
            room.version().id(),
            events.getLast(),
            Set.of(ServerName.parse("a.example"))));
    entries.put(
        "send-signed",
        new RoomInput.SendSigned(events.getLast(), new ClientTransaction(PHONE, "txn")));
    entries.put(
        "outside-membership",
        new RoomInput.OutsideMembership(
            room.roomId(),
            room.version().id(),
            events.get(1),
            List.of(RoomFixture.json("{\"type\": \"m.room.name\", \"state_key\": \"\"}")),
            ServerName.parse("b.example")));
    entries.put(
        "leave-outside",
        new RoomInput.LeaveOutside(ROOM, ALICE, RoomFixture.json("{\"reason\": \"no\"}")));
    entries.put("watch-states", new RoomInput.WatchStates(ROOM));
    entries.put("drop-states", new RoomInput.DropStates(ROOM, List.of(1L, Long.MAX_VALUE)));
    return entries;
  }

  static Map<String, RoomOutput> roomOutput() {
    RoomFixture room = room();
    Pdu join = room.events().get(1);
    Pdu last = room.events().getLast();
    Map<String, RoomOutput> entries = new LinkedHashMap<>();
    entries.put(
        "event-added",
        new RoomOutput.EventAdded(
            last, new ClientTransaction(PHONE, "1"), join, Membership.KNOCK, EVENT));
    entries.put("event-added-alone", new RoomOutput.EventAdded(last, null, null, null, null));
    entries.put(
        "event-added-handed-in",
        new RoomOutput.EventAdded(
            join, null, null, Membership.LEAVE, null, ServerName.parse("b.example")));
    entries.put("event-stored", new RoomOutput.EventStored(last, RoomOutput.Standing.SOFT_FAILED));
    entries.put("outside-member", new RoomOutput.OutsideMember(join));
    entries.put(
        "state-changed",
        new RoomOutput.StateChanged(
            room.roomId(),
            List.of(
                new RoomOutput.StateChange(StateKey.of("m.room.topic"), last, join),
                new RoomOutput.StateChange(StateKey.of("m.room.name"), null, last),
                new RoomOutput.StateChange(StateKey.member(ALICE.value()), join, null))));
    return entries;
  }

  static Map<String, TypingInput> typingInput() {
    return Map.of(
        "start-typing", new TypingInput.StartTyping(ROOM, ALICE, 30_000),
        "stop-typing", new TypingInput.StopTyping(ROOM, ALICE),
        "stop-expired", new TypingInput.StopExpired(ROOM));
  }

  static Map<String, TypingOutput> typingOutput() {
    return Map.of("typing-output", new TypingOutput(ROOM, List.of(ALICE, RoomFixture.BOB)));
  }

  static Map<String, DeviceInput> deviceInput() {
    return Map.of(
        "send-messages",
            new DeviceInput.SendMessages(
                ALICE,
                "PHONE",
                "m.test",
                "txn",
                Map.of(RoomFixture.BOB, Map.of("*", RoomFixture.json("{\"a\": 1}")))),
        "acknowledge-messages", new DeviceInput.AcknowledgeMessages(ALICE, PHONE, 7),
        "receive-messages",
            new DeviceInput.ReceiveMessages(
                RoomFixture.BOB,
                "m1",
                "m.test",
                Map.of(ALICE, Map.of("*", RoomFixture.json("{\"a\": 1}")))),
        "receive-device-update",
            new DeviceInput.ReceiveDeviceUpdate(
                ALICE, PHONE, 7, List.of(5L, 6L), false, "Phone", RoomFixture.json("{\"a\": 1}")),
        "receive-device-update-of-one-that-is-gone",
            new DeviceInput.ReceiveDeviceUpdate(ALICE, PHONE, 7, List.of(), true, null, null),
        "receive-signing-keys",
            new DeviceInput.ReceiveSigningKeys(ALICE, RoomFixture.json("{\"a\": 1}"), null),
        "follow-devices", new DeviceInput.FollowDevices(ALICE),
        "receive-device-list",
            new DeviceInput.ReceiveDeviceList(
                ALICE,
                3,
                7,
                List.of(
                    new DeviceInput.RemoteDevice(PHONE, "Phone", RoomFixture.json("{\"a\": 1}")),
                    new DeviceInput.RemoteDevice(DeviceId.parse("OLD"), null, null)),
                null,
                RoomFixture.json("{\"b\": 1}")));
  }

  static Map<String, DeviceOutput> deviceOutput() {
    return Map.of(
        "device-output", new DeviceOutput.MessageArrived(ALICE, PHONE),
        "messages-sent",
            new DeviceOutput.MessagesSent(
                ALICE,
                ServerName.parse("b.example"),
                "m.test",
                "m1",
                Map.of(
                    UserId.parse("@bob:b.example"), Map.of("*", RoomFixture.json("{\"a\": 1}")))),
        "device-list-changed", new DeviceOutput.DeviceListChanged(ALICE, PHONE, 7, List.of(5L)),
        "signing-keys-changed", new DeviceOutput.SigningKeysChanged(ALICE),
        "remote-devices-changed", new DeviceOutput.RemoteDevicesChanged(ALICE));
  }

  static Map<String, ReceiptInput> receiptInput() {
    return Map.of(
        "move-marker",
            new ReceiptInput.MoveMarker(
                new ReceiptOutput(
                    ROOM, ALICE, ReceiptType.READ_PRIVATE, "main", EVENT, -7, 1_700_000_000_000L)),
        "forget-member", new ReceiptInput.ForgetMember(ROOM, ALICE));
  }

  static Map<String, ReceiptOutput> receiptOutput() {
    return Map.of(
        "receipt-output",
        new ReceiptOutput(ROOM, ALICE, ReceiptType.READ, null, EVENT, 7, 1_700_000_000_000L));
  }

  static Map<String, PresenceInput> presenceInput() {
    return Map.of(
        "syncing", new PresenceInput.Syncing(ALICE, PHONE, Presence.UNAVAILABLE, 30_000),
        "syncing-without-device", new PresenceInput.Syncing(ALICE, null, Presence.ONLINE, 0),
        "set-presence", new PresenceInput.SetPresence(ALICE, PHONE, Presence.OFFLINE, true),
        "set-status", new PresenceInput.SetStatus(ALICE, "Making cupcakes"),
        "active", new PresenceInput.Active(ALICE),
        "reported",
            new PresenceInput.Reported(
                ALICE, Presence.ONLINE, 1_700_000_000_000L, true, "Making cupcakes"),
        "time-passed", new PresenceInput.TimePassed(ALICE));
  }

  static Map<String, PresenceOutput> presenceOutput() {
    return Map.of(
        "presence-output",
        new PresenceOutput(
            ALICE,
            Presence.ONLINE,
            1_700_000_000_000L,
            true,
            "Making cupcakes",
            PresenceOutput.Why.SAID),
        "presence-output-bare",
        new PresenceOutput(ALICE, Presence.OFFLINE, null, false, null, PresenceOutput.Why.SEEN));
  }

  static Map<String, NotificationOutput> notificationOutput() {
    return Map.of(
        "notified",
        new NotificationOutput.Notified(
            7,
            ROOM,
            EVENT,
            ReceiptOutput.MAIN,
            1_700_000_000_000L,
            List.of(
                new NotificationOutput.Audience(
                    List.of(
                        JsonNodeFactory.instance.textNode("notify"),
                        RoomFixture.json("{\"set_tweak\": \"sound\", \"value\": \"default\"}"),
                        RoomFixture.json("{\"set_tweak\": \"highlight\"}")),
                    true,
                    List.of(ALICE)),
                new NotificationOutput.Audience(
                    List.of(JsonNodeFactory.instance.textNode("notify")),
                    false,
                    List.of(RoomFixture.BOB)))),
        "counts-changed",
        new NotificationOutput.CountsChanged(8, ROOM, ALICE));
  }

  static Map<String, AccountOutput> accountOutput() {
    Map<String, AccountOutput> entries = new LinkedHashMap<>();
    entries.put("account-created", new AccountOutput.AccountCreated(ALICE, true));
    entries.put("account-deactivated", new AccountOutput.AccountDeactivated(ALICE));
    entries.put("device-added", new AccountOutput.DeviceAdded(ALICE, PHONE));
    entries.put("device-changed", new AccountOutput.DeviceChanged(ALICE, PHONE));
    entries.put("device-keys-changed", new AccountOutput.DeviceKeysChanged(ALICE, null));
    entries.put(
        "device-keys-changed-of-devices",
        new AccountOutput.DeviceKeysChanged(ALICE, List.of(PHONE)));
    entries.put("signing-keys-changed", new AccountOutput.SigningKeysChanged(ALICE));
    entries.put("user-verified", new AccountOutput.UserVerified(ALICE, RoomFixture.BOB));
    entries.put("device-removed", new AccountOutput.DeviceRemoved(ALICE, PHONE));
    entries.put(
        "profile-changed", new AccountOutput.ProfileChanged(ALICE, "Alice", "mxc://a.example/1"));
    entries.put("profile-emptied", new AccountOutput.ProfileChanged(ALICE, null, null));
    entries.put(
        "account-data-changed",
        new AccountOutput.AccountDataChanged(ALICE, ROOM, "m.tag", CONTENT));
    entries.put(
        "account-data-changed-globally",
        new AccountOutput.AccountDataChanged(ALICE, null, "m.direct", RoomFixture.json("{}")));
    entries.put("alias-added", new AccountOutput.AliasAdded(ALIAS, ROOM));
    entries.put("alias-removed", new AccountOutput.AliasRemoved(ALIAS, ROOM));
    entries.put("room-published", new AccountOutput.RoomPublished(ROOM, true));
    return entries;
  }

  private static RoomFixture room() {
    RoomFixture room = RoomFixture.of(RoomVersions.of("11").orElseThrow());
    room.topic(ALICE, "all").add();
    return room;
  }
}
