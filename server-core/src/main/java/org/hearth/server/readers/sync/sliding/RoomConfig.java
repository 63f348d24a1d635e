package org.hearth.server.readers.sync.sliding;

/// What is wanted of a room, by all that name it together: "the fields are combined by taking the
/// superset".
///
/// @param limit the most events of the timeline
/// @param number by which the connection knows the state
record RoomConfig(int limit, RequiredState state, long number) {}
