/// DeviceServer: the inboxes of devices.
///
/// ```
///  ClientDeviceSend ──► [device-input] ──► DeviceServer ──► [device-output] ──► ClientSync
///  ClientSync ─ has it ──►  ▲                  │               DeviceQueries ◄── asks │
///                                              └── asks ──► AccountQueries
/// ```
///
/// Logs read: device-input. Logs written: device-output. Queries used: AccountQueries. Tables
/// owned: device_message, device_transaction. Threads: the shard of device-input.
///
/// A message is deleted when the device syncs with a token from after it, and with the device. What
/// comes for a device while it is being removed stays for nobody: it is deleted when a device of
/// that id comes again, and at the next start.
@NullMarked
package org.hearth.server.servers.device;

import org.jspecify.annotations.NullMarked;
