/// Keys: the public keys for end-to-end encryption.
///
/// ```
///  /keys/upload, claim ───────────────────┐               ┌─► [account-output] ──► ClientSync
///  /keys/device_signing, signatures ──────┼──► Keys ──────┤
///  /keys/query, /dehydrated_device ───────┤     │  KeyQueries ◄── asks ── ClientSync, DeviceServer
///  /user/keys, /user/devices of servers ──┘     ├── asks ──► AccountQueries
///   users of other servers:  KeptDevices ◄──────┼── asks ──► FederationClient
///                         [device-input] ◄── follow
/// ```
///
/// Logs read: none. Logs written: account-output, device-input. Queries used: AccountQueries,
/// FederationClient. Tables owned: device_key, one_time_key, fallback_key, cross_signing_key,
/// key_signature, device_list, dehydrated_device. Threads: the requests' own.
///
/// What a device or an account has here goes in the commit that removes it, and what comes for a
/// device that is gone is not written (DeviceRow).
///
/// Keys of users of other servers are not kept here: [KeptDevices] is what the Device Server knows
/// of them, and says it by that interface; what it does not know their servers are asked for.
@NullMarked
package org.hearth.server.services.keys;

import org.jspecify.annotations.NullMarked;
