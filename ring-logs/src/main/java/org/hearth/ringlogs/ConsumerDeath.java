package org.hearth.ringlogs;

/// The end of a consumer's thread that should have gone on: an error of the virtual machine, or a
/// defect of this package.
///
/// @param log the name of its log
/// @param consumer as in [ConsumerFigures#consumer]
/// @param cause what ended the thread
public record ConsumerDeath(String log, String consumer, Throwable cause) {}
