/// DeviceServer: the inboxes of devices, and what servers tell each other of devices.
///
/// ```
///  ClientDeviceSend ──► [device-input] ──► DeviceServer ──► [device-output] ──► ClientSync,
///  ClientSync ─ has it ──►  ▲ ▲                │                                FederationDelivery
///  FederationSend ──────────┘ │                │   DeviceQueries ◄── asks ── ClientSync
///  FederationDevices, Keys ───┘                │   RemoteDeviceQueries ◄── asks ── ClientSync,
///  account-output, room-output ──► (readers) ──┤                                   FederationDevices
///                                              └── asks ──► AccountQueries, KeyQueries, RoomQueries
/// ```
///
/// Logs read: device-input, account-output, room-output. Logs written: device-output. Queries used:
/// AccountQueries, KeyQueries, RoomQueries. Tables owned: device_message, device_transaction,
/// device_message_received, device_list_stream, device_list_progress, remote_device_list,
/// remote_device. Threads: the shard of device-input; the readers' of account-output and
/// room-output.
///
/// A message is deleted when the device syncs with a token from after it, and with the device.
/// Those of a dehydrated device, which never syncs, stay until it goes. What is under way to a
/// device while it is removed is not written.
///
/// Of a user of another server the devices are known while somebody here shares a room with that
/// user: their server tells what changes. Where an update is missing the list is out of date, and
/// FederationDevices fetches it.
@NullMarked
package org.hearth.server.servers.device;

import org.jspecify.annotations.NullMarked;
