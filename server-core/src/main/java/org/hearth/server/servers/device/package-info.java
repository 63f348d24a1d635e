/// DeviceServer: the inboxes of devices.
///
/// ```
///  ClientDeviceSend ──► [device-input] ──► DeviceServer ──► [device-output] ──► ClientSync
///  ClientSync ─ has it ──►  ▲                  │               DeviceQueries ◄── asks │
///                                              └── asks ──► AccountQueries, KeyQueries
/// ```
///
/// Logs read: device-input. Logs written: device-output. Queries used: AccountQueries, KeyQueries.
/// Tables owned: device_message, device_transaction. Threads: the shard of device-input.
///
/// A message is deleted when the device syncs with a token from after it, and with the device.
/// Those of a dehydrated device, which never syncs, stay until it goes. What is under way to a
/// device while it is removed is not written.
@NullMarked
package org.hearth.server.servers.device;

import org.jspecify.annotations.NullMarked;
