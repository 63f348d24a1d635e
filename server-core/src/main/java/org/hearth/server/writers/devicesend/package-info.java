/// ClientDeviceSend: what clients send to devices.
///
/// ```
///  PUT /sendToDevice/{eventType}/{txnId} ──► ClientDeviceSend ──► [device-input] ──► DeviceServer
/// ```
///
/// Logs read: none. Logs written: device-input. Queries used: none. Tables owned: none. Threads:
/// the requests' own.
@NullMarked
package org.hearth.server.writers.devicesend;

import org.jspecify.annotations.NullMarked;
