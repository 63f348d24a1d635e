package org.hearth.server.services.accountdata;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.jspecify.annotations.Nullable;

/// One item of a user's account data.
///
/// @param room null for global account data
/// @param type the event type; tags are the type `m.tag`
/// @param content not to be changed
/// @param position when it was last set
public record AccountDataItem(
    @Nullable RoomId room, String type, ObjectNode content, LogPosition position) {}
