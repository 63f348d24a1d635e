package org.hearth.server.services.serverkeys;

/// What was made of something that a server said of its keys.
sealed interface KeyReading permits KeyAnswer, Refused {}
