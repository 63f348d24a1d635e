package org.hearth.server.servers.device;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.ringlogs.LogPosition;

/// A message in the inbox of a device.
///
/// @param position its place in the order of arrival
/// @param sender the id of the user who sent it
public record DeviceMessage(LogPosition position, String sender, String type, ObjectNode content) {}
