package org.hearth.server.outbound;

/// What became of a request: the other side's response, whatever its status, or why there is none.
public sealed interface Outcome permits Response, Failure {}
