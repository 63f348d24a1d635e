package org.hearth.server.servers.room;

/// How many members of each kind a room has.
public record MemberCounts(int joined, int invited) {}
