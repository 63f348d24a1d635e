/// FederationDevices: fetches the devices of users of other servers when what is known of them is
/// out of date.
///
/// ```
///  [device-output] ──► FederationDevices ──► Fetching ── RemoteDeviceQueries (what is out of date)
///                                               │
///                         FederationClient ◄────┤ GET /user/devices/{userId}
///                           [device-input] ◄────┘ the list
/// ```
///
/// What has to be fetched is in the Device Server's table: nothing is forgotten by a restart. One
/// request a user is under way, a few a server; a server or user that fails is left alone for
/// longer and longer.
///
/// - **Logs read:** device-output. **Logs written:** device-input. **Queries used:**
///   `RemoteDeviceQueries`. **Tables owned:** none.
/// - **Threads:** the log's for the reader; `device-lists`, which decides; a virtual one a request.
@NullMarked
package org.hearth.server.readers.federationdevices;

import org.jspecify.annotations.NullMarked;
