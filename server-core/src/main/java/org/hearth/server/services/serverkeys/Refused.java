package org.hearth.server.services.serverkeys;

/// It is no answer, and nothing of it counts.
///
/// @param why for the log
record Refused(String why) implements KeyReading {}
