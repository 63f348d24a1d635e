package org.hearth.server.readers.sync.sliding;

/// What is wanted of a room, by all that name it together: "the fields are combined by taking the
/// superset".
///
/// @param limit the most events of the timeline
record RoomConfig(int limit, RequiredState state) {}
